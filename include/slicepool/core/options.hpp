// options.hpp: how a run is to be done: where, how wide, and what happens when a slice fails.
// What a filter computes is not here; see the filter's own parameters.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string_view>
#include <vector>

namespace slicepool {

/// Where the function runs. The pixels that come out are the same bits on each.
enum class Backend : std::uint8_t {
    serial,     ///< in the calling thread; protects against nothing; for debugging
    threads,    ///< in threads of this process; survives exceptions, not crashes
    processes,  ///< in forked processes that share the volume; survives crashes, hangs and wild writes to the input
};

[[nodiscard]] std::string_view name_of(Backend backend) noexcept;
/// Throws InvalidArgument, listing the names.
[[nodiscard]] Backend parse_backend(std::string_view name);

/// Where workers stay.
enum class Placement : std::uint8_t {
    none,   ///< wherever the system puts them
    cores,  ///< each on one core, a physical one of its own as far as there are so many
    nodes,  ///< each on the cores of one memory (NUMA) node
};

[[nodiscard]] std::string_view name_of(Placement placement) noexcept;

enum class OnFailure : std::uint8_t {
    finish,  ///< run the other slices, report the failed ones
    abort,   ///< claim no further slice after the first failure
};

/// What stands in the output where a slice was not completed.
class Fill {
public:
    enum class Kind : std::uint8_t { value, copy_input };
    /// NaN for floating output, 0 for integers.
    [[nodiscard]] static Fill nan() noexcept;
    [[nodiscard]] static Fill zero() noexcept { return Fill(Kind::value, 0.0); }
    /// Converted to the output's pixel type (rounded and saturated for integers).
    [[nodiscard]] static Fill value(double value) noexcept { return Fill(Kind::value, value); }
    /// The input slice, converted; only where input and output slices have one shape (checked before the run).
    [[nodiscard]] static Fill copy_input() noexcept { return Fill(Kind::copy_input, 0.0); }

    [[nodiscard]] Kind kind() const noexcept { return kind_; }
    [[nodiscard]] double number() const noexcept { return number_; }

private:
    Fill(Kind kind, double number) noexcept : kind_(kind), number_(number) {}
    Kind kind_;
    double number_;
};

/// "nan", "zero", "copy_input" or a number. Throws InvalidArgument otherwise.
[[nodiscard]] Fill parse_fill(std::string_view text);

/// What is made of NaN and infinity in an output slice.
enum class NonFinite : std::uint8_t {
    accept,
    fail,  ///< the slice fails, naming its first such pixel
};

/// Erlang's restart intensity: more deaths than this within the window, with no slice completed in between, end the run.
struct RestartIntensity {
    int deaths = 10;
    std::chrono::duration<double> window = std::chrono::seconds(5);
};

/// A worker in a run that is under way.
struct WorkerProgress {
    int slot = 0;                          ///< its seat; a replacement takes over the seat of the dead
    std::int64_t done = 0;                 ///< slices completed by the worker that has the seat now
    std::chrono::duration<double> work{};  ///< in slices that are finished
    std::chrono::duration<double> wait{};  ///< the rest since the run, or its life, began; its present slice too
};

/// A snapshot for progress displays.
struct Progress {
    std::int64_t total = 0;    ///< slices in this run
    std::int64_t done = 0;     ///< completed
    std::int64_t failed = 0;   ///< given up on
    std::int64_t retried = 0;  ///< attempts beyond the first, so far
    std::chrono::duration<double> elapsed{};
    std::vector<WorkerProgress> workers;  ///< by slot, those alive; empty when the run is over

