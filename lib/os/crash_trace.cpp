#include "os/crash_trace.hpp"

#include <cxxabi.h>
#include <dlfcn.h>
#include <execinfo.h>
#include <signal.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <memory>

#include <fmt/format.h>

namespace slicepool::os {
namespace {

constexpr std::size_t kStackBytes = std::size_t{256} << 10;
constexpr std::size_t kShownFrames = 12;

CrashTrace* trace_of_this_process = nullptr;

std::uintptr_t program_counter(const void* context) noexcept {
    const auto& machine = static_cast<const ucontext_t*>(context)->uc_mcontext;
#if defined(__x86_64__)
    return static_cast<std::uintptr_t>(machine.gregs[REG_RIP]);
#else
    return static_cast<std::uintptr_t>(machine.pc);
#endif
}

void leave_trace(int signal, const void* context) noexcept {
    CrashTrace& trace = *trace_of_this_process;
    const std::uintptr_t crashed_at = program_counter(context);
    trace.frames[0].store(crashed_at);
    trace.count.store(1);
    trace.signal.store(signal);
    // The unwinder walks what may be ruins: whatever happens to it, the first frame is safe.
    std::array<void*, CrashTrace::kFrames + 4> calls{};
    const int depth = ::backtrace(calls.data(), static_cast<int>(calls.size()));
    const auto end = calls.begin() + std::max(depth, 0);
    const auto own = std::find(calls.begin(), end, reinterpret_cast<void*>(crashed_at));  // this handler comes before
    std::uint32_t count = 1;
    for (auto call = own == end ? end : own + 1; call != end && count < CrashTrace::kFrames; ++call)
        trace.frames[count++].store(reinterpret_cast<std::uintptr_t>(*call));
    trace.count.store(count);
}

void on_crash(int signal, siginfo_t*, void* context) {
    ::alarm(1);
    leave_trace(signal, context);
    ::raise(signal);  // the disposition is the default again, and the signal is not blocked
}

std::string demangled(const char* name) {
    int status = 0;
    const std::unique_ptr<char, decltype(&std::free)> text(abi::__cxa_demangle(name, nullptr, nullptr, &status),
                                                           &std::free);
    return status == 0 && text ? text.get() : name;
}

std::string describe_address(std::uintptr_t address) {
    Dl_info info{};
    if (::dladdr(reinterpret_cast<void*>(address), &info) == 0 || info.dli_fname == nullptr)
        return fmt::format("{:#x}", address);
    const std::string place = fmt::format("{}+{:#x}", std::filesystem::path(info.dli_fname).filename().native(),
                                          address - reinterpret_cast<std::uintptr_t>(info.dli_fbase));
    return info.dli_sname == nullptr ? place : fmt::format("{} in {}", demangled(info.dli_sname), place);
}

}  // namespace

void CrashTrace::clear() noexcept {
    signal.store(0);
    count.store(0);
}

void record_crashes_in(CrashTrace& trace) noexcept {
    trace_of_this_process = &trace;
    std::array<void*, 4> warm_up{};
    ::backtrace(warm_up.data(), static_cast<int>(warm_up.size()));  // loads the unwinder now: a handler may not
    // A stack overflow leaves no stack to run on. The page below it is closed, for the handler's own sake.
    void* const stack = ::mmap(nullptr, kStackBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (stack == MAP_FAILED) return;  // no memory for a trace: crashes end the process all the same
    ::mprotect(stack, static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)), PROT_NONE);
    const stack_t alternative{.ss_sp = stack, .ss_flags = 0, .ss_size = kStackBytes};
    ::sigaltstack(&alternative, nullptr);
    struct sigaction action {};
    action.sa_sigaction = on_crash;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESETHAND | SA_NODEFER;
    ::sigemptyset(&action.sa_mask);
    for (const int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT}) ::sigaction(signal, &action, nullptr);
    ::signal(SIGALRM, SIG_DFL);
}

int signal_behind(const CrashTrace& trace, int ended_by) noexcept {
    const int recorded = trace.signal.load();
    const bool fits = ended_by == recorded || ended_by == SIGALRM;  // a handler that got stuck is ended by its alarm
    return recorded > 0 && fits ? recorded : 0;
}

std::vector<std::string> describe(const CrashTrace& trace) {
    std::vector<std::string> calls;
    const std::size_t count = std::min<std::size_t>({trace.count.load(), CrashTrace::kFrames, kShownFrames});
    for (std::size_t frame = 0; frame < count; ++frame) {
        const std::uintptr_t address = trace.frames[frame].load();
        // All but the first are return addresses: the call is the instruction before.
        if (address != 0) calls.push_back(describe_address(frame == 0 ? address : address - 1));
    }
    return calls;
}

}  // namespace slicepool::os
