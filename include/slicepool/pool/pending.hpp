// pending.hpp: a run in the background: to be waited for, cancelled, and asked for its outcome.
// It adds no way of running: any call of the library that takes options can be submitted.
#pragma once

#include <slicepool/core/core_share.hpp>
#include <slicepool/core/defaults.hpp>
#include <slicepool/core/options.hpp>

#include <chrono>
#include <future>
#include <memory>
#include <stop_token>
#include <thread>
#include <type_traits>
#include <utility>

namespace slicepool {

/// The outcome, some day, of what was submitted. Going, it cancels the run and waits for its end. For one thread at a
/// time, but for cancel(), which any thread may call.
template <class T>
class Pending {
public:
    template <class Run>
    Pending(Run run, Options options) {
        // The caller's own token still counts.
        pass_on_ = std::make_unique<std::stop_callback<Cancel>>(options.stop_token, Cancel{stop_});
        options.stop_token = stop_.get_token();
        std::packaged_task<T()> task([run = std::move(run), options = std::move(options), share = core_share(),
                                      defaults = current_defaults()]() mutable {
            const CoreShareScope same_share(share);
            const ScopedDefaults same_defaults(defaults);
            return run(std::as_const(options));
        });
        outcome_ = task.get_future();
        thread_ = std::jthread(std::move(task));
    }
    ~Pending() { cancel(); }
    Pending(Pending&&) noexcept = default;
    Pending& operator=(Pending&& other) noexcept {
        cancel();
        thread_ = std::move(other.thread_);
        stop_ = std::move(other.stop_);
        pass_on_ = std::move(other.pass_on_);
        outcome_ = std::move(other.outcome_);
        return *this;
    }

    void wait() const { outcome_.wait(); }
    /// True when the outcome is there.
    [[nodiscard]] bool wait_for(std::chrono::duration<double> limit) const {
        return outcome_.wait_for(std::chrono::ceil<std::chrono::nanoseconds>(limit)) == std::future_status::ready;
    }
    [[nodiscard]] bool is_ready() const { return wait_for(std::chrono::seconds(0)); }

    /// As a stop token does: what is under way is finished, nothing else is begun, and the outcome says so.
    void cancel() noexcept {
        if (stop_.stop_possible()) stop_.request_stop();
    }

    /// Waits, and returns the outcome or throws what the run threw. Once.
    [[nodiscard]] T get() { return outcome_.get(); }

private:
    struct Cancel {
        std::stop_source stop;
        void operator()() { stop.request_stop(); }
    };
    std::stop_source stop_;
    std::unique_ptr<std::stop_callback<Cancel>> pass_on_;
    std::future<T> outcome_;
    std::jthread thread_;
};

/// Begins a run in a thread of its own: `run(options)`, with `options` as given but for a stop token that cancel() uses.
///
///     auto pending = submit([=](const Options& options) { return process_slices(in, out, filter, options); }, {.axis = 1});
///     auto results = submit([&](const Options& options) { return pool.try_parallel(f, range(100), options); });
///     if (!results.wait_for(2s)) results.cancel();
///     const Report report = results.get().report;
///
/// Runs submitted to one pool, from whichever thread, take turns in the order in which they reach it. A progress callback
/// is called in the run's thread. What `run` refers to has to outlive the run.
template <class Run>
[[nodiscard]] auto submit(Run run, const Options& options = {}) {
    return Pending<std::invoke_result_t<Run&, const Options&>>(std::move(run), options);
}

}  // namespace slicepool
