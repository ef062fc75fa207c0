#include "os/inner_threads.hpp"

#include "os/child.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <deque>
#include <limits>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include <unistd.h>

namespace slicepool::os {
namespace {

constexpr const char* kOpenMpVariable = "OMP_NUM_THREADS";
/// All of these libraries take OMP_NUM_THREADS when their own variable is not set.
constexpr std::array kOtherVariables{"OPENBLAS_NUM_THREADS", "GOTO_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS",
                                     "NUMEXPR_NUM_THREADS"};
constexpr std::int64_t kMostThreads = 1 << 20;

/// By hold_process_inner_threads, also before the fork that made it.
std::atomic<bool> process_is_held{false};

/// How many threads a value such as "8" or, for nested teams, "4,2" asks for; nothing when it is no such value.
std::optional<std::int64_t> threads_asked_for(const char* variable) {
    const char* text = std::getenv(variable);
    if (text == nullptr) return std::nullopt;
    std::int64_t product = 1;
    for (;; ++text) {
        char* end = nullptr;
        const std::int64_t number = std::strtoll(text, &end, 10);
        if (end == text || number < 1) return std::nullopt;
        product = std::min(product * std::min(number, kMostThreads), kMostThreads);
        text = end;
        while (*text == ' ') ++text;
        if (*text == '\0') return product;
        if (*text != ',') return std::nullopt;
    }
}

/// As setenv(), but without its lock, which a thread of the host may have held when this process was forked. In a process
/// with one thread.
void set_variable(std::string_view name, int value) {
    static std::deque<std::string> texts;  // what environ points to lives on
    static std::vector<char*> variables;
    const std::string beginning = std::string(name) + "=";
    std::vector<char*> next;
    for (char** variable = environ; variable != nullptr && *variable != nullptr; ++variable)
        if (!std::string_view(*variable).starts_with(beginning)) next.push_back(*variable);
    next.push_back(texts.emplace_back(beginning + std::to_string(value)).data());
    next.push_back(nullptr);
    environ = next.data();
    variables.swap(next);
}

void hold_environment(int count) {
    if (threads_asked_for(kOpenMpVariable).value_or(kMostThreads) > count) set_variable(kOpenMpVariable, count);
    for (const char* variable : kOtherVariables)
        if (threads_asked_for(variable).value_or(0) > count) set_variable(variable, count);
}

/// In a forked process the pool is not there until it is used, and the setter would start it, at its full size. Its
/// variables are written instead, where they are what we take them for.
bool pool_waits_to_be_started(const OpenBlasLibrary& library) {
    if (library.used_threads == nullptr || library.pool_threads == nullptr || library.pool_is_started == nullptr)
        return false;
    return *library.pool_is_started == 0 && *library.used_threads == library.threads() && *library.used_threads >= 1 &&
           *library.used_threads <= *library.pool_threads;
}

void set_openblas(const OpenBlasLibrary& library, int count) {
    if (pool_waits_to_be_started(library) && count <= *library.pool_threads)
        *library.used_threads = count;
    else
        library.set_threads(count);
}

/// LLVM's and Intel's run times end the process when one starts up where another has: of several none is called.
std::vector<OpenMpLibrary> openmp_safe_to_call(const InnerThreadLibraries& libraries) {
    std::vector<OpenMpLibrary> safe = libraries.openmp;
    if (std::ranges::count_if(safe, &OpenMpLibrary::of_llvm) > 1) std::erase_if(safe, &OpenMpLibrary::of_llvm);
    return safe;
}

/// A number kept by the library for the whole process.
struct ProcessSetting {
    const void* identity = nullptr;
    std::function<int()> get;
    std::function<void(int)> set;
};

std::vector<ProcessSetting> process_settings(const InnerThreadLibraries& libraries) {
    std::vector<ProcessSetting> settings;
    for (const OpenBlasLibrary& library : libraries.openblas)
        settings.push_back({reinterpret_cast<const void*>(library.set_threads), library.threads,
                            [library](int count) { set_openblas(library, count); }});
    for (const BlisLibrary& library : libraries.blis)
        if (!library.per_thread)
            settings.push_back({reinterpret_cast<const void*>(library.set_threads),
                                [library] { return static_cast<int>(library.threads()); },
                                [library](int count) { library.set_threads(count); }});
    return settings;
}

}  // namespace

void hold_process_inner_threads(int count, const InnerThreadLibraries& libraries) {
    count = std::max(count, 1);
    process_is_held = true;
    hold_environment(count);
    // LLVM's that has not started reads the environment when it does, and is spared the start (it leaves a file in
    // /dev/shm where a process ends suddenly); one that was forked after its start reads nothing.
    for (const OpenMpLibrary& library : openmp_safe_to_call(libraries))
        if ((!library.of_llvm || library.llvm_has_started) && library.threads() > count) library.set_threads(count);
    for (const OpenBlasLibrary& library : libraries.openblas) {
        if (library.threads() > count) set_openblas(library, count);
        if (pool_waits_to_be_started(library)) *library.pool_threads = std::min(*library.pool_threads, count);
    }
    for (const MklLibrary& library : libraries.mkl) {
        if (library.threads() > count) library.set_threads(count);
        if (library.threads() > count) library.set_threads_of_caller(count);
    }
    for (const BlisLibrary& library : libraries.blis)
        if (library.threads() > count) library.set_threads(count);
}

ThreadInnerLimit::ThreadInnerLimit(int count, const InnerThreadLibraries& libraries) : libraries_(libraries) {
    count = std::max(count, 1);
    // MKL first: what it says it would use depends on OpenMP's setting.
    for (const MklLibrary& library : libraries_.mkl) {
        if (library.threads() <= count) continue;
        const int before = library.set_threads_of_caller(count);
        undo_.emplace_back([=] {
            if (library.threads() == count) library.set_threads_of_caller(before);
        });
    }
    for (const OpenMpLibrary& library : openmp_safe_to_call(libraries_)) {
        const int before = library.threads();
        if (before <= count) continue;
        library.set_threads(count);
        undo_.emplace_back([=] {
            if (library.threads() == count) library.set_threads(before);
        });
    }
    for (const BlisLibrary& library : libraries_.blis) {
        const std::int64_t before = library.threads();
        if (!library.per_thread || before <= count) continue;
        library.set_threads(count);
        undo_.emplace_back([=] {
            if (library.threads() == count) library.set_threads(before);
        });
    }
}

ThreadInnerLimit::~ThreadInnerLimit() {
    for (auto undo = undo_.rbegin(); undo != undo_.rend(); ++undo) (*undo)();
}

/// The limits that live in this process, and what they found.
class HostInnerLimit::Register {
public:
    /// Of this process: one inherited through a fork may be locked for ever, and its limits are not ours to take back.
    static Register& instance() {
        static std::atomic<Register*> current{nullptr};
        Register* known = current.load();
        if (known != nullptr && known->pid_ == process_id()) return *known;
        auto fresh = std::make_unique<Register>(known);
        return current.compare_exchange_strong(known, fresh.get()) ? *fresh.release() : *known;
    }

