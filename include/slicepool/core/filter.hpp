// filter.hpp: what a filter is: a description that is checked before the run, and a kernel each worker prepares from it.
// The filters themselves live in slicepool/filters/; nothing here touches pixels.
#pragma once

#include <slicepool/core/dtype.hpp>
#include <slicepool/core/shape.hpp>
#include <slicepool/core/slice.hpp>

#include <concepts>
#include <cstddef>
#include <memory>
#include <string>
#include <type_traits>
#include <typeinfo>
#include <utility>

namespace slicepool {

/// Shape and pixel type of the slices that go into or come out of a filter.
struct SliceSpec {
    SliceShape shape;
    DType dtype = DType::f32;
    friend constexpr bool operator==(const SliceSpec&, const SliceSpec&) = default;
};

/// What a filter promises before the run.
struct FilterPlan {
    SliceSpec output;
    std::size_t scratch_bytes = 0;  ///< memory one worker's kernel keeps, at most
    bool in_place = false;          ///< the kernel may be called with output over input, same strides
};

/// A filter made ready for slices of one shape and type: tables, plans, scratch. One worker owns it.
class SliceKernel {
public:
    SliceKernel() = default;
    SliceKernel(const SliceKernel&) = delete;
    SliceKernel& operator=(const SliceKernel&) = delete;
    virtual ~SliceKernel() = default;

    /// Computes one slice. `input` and `output` have the planned shapes and types, any strides, and do not overlap
    /// unless the plan said in_place and they are the same pixels. Not for concurrent calls on one kernel. An exception
    /// fails this slice only; the kernel must stay usable. Output is unspecified after an exception.
    virtual void apply(const ConstSlice& input, const Slice& output) = 0;
};

/// A filter is a value with two questions:
///   plan(input, wish)     checks its parameters against the slices to come and says what it will produce; `wish` is the
///                         pixel type the output volume has. Throws InvalidArgument when it cannot serve.
///   prepare(input, wish)  makes the kernel; called once per worker and run, after plan succeeded.
/// Both are const and safe to call from many threads.
template <class F>
concept SliceFilter = requires(const F& filter, const SliceSpec& input, DType wish) {
    { filter.plan(input, wish) } -> std::same_as<FilterPlan>;
    { filter.prepare(input, wish) } -> std::same_as<std::unique_ptr<SliceKernel>>;
};

/// A borrowed filter of any type: an address and a static table. The table's address is the same in every forked worker.
class FilterRef {
public:
    struct Operations {
        FilterPlan (*plan)(const void*, const SliceSpec&, DType);
        std::unique_ptr<SliceKernel> (*prepare)(const void*, const SliceSpec&, DType);
        const std::type_info* type;
    };

    FilterRef() = default;
    FilterRef(const void* object, const Operations* operations) noexcept : object_(object), operations_(operations) {}
    template <SliceFilter F>
    explicit FilterRef(const F& filter) noexcept : FilterRef(&filter, &operations_of<F>) {}

    [[nodiscard]] FilterPlan plan(const SliceSpec& input, DType wish) const {
        return operations_->plan(object_, input, wish);
    }
    [[nodiscard]] std::unique_ptr<SliceKernel> prepare(const SliceSpec& input, DType wish) const {
        return operations_->prepare(object_, input, wish);
    }
    [[nodiscard]] const void* object() const noexcept { return object_; }
    [[nodiscard]] const Operations* operations() const noexcept { return operations_; }

    template <SliceFilter F>
    static inline const Operations operations_of{[](const void* filter, const SliceSpec& input, DType wish) {
                                                     return static_cast<const F*>(filter)->plan(input, wish);
                                                 },
                                                 [](const void* filter, const SliceSpec& input, DType wish) {
                                                     return static_cast<const F*>(filter)->prepare(input, wish);
                                                 },
                                                 &typeid(F)};

private:
    const void* object_ = nullptr;
    const Operations* operations_ = nullptr;
};

/// An owned filter of any type, for lists put together at run time. Copies share the filter, which never changes.
class AnyFilter {
public:
    template <SliceFilter F>
        requires(!std::same_as<std::remove_cvref_t<F>, AnyFilter>)
    AnyFilter(F filter)  // NOLINT(google-explicit-constructor): a filter is an AnyFilter
        : owner_(std::make_shared<const F>(std::move(filter))), ref_(*static_cast<const F*>(owner_.get())) {}

    [[nodiscard]] FilterPlan plan(const SliceSpec& input, DType wish) const { return ref_.plan(input, wish); }
    [[nodiscard]] std::unique_ptr<SliceKernel> prepare(const SliceSpec& input, DType wish) const {
        return ref_.prepare(input, wish);
    }

private:
    std::shared_ptr<const void> owner_;
    FilterRef ref_;
};

}  // namespace slicepool
