// Real misdeeds that end in a signal or for want of memory: what the report says of each, and that nothing else suffers.
// How the signal reached the worker matters here; death_test.cpp only raises it.

#undef NDEBUG  // a failed assertion is one of the misdeeds

#include <array>
#include <cassert>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <stdexcept>
#include <string>
#include <vector>

#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "crash/bad_library.hpp"
#include "crash/misdeed_run.hpp"

using namespace slicepool;
using namespace slicepool::test;

namespace {

using Output = SliceView<float>;

SLICEPOOL_MISDEED void read_past_a_files_end() {
    const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    const int file = memfd_create("short-file", MFD_CLOEXEC);
    if (ftruncate(file, static_cast<off_t>(page)) != 0) return;
    void* const mapped = mmap(nullptr, 2 * page, PROT_READ, MAP_SHARED, file, 0);
    static_cast<void>(*static_cast<volatile char*>(mapped));
    static_cast<void>(static_cast<volatile char*>(mapped)[page]);
}

SLICEPOOL_MISDEED void execute_no_instruction() {
#if defined(__x86_64__)
    __asm__ volatile("ud2");
#elif defined(__aarch64__)
    __asm__ volatile("udf #0");
#else
    raise(SIGILL);
#endif
}

#if defined(__x86_64__)
SLICEPOOL_MISDEED void divide_by_zero() {
    volatile int zero = 0;
    volatile int quotient = 7 / zero;  // of 1 / zero the compiler makes a comparison
    static_cast<void>(quotient);
}
#endif

#if !SLICEPOOL_ADDRESS_SANITIZER && defined(__GLIBC__)
/// The allocator finds the damage with its own lock held. More blocks than its per-thread cache takes unchecked.
SLICEPOOL_MISDEED void crash_inside_malloc() {
    constexpr std::size_t kBytes = 2000;
    std::array<volatile char*, 64> blocks{};
    for (auto& block : blocks) block = static_cast<volatile char*>(std::malloc(kBytes));
    for (volatile char* block : blocks)
        for (std::size_t i = kBytes; i < kBytes + 16; ++i) block[i] = static_cast<char>(0xFF);
    for (volatile char* block : blocks) std::free(const_cast<char*>(block));
}
#endif

/// Whether a frame of the cause's trace names `function`.
bool names(const Cause& cause, const std::string& function) {
    for (const std::string& call : cause.trace)
        if (call.find(function) != std::string::npos) return true;
    return false;
}

void check_crashed(const MisdeedRun& run, const Report& report, int signal) {
    run.check_done_again(report);
    CHECK(MisdeedRun::first_cause(report).kind == SliceStatus::crashed);
    CHECK(MisdeedRun::first_cause(report).signal == signal);
    CHECK_FALSE(MisdeedRun::first_cause(report).trace.empty());
}

}  // namespace

TEST_CASE("a write through a null pointer is a crash whose trace names the function and its library", "[crash]") {
    const LeavesNothing promise;
    const MisdeedRun run;
    const Report report = run([](Output) { write_to_nowhere(); }, 1);
    check_crashed(run, report, SIGSEGV);
    const Cause& cause = MisdeedRun::first_cause(report);
    REQUIRE_FALSE(cause.trace.empty());
    CHECK(cause.trace[0].find("slicepool::test::write_to_nowhere() in libbad_library.so+0x") == 0);
    CHECK(cause.trace.size() > 1);
}

TEST_CASE("a stack overflow is a crash with a trace like any other", "[crash]") {
    const LeavesNothing promise;
    const MisdeedRun run;
    const Report report = run([](Output out) { out(0, 0) = static_cast<float>(call_itself(1)); }, 1);
    check_crashed(run, report, SIGSEGV);
    CHECK(names(MisdeedRun::first_cause(report), "slicepool::test::call_itself(int) in libbad_library.so+0x"));
}

TEST_CASE("a read past the end of a mapped file is a crash by SIGBUS", "[crash]") {
    const LeavesNothing promise;
    const MisdeedRun run;
    check_crashed(run, run([](Output) { read_past_a_files_end(); }, 1), SIGBUS);
}

TEST_CASE("an instruction that the processor does not know is a crash by SIGILL", "[crash]") {
    const LeavesNothing promise;
    const MisdeedRun run;
    check_crashed(run, run([](Output) { execute_no_instruction(); }, 1), SIGILL);
}

TEST_CASE("an integer division by zero is a crash by SIGFPE", "[crash]") {
#if defined(__x86_64__)
    const LeavesNothing promise;
    const MisdeedRun run;
    check_crashed(run, run([](Output) { divide_by_zero(); }, 1), SIGFPE);
#else
    WARN("skipped: this processor makes 0 of a division by zero");
#endif
}