    /// Slices settled, done or given up, a second: the mean so far. Nothing before the first.
    [[nodiscard]] std::optional<double> rate() const noexcept;
    /// Seconds until the last slice is settled at that rate.
    [[nodiscard]] std::optional<std::chrono::duration<double>> eta() const noexcept;
};

struct Options {
    int axis = 0;               ///< slices are taken along this axis; negative counts from the end
    std::optional<int> n_jobs;  ///< joblib's rules: -1 (default) all usable cores, -2 all but one, 0 is an error
    /// Default: processes. In a call from within a worker threads, and serial where its share is one core. A Pool has its
    /// own and refuses another here.
    std::optional<Backend> backend;
    /// Bytes that the function needs in a worker, beside volumes and scratch: no more workers than fit into the memory
    /// that is free when the call begins, whatever n_jobs says. A Pool has its own and refuses one here.
    std::optional<std::size_t> memory_per_worker;
    /// Cores that each worker may keep busy, at least 1: OpenMP, OpenBLAS, MKL, BLIS and oneTBB use at most so many
    /// threads in it, unless they were told to use fewer, and it is what calls of slicepool in there take for all cores
    /// (see core_share.hpp). Default: the caller's usable cores / workers, rounded down, at least 1, and 1 with
    /// Placement::cores; serial workers share with nobody, and are held only by a number given here. A number beyond
    /// the share is the caller's to answer for: it may be more than the machine has. While a run on `threads` lasts,
    /// libraries that keep one number for the process are held for the host's other threads, too. A Pool has its own
    /// and refuses one here.
    std::optional<int> inner_threads;
    /// Ties workers to cores among those the caller may use; the caller's own are never changed, so that serial has no
    /// use for it. Workers are dealt evenly to the memory nodes, and so are the slices, in one contiguous run per node:
    /// workers begin with those of their node and help the others when none of them is left. The pages of a new output
    /// come from the node of the worker that writes them. A Pool has its own and refuses one here.
    Placement placement = Placement::none;

    /// Which slices to process, as start:stop:step along `axis`; the others' output is left untouched.
    std::optional<std::int64_t> first_slice;
    std::optional<std::int64_t> last_slice;  ///< exclusive
    std::int64_t slice_step = 1;

    /// Of parallel loops: calls per task of the ledger. Default: guided by how many are left. A chunk is begun by one
    /// worker; calls that were done before it died are not done again.
    std::optional<std::int64_t> chunk;
    /// Of streams of results: calls begun beyond those handed out, at most. Default: 256, or 16 for each core.
    std::optional<std::int64_t> window;

    int max_attempts = 3;  ///< tries a slice has when its worker dies; exceptions are not tried again
    std::optional<std::chrono::duration<double>>
        slice_timeout;  ///< processes only: a slice that takes longer is killed
    OnFailure on_failure = OnFailure::finish;
    Fill fill = Fill::nan();
    NonFinite non_finite = NonFinite::accept;

    // Of worker processes; other backends have no use for the rest of this block.
    /// Default: max(10, 2 x workers) deaths in 5 s outside slices, as of workers that cannot begin. Of deaths in slices
    /// ten times as many: those slices are tried again or given up one by one, and the others have a right to be done.
    /// What is given here holds for both.
    std::optional<RestartIntensity> restart_intensity;
    std::optional<std::int64_t> max_slices_per_worker;  ///< then a worker is replaced by a fresh one
    /// A worker that keeps more bytes to itself after a slice is replaced. Pages shared with others do not count.
    std::optional<std::size_t> max_private_memory_per_worker;
    /// While a slice is computed the worker can write nothing shared but that slice: a stray write becomes a crash, and
    /// the slice is tried again. Slices can be told apart when each is whole pages of memory; the run's own records
    /// always can. Default: on, until a worker finds that it costs more than 1 % of the slices' time: some microseconds
    /// a slice.
    std::optional<bool> guard_output;

    std::stop_token stop_token;  ///< stops claiming slices; those under way are finished
    /// Processes only: workers that are not done so long after the stop are killed, and their slices were not run. 0: at
    /// once. Default: they are waited for.
    std::optional<std::chrono::duration<double>> stop_grace;
    std::function<void(const Progress&)> progress;  ///< called in the caller's thread, about every progress_interval
    std::chrono::milliseconds progress_interval{100};
    bool measure_memory = false;  ///< sample the proportional set size of all processes; costs milliseconds per GB
};

/// The number of workers joblib would use: n_jobs > 0 as it is; -1 all `usable_cores`, -2 all but one, never below 1.
/// Throws InvalidArgument for 0.
[[nodiscard]] int effective_jobs(int n_jobs, int usable_cores);

}  // namespace slicepool
