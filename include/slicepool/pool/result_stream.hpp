// result_stream.hpp: the results of a parallel loop one by one, while the loop goes on: in order, or as they are finished.
// All of them at once are parallel.hpp's.
#pragma once

#include <slicepool/pool/item_calls.hpp>
#include <slicepool/pool/parallel.hpp>

#include <slicepool/core/call.hpp>
#include <slicepool/core/core_share.hpp>
#include <slicepool/core/defaults.hpp>
#include <slicepool/core/options.hpp>
#include <slicepool/core/report.hpp>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <functional>
#include <iterator>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <thread>
#include <type_traits>
#include <utility>

namespace slicepool {

/// A result and its place in the loop.
template <class R>
struct Completed {
    std::int64_t index = 0;
    R value;
};

/// How many calls a stream may have begun beyond those handed out. Throws InvalidArgument.
[[nodiscard]] std::int64_t stream_window(const Options& options);

namespace detail {

enum class Order : std::uint8_t { of_items, of_completion };

/// Between the thread that runs the loop and the one that takes its results. It lets workers begin so many calls more
/// than have been taken, and keeps what came early.
template <class R>
class StreamBuffer final : public CallSink {
public:
    StreamBuffer(Order order, std::int64_t window) : order_(order), window_(window) {}

    void take(std::int64_t index, ByteReader& result) override {
        R value = result.read<R>();
        const std::lock_guard lock(mutex_);
        arrived_.emplace(index, std::move(value));
        news_.notify_one();
    }
    void miss(std::int64_t index) override {
        const std::lock_guard lock(mutex_);
        arrived_.emplace(index, std::nullopt);
        news_.notify_one();
    }
    [[nodiscard]] std::int64_t allowance() const noexcept override {
        const std::lock_guard lock(mutex_);
        return handed_out_ + window_;
    }

    /// The next result, skipping calls that have none; nothing when the loop has ended and all were handed out.
    /// `between` is called while it waits, without lock.
    [[nodiscard]] std::optional<Completed<R>> next(const std::function<void()>& between) {
        std::unique_lock lock(mutex_);
        while (true) {
            const auto first = arrived_.begin();
            if (first != arrived_.end() && (order_ == Order::of_completion || ended_ || first->first == handed_out_)) {
                auto node = arrived_.extract(first);
                ++handed_out_;
                lock.unlock();
                // Not for each: a wake-up costs more than many calls.
                if (handed_out_ % std::max<std::int64_t>(1, window_ / 4) == 0) this->wake();
                if (node.mapped()) return Completed<R>{node.key(), std::move(*node.mapped())};
                lock.lock();
                continue;
            }
            if (ended_) return std::nullopt;
            if (arrived_.empty() || order_ == Order::of_items) {
                lock.unlock();
                this->wake();
                between();
                lock.lock();
                if (has_next() || ended_) continue;
            }
            news_.wait_for(lock, kLookAgain);
        }
    }
    void end() {
        const std::lock_guard lock(mutex_);
        ended_ = true;
        news_.notify_one();
    }
    /// For the progress of the run to be shown in the thread of whoever takes the results.
    void note_news() { news_.notify_one(); }

private:
    static constexpr std::chrono::milliseconds kLookAgain{50};
    [[nodiscard]] bool has_next() const {
        return !arrived_.empty() && (order_ == Order::of_completion || arrived_.begin()->first == handed_out_);
    }

    const Order order_;
    const std::int64_t window_;
    mutable std::mutex mutex_;
    std::condition_variable news_;
    std::map<std::int64_t, std::optional<R>> arrived_;
    std::int64_t handed_out_ = 0;
    bool ended_ = false;
};

}  // namespace detail

/// The results of a running loop, to be iterated over once: `for (auto& [index, value] : stream)`. It begins when it is
/// made. Ended early (by break, an exception, or when it goes) it cancels the rest: calls under way are finished first,
/// and their results dropped. Calls that failed have no element; the report names them. For one thread at a time.
template <class R>
class ResultStream {
public:
    class Iterator {
    public:
        using iterator_concept = std::input_iterator_tag;
        using value_type = Completed<R>;
        using difference_type = std::ptrdiff_t;

        Iterator() = default;
        explicit Iterator(ResultStream& stream) : stream_(&stream) { ++*this; }
        [[nodiscard]] Completed<R>& operator*() const { return *stream_->current_; }
        [[nodiscard]] Completed<R>* operator->() const { return &*stream_->current_; }
        Iterator& operator++() {
            stream_->current_ = stream_->next();
            return *this;
        }
        void operator++(int) { ++*this; }
        [[nodiscard]] bool operator==(std::default_sentinel_t) const { return !stream_->current_; }

    private:
        ResultStream* stream_ = nullptr;
    };

    /// For parallel_ordered and its like. `run(calls, count, sink, options)` is run_calls, or does the same on a pool.
    template <class Calls, class Run>
    ResultStream(Calls calls, Run run, detail::Order order, const Options& options)
        : run_(std::make_unique<Running>(std::move(calls), std::move(run), order, options)) {}