    explicit Register(Register* inherited) : inherited_(inherited) {}

    [[nodiscard]] bool is_of_this_process() const { return pid_ == process_id(); }

    void add(int count, const InnerThreadLibraries& libraries) {
        const std::scoped_lock lock(mutex_);
        std::vector<Found> found = found_;
        for (const ProcessSetting& setting : process_settings(libraries)) {
            if (std::ranges::any_of(found,
                                    [&](const Found& known) { return known.setting.identity == setting.identity; }))
                continue;
            const int before = setting.get();
            found.push_back({libraries, setting, before, before});
        }
        counts_.insert(count);
        found_.swap(found);
        apply(*counts_.begin());
    }

    void remove(int count) {
        std::vector<Found> done;  // libraries may be unloaded with it: not under the lock
        const std::scoped_lock lock(mutex_);
        counts_.erase(counts_.find(count));
        apply(counts_.empty() ? kNoLimit : *counts_.begin());
        if (counts_.empty()) done.swap(found_);
    }

private:
    struct Found {
        InnerThreadLibraries kept_loaded;
        ProcessSetting setting;
        int before;  ///< the first limit
        int ours;    ///< what it was last set to
    };
    static constexpr int kNoLimit = std::numeric_limits<int>::max();

    void apply(int limit) {
        for (Found& found : found_) {
            const int wanted = std::min(found.before, limit);
            if (wanted == found.ours || found.setting.get() != found.ours) continue;
            found.setting.set(wanted);
            found.ours = wanted;
        }
    }

    const std::int64_t pid_ = process_id();
    [[maybe_unused]] Register* const inherited_;  // still reachable, for those who look for leaks
    std::mutex mutex_;
    std::multiset<int> counts_;
    std::vector<Found> found_;
};

/// One control of oneTBB while it lives.
class HostInnerLimit::TbbHold {
public:
    TbbHold(const TbbLibrary& library, std::size_t threads)
        : library_(library), control_(std::make_unique<TbbControl>(TbbControl{.value = threads})) {
        library_.create(*control_);
    }
    ~TbbHold() {
        if (pid_ == process_id())
            library_.destroy(*control_);
        else
            static_cast<void>(control_.release());  // the library's list in this forked process still has it
    }
    TbbHold(const TbbHold&) = delete;
    TbbHold& operator=(const TbbHold&) = delete;

private:
    const TbbLibrary library_;
    const std::int64_t pid_ = process_id();
    std::unique_ptr<TbbControl> control_;
};

HostInnerLimit::HostInnerLimit(int count, int callers, const InnerThreadLibraries& libraries)
    : libraries_(libraries), count_(std::max(count, 1)), register_(&Register::instance()) {
    // One thread of oneTBB's number stands for the caller; the other callers do not count in it.
    const std::size_t threads =
        static_cast<std::size_t>(std::max(callers, 1)) * static_cast<std::size_t>(count_ - 1) + 1;
    if (!process_is_held)
        for (const TbbLibrary& library : libraries_.tbb) tbb_.push_back(std::make_unique<TbbHold>(library, threads));
    register_->add(count_, libraries_);
}

HostInnerLimit::~HostInnerLimit() {
    if (register_->is_of_this_process()) register_->remove(count_);
}

}  // namespace slicepool::os
