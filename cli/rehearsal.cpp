#include "rehearsal.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <new>
#include <optional>
#include <stdexcept>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include <slicepool/core/current_slice.hpp>
#include <slicepool/core/error.hpp>

#include "filters/filter_spec.hpp"
#include "os/mapping.hpp"

namespace slicepool::cli {

/// A function of its own, with a name that the program exports: the trace of the crash shall lead here.
[[gnu::noinline]] void write_to_a_closed_page() {
    const os::Mapping page = os::Mapping::anonymous(os::page_bytes(), "rehearsal");
    os::protect(page.range(), os::Access::none);
    *static_cast<volatile char*>(static_cast<void*>(page.data())) = 1;
}

namespace {

using Fault = Rehearsal::Fault;
using Count = std::atomic<int>;

constexpr std::array<std::pair<std::string_view, Fault>, 5> kFaults{{{"crash", Fault::crash},
                                                                     {"abort", Fault::abort},
                                                                     {"exit", Fault::exit},
                                                                     {"hang", Fault::hang},
                                                                     {"throw", Fault::exception}}};

constexpr std::array kParameters{
    filters::ParameterInfo{"slices", "numbers of slices, separated by commas", "", "", "where it happens"},
    filters::ParameterInfo{"times", "whole number", "1", "", "how many attempts at each of them go wrong"},
};

std::vector<std::int64_t> parse_slices(std::string_view text) {
    std::vector<std::int64_t> slices;
    for (std::size_t at = 0; at <= text.size();) {
        const std::size_t end = std::min(text.find(',', at), text.size());
        std::int64_t slice = 0;
        const auto [stop, error] = std::from_chars(text.data() + at, text.data() + end, slice);
        if (error != std::errc{} || stop != text.data() + end || slice < 0)
            throw InvalidArgument(
                fmt::format("slices={}: give numbers of slices, separated by commas: slices=3,7", text));
        slices.push_back(slice);
        at = end + 1;
    }
    return slices;
}

[[noreturn]] void misbehave(Fault fault, std::int64_t slice) {
    switch (fault) {
        case Fault::crash: write_to_a_closed_page(); std::abort();  // not reached
        case Fault::abort: std::abort();
        case Fault::exit: std::exit(3);
        case Fault::hang:
            while (true) std::this_thread::sleep_for(std::chrono::hours(1));
        case Fault::exception: break;
    }
    throw std::runtime_error(fmt::format("a rehearsed exception in slice {}", slice));
}

/// Shared by all copies of the filter and by all workers.
class FaultyFilter {
public:
    FaultyFilter(AnyFilter filter, const Rehearsal& rehearsal, std::function<std::int64_t(std::int64_t)> place_of)
        : filter_(std::move(filter)), rehearsal_(rehearsal), place_of_(std::move(place_of)) {
        const std::size_t bytes = os::whole_pages(rehearsal_.slices.size() * sizeof(Count));
        const os::FileDescriptor file = os::sealed_memory_file("slicepool-rehearsal", bytes);
        memory_ = std::make_shared<os::Mapping>(
            os::Mapping::of_file(file.get(), 0, bytes, os::Access::read_write, "rehearsal"));
        for (std::size_t i = 0; i < rehearsal_.slices.size(); ++i) ::new (&attempts(i)) Count(0);
    }

    [[nodiscard]] FilterPlan plan(const SliceSpec& input, DType wish) const { return filter_.plan(input, wish); }
    [[nodiscard]] std::unique_ptr<SliceKernel> prepare(const SliceSpec& input, DType wish) const {
        return std::make_unique<Kernel>(*this, filter_.prepare(input, wish));
    }

private:
    class Kernel final : public SliceKernel {
    public:
        Kernel(const FaultyFilter& filter, std::unique_ptr<SliceKernel> kernel)
            : filter_(filter), kernel_(std::move(kernel)) {}
        void apply(const ConstSlice& input, const Slice& output) override {
            filter_.perhaps_misbehave();
            kernel_->apply(input, output);
        }

    private:
        const FaultyFilter& filter_;
        std::unique_ptr<SliceKernel> kernel_;
    };

    void perhaps_misbehave() const {
        const std::int64_t slice = place_of_(current_slice());
        const auto found = std::ranges::find(rehearsal_.slices, slice);
        if (found == rehearsal_.slices.end()) return;
        if (attempts(static_cast<std::size_t>(found - rehearsal_.slices.begin())).fetch_add(1) < rehearsal_.times)
            misbehave(rehearsal_.fault, slice);
    }
    [[nodiscard]] Count& attempts(std::size_t i) const noexcept {
        return *std::launder(reinterpret_cast<Count*>(memory_->data() + i * sizeof(Count)));
    }

    AnyFilter filter_;
    Rehearsal rehearsal_;
    std::function<std::int64_t(std::int64_t)> place_of_;
    std::shared_ptr<os::Mapping> memory_;
};

Rehearsal parse(std::string_view text) {
    const filters::FilterSpec spec = filters::FilterSpec::split(text);
    const auto found = std::ranges::find(kFaults, spec.name, &std::pair<std::string_view, Fault>::first);
    if (found == kFaults.end())
        throw InvalidArgument(fmt::format("fault '{}' is none of crash, abort, exit, hang, throw", spec.name));
    const filters::SpecValues values({found->first, "", kParameters, ""}, spec);
    Rehearsal rehearsal{found->second, parse_slices(values.text("slices").value_or("")), 1};
    rehearsal.times = values.whole_number("times").value_or(1);
    if (rehearsal.times < 1)
        throw InvalidArgument(fmt::format("times={}: at least 1 attempt goes wrong", rehearsal.times));
    return rehearsal;
}

}  // namespace

Rehearsal parse_rehearsal(std::string_view text) {
    try {
        return parse(text);
    } catch (const InvalidArgument& error) {
        throw InvalidArgument(fmt::format("--rehearse: {}", error.what()));
    }
}

void check_rehearsal(const Rehearsal& rehearsal, const Options& options) {
    if (rehearsal.fault == Fault::exception) return;
    if (options.backend != Backend::processes)
        throw InvalidArgument(
            "--rehearse of anything but throw needs --backend processes: elsewhere it would end or "
            "stop the whole program");
    if (rehearsal.fault == Fault::hang && !options.slice_timeout)
        throw InvalidArgument("--rehearse hang needs --timeout: without a time limit the run would never end");
}

AnyFilter rehearsed(AnyFilter filter, const Rehearsal& rehearsal, std::function<std::int64_t(std::int64_t)> place_of) {
    return FaultyFilter(std::move(filter), rehearsal, std::move(place_of));
}

}  // namespace slicepool::cli