    ResultStream(ResultStream&&) noexcept = default;
    ResultStream& operator=(ResultStream&&) noexcept = default;

    [[nodiscard]] Iterator begin() { return Iterator(*this); }
    [[nodiscard]] std::default_sentinel_t end() const noexcept { return {}; }

    /// The next result, or nothing at the end of the loop. Throws what the progress callback throws, and, at the end,
    /// what kept the loop from beginning.
    [[nodiscard]] std::optional<Completed<R>> next() { return run_->next(); }

    /// Calls that have not begun are left out from now on.
    void cancel() { run_->cancel(); }
    /// Waits for the end of the loop; results that were not taken are dropped.
    [[nodiscard]] const Report& report() { return run_->report(); }

private:
    /// What the thread of the loop refers to: it stays where it is.
    class Running {
    public:
        template <class Calls, class Run>
        Running(Calls calls, Run run, detail::Order order, Options options)
            : buffer_(order, stream_window(options)), progress_(std::move(options.progress)) {
            // Results shall come one by one where calls are long, and the window be dealt to all workers.
            if (!options.chunk)
                options.chunk = std::clamp<std::int64_t>(calls.count() / 4096, 1,
                                                         std::max<std::int64_t>(1, stream_window(options) / 16));
            pass_on_.emplace(options.stop_token, Cancel{&stop_});
            options.stop_token = stop_.get_token();
            if (progress_)
                options.progress = [this](const Progress& progress) {
                    const std::lock_guard lock(mutex_);
                    latest_ = progress;
                    buffer_.note_news();
                };
            thread_ = std::jthread([this, calls = std::move(calls), run = std::move(run), options = std::move(options),
                                    share = core_share(), defaults = current_defaults()] {
                const CoreShareScope same_share(share);
                const ScopedDefaults same_defaults(defaults);
                try {
                    report_ = run(calls, calls.count(), buffer_, options);
                } catch (...) {
                    failure_ = std::current_exception();
                }
                buffer_.end();
            });
        }
        ~Running() { cancel(); }
        Running(const Running&) = delete;
        Running& operator=(const Running&) = delete;

        std::optional<Completed<R>> next() {
            auto result = buffer_.next([this] { show_progress(); });
            show_progress();
            if (!result) finish();
            return result;
        }
        void cancel() { stop_.request_stop(); }
        const Report& report() {
            if (thread_.joinable()) {
                while (buffer_.next([this] { show_progress(); })) {
                }
                finish();
            }
            return report_;
        }

    private:
        struct Cancel {
            std::stop_source* stop;
            void operator()() const { stop->request_stop(); }
        };
        void finish() {
            if (thread_.joinable()) thread_.join();
            show_progress();
            if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
        }
        void show_progress() {
            if (!progress_) return;
            std::optional<Progress> news;
            {
                const std::lock_guard lock(mutex_);
                news.swap(latest_);
            }
            if (news) progress_(*news);
        }

        detail::StreamBuffer<R> buffer_;
        std::function<void(const Progress&)> progress_;
        std::stop_source stop_;
        std::optional<std::stop_callback<Cancel>> pass_on_;
        std::mutex mutex_;
        std::optional<Progress> latest_;
        Report report_;
        std::exception_ptr failure_;
        std::jthread thread_;  // last: it uses all of the above
    };

    std::unique_ptr<Running> run_;
    std::optional<Completed<R>> current_;
};

namespace detail {

template <class Run, class Function, class I>
[[nodiscard]] auto stream(Run run, Function&& function, I&& items, Order order, const Options& options) {
    auto calls = calls_on(std::forward<Function>(function), std::forward<I>(items));
    using R = typename decltype(calls)::Result;
    static_assert(!std::is_void_v<R>, "this function returns nothing to hand out: call parallel");
    return ResultStream<R>(std::move(calls), std::move(run), order, options);
}

}  // namespace detail

/// As parallel, but the results are handed out one by one, in the order of the items, as soon as all before them are
/// there. At most Options::window calls beyond those handed out are begun, which bounds the memory.
///
/// function and items: what has a name is borrowed, and has to outlive the stream; temporaries are moved in. What keeps
/// the loop from beginning (InvalidArgument, SystemError) is thrown by the first next().
template <class Function, Items I>
    requires CallableOnItems<Function, I>
[[nodiscard]] auto parallel_ordered(Function function, I&& items, const Options& options = {}) {
    return detail::stream(detail::RunOnce{}, std::move(function), std::forward<I>(items), detail::Order::of_items,
                          options);
}

/// The same in the order in which they are finished.
template <class Function, Items I>
    requires CallableOnItems<Function, I>
[[nodiscard]] auto parallel_unordered(Function function, I&& items, const Options& options = {}) {
    return detail::stream(detail::RunOnce{}, std::move(function), std::forward<I>(items), detail::Order::of_completion,
                          options);
}

}  // namespace slicepool
