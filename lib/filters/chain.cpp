#include <slicepool/filters/chain.hpp>

#include <algorithm>
#include <cstddef>
#include <new>
#include <utility>

#include <fmt/format.h>

#include <slicepool/core/error.hpp>

namespace slicepool {
namespace {

// Where a filter's result goes: straight to the output, or to one of two slices that the kernel owns.
enum class Place { output, first_buffer, second_buffer };

struct Link {
    SliceSpec input;
    FilterPlan plan;
    Place target = Place::output;
};

// A buffer that is not `taken`: what a filter reads while it writes there.
Place another_than(Place taken) { return taken == Place::first_buffer ? Place::second_buffer : Place::first_buffer; }

std::vector<Link> plan_links(std::span<const FilterRef> filters, const SliceSpec& input, DType wish) {
    if (filters.empty()) throw InvalidArgument("a chain needs at least one filter");
    std::vector<Link> links;
    SliceSpec spec = input;
    for (const FilterRef& filter : filters) {
        try {
            links.push_back({spec, filter.plan(spec, wish)});
        } catch (const InvalidArgument& error) {
            if (filters.size() == 1) throw;
            throw InvalidArgument(
                fmt::format("filter {} of {} in the chain: {}", links.size() + 1, filters.size(), error.what()));
        }
        spec = links.back().plan.output;
    }
    // From the end, since the last target is fixed: a filter that works in place wants its input where its output goes.
    for (std::size_t i = links.size() - 1; i > 0; --i) {
        const bool in_place = links[i].plan.in_place && links[i].input == links[i].plan.output;
        links[i - 1].target = in_place ? links[i].target : another_than(links[i].target);
    }
    return links;
}

std::size_t bytes_of(const SliceSpec& spec) {
    return static_cast<std::size_t>(spec.shape.count()) * size_of(spec.dtype);
}

std::size_t buffer_bytes(const std::vector<Link>& links, Place place) {
    std::size_t bytes = 0;
    for (const Link& link : links)
        if (link.target == place) bytes = std::max(bytes, bytes_of(link.plan.output));
    return bytes;
}

// Bytes on a cache line's start; null when there are none.
class Buffer {
public:
    explicit Buffer(std::size_t bytes)
        : bytes_(bytes == 0 ? nullptr : static_cast<std::byte*>(::operator new[](bytes, kAlignment))) {}
    [[nodiscard]] std::byte* data() const noexcept { return bytes_.get(); }

private:
    static constexpr std::align_val_t kAlignment{64};
    struct Free {
        void operator()(std::byte* bytes) const noexcept { ::operator delete[](bytes, kAlignment); }
    };
    std::unique_ptr<std::byte[], Free> bytes_;
};

class ChainKernel final : public SliceKernel {
public:
    ChainKernel(std::span<const FilterRef> filters, std::vector<Link> links, DType wish)
        : links_(std::move(links)),
          first_(buffer_bytes(links_, Place::first_buffer)),
          second_(buffer_bytes(links_, Place::second_buffer)) {
        for (std::size_t i = 0; i < filters.size(); ++i) kernels_.push_back(filters[i].prepare(links_[i].input, wish));
    }

    void apply(const ConstSlice& input, const Slice& output) override {
        ConstSlice source = input;
        for (std::size_t i = 0; i < kernels_.size(); ++i) {
            const Slice target = target_of(links_[i], output);
            kernels_[i]->apply(source, target);
            source = target;
        }
    }

private:
    [[nodiscard]] Slice target_of(const Link& link, const Slice& output) const {
        if (link.target == Place::output) return output;
        const Buffer& buffer = link.target == Place::first_buffer ? first_ : second_;
        return contiguous_slice(buffer.data(), link.plan.output.dtype, link.plan.output.shape);
    }

    std::vector<Link> links_;
    Buffer first_;
    Buffer second_;
    std::vector<std::unique_ptr<SliceKernel>> kernels_;
};

}  // namespace

namespace detail {

FilterPlan plan_chain(std::span<const FilterRef> filters, const SliceSpec& input, DType wish) {
    const std::vector<Link> links = plan_links(filters, input, wish);
    if (links.size() == 1) return links.front().plan;
    // What the chain may do in place: nothing is written to the output before the first filter has read all of the
    // input, or every filter works on the output's own pixels.
    FilterPlan plan{.output = links.back().plan.output, .scratch_bytes = 0, .in_place = false};
    for (const Link& link : links) plan.scratch_bytes += link.plan.scratch_bytes;
    plan.scratch_bytes += buffer_bytes(links, Place::first_buffer) + buffer_bytes(links, Place::second_buffer);
    plan.in_place = input == plan.output && (links.front().target != Place::output || links.front().plan.in_place);
    return plan;
}

std::unique_ptr<SliceKernel> prepare_chain(std::span<const FilterRef> filters, const SliceSpec& input, DType wish) {
    if (filters.size() == 1) return filters.front().prepare(input, wish);
    return std::make_unique<ChainKernel>(filters, plan_links(filters, input, wish), wish);
}

}  // namespace detail

AnyChain::AnyChain(std::vector<AnyFilter> filters)
    : filters_(std::make_shared<const std::vector<AnyFilter>>(std::move(filters))) {
    if (filters_->empty()) throw InvalidArgument("a chain needs at least one filter");
}

std::vector<FilterRef> AnyChain::references() const {
    std::vector<FilterRef> references;
    for (const AnyFilter& filter : *filters_) references.emplace_back(filter);
    return references;
}

FilterPlan AnyChain::plan(const SliceSpec& input, DType wish) const {
    return detail::plan_chain(references(), input, wish);
}

std::unique_ptr<SliceKernel> AnyChain::prepare(const SliceSpec& input, DType wish) const {
    return detail::prepare_chain(references(), input, wish);
}

}  // namespace slicepool