TEST_CASE("a failed assertion is a crash whose cause holds what it printed", "[crash]") {
    const LeavesNothing promise;
    const MisdeedRun run;
    const Report report = run([](Output out) { assert(out(0, 0) == 1.0F && "the beam was off"); }, MisdeedRun::kAlways);
    run.check_given_up(report, SliceStatus::crashed, 3);
    for (const Cause& cause : report.slices[MisdeedRun::kAtFault].causes) {
        CHECK(cause.signal == SIGABRT);
        CHECK(cause.stderr_tail.find("the beam was off") != std::string::npos);
        CHECK(cause.stderr_tail.find("misdeeds_test.cpp") != std::string::npos);
        CHECK(cause.stderr_tail.back() != '\n');
        // Of its own life only: what the workers before it printed is in their causes.
        CHECK(cause.stderr_tail.find("the beam was off") == cause.stderr_tail.rfind("the beam was off"));
    }
}

TEST_CASE("an exception that leaves a noexcept function is a crash whose cause holds the exception's text", "[crash]") {
    const LeavesNothing promise;
    const MisdeedRun run;
    const Report report = run(
        [](Output) noexcept {
            const std::vector<float> weights;
            static_cast<void>(weights.at(3));
        },
        1);
    check_crashed(run, report, SIGABRT);
    CHECK(MisdeedRun::first_cause(report).stderr_tail.find("std::out_of_range") != std::string::npos);
}

TEST_CASE("of a long last message the end is kept", "[crash]") {
    const LeavesNothing promise;
    const MisdeedRun run;
    const Report report = run(
        [](Output) {
            // More than a pipe holds: somebody must read it meanwhile.
            const std::string text(std::size_t{1} << 17, '-');
            const std::string last = "\nthe last words\n";
            for (const std::string* part : {&text, &last})
                for (std::size_t at = 0; at < part->size();)
                    at += static_cast<std::size_t>(
                        std::max<ssize_t>(write(STDERR_FILENO, part->data() + at, part->size() - at), 0));
            std::abort();
        },
        1);
    check_crashed(run, report, SIGABRT);
    const std::string& tail = MisdeedRun::first_cause(report).stderr_tail;
    CHECK(tail.size() <= 2048);
    CHECK(tail.find("-\nthe last words") == tail.size() - std::strlen("-\nthe last words"));
}

TEST_CASE("a crash inside malloc, its lock held, is no concern of the other workers", "[crash]") {
#if SLICEPOOL_ADDRESS_SANITIZER || !defined(__GLIBC__)
    WARN("skipped: the allocator is another one and may not find the damage");
#else
    const LeavesNothing promise;
    const MisdeedRun run;
    const Report report = run([](Output) { crash_inside_malloc(); }, 1);
    check_crashed(run, report, SIGABRT);
    CHECK(MisdeedRun::first_cause(report).stderr_tail.find("free(): invalid next size") == 0);
#endif
}

TEST_CASE("a lock of the function's own that a worker died with is free in the next worker", "[crash]") {
    const LeavesNothing promise;
    const Watchdog watchdog("the run with a lock");
    static std::mutex lock;
    const SharedCounters tries(1);
    const auto input = numbered_volume<float>({12, 5, 40});
    const auto output = constant_volume<float>({12, 5, 40}, 0);
    const Report report = process_slices(input, output,
                                         [&](SliceView<const float> in, SliceView<float> out) {
                                             const std::scoped_lock held(lock);
                                             if (current_slice() == 4 && tries[0]++ == 0) std::abort();
                                             out = in;
                                         },
                                         {.n_jobs = 2});
    CHECK(report.ok());
    CHECK(report.deaths() == 1);
    CHECK(differing_pixels(input, output) == 0);
}

TEST_CASE("a request for more memory than there is fails its slice, and the worker goes on", "[crash]") {
#if SLICEPOOL_ADDRESS_SANITIZER
    WARN("skipped: the address sanitizer ends the process instead");
#else
    const LeavesNothing promise;
    const bool by_limit = GENERATE(false, true);
    const MisdeedRun run;
    const Report report = run(
        [by_limit](Output out) {
            volatile std::size_t bytes = std::size_t{1} << (by_limit ? 33 : 62);
            if (by_limit) {
                const rlimit limit{std::size_t{1} << 33, RLIM_INFINITY};
                setrlimit(RLIMIT_AS, &limit);
            }
            const std::vector<char> block(bytes);
            out(0, 0) = block[7];
        },
        MisdeedRun::kAlways);
    run.check_given_up(report, SliceStatus::failed, 1);
    CHECK(report.deaths() == 0);
    const std::string why = describe(MisdeedRun::first_cause(report));
    CHECK((why == "failed(std::bad_alloc)" || why.find("vector") != std::string::npos));
#endif
}
