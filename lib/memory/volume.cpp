#include <slicepool/memory/volume.hpp>

#include "memory/arena.hpp"
#include "memory/copy_pixels.hpp"
#include "memory/pixel_map.hpp"
#include "memory/storage.hpp"

#include "os/mapping.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace slicepool {
namespace {

/// Byte strides in which the slices along `axis` are contiguous and `slice_bytes` apart.
Strides sliced_strides(const Shape& shape, DType dtype, int axis, std::int64_t slice_bytes) {
    const auto [rows, columns] = slice_axes(axis);
    const auto pixel = static_cast<std::int64_t>(size_of(dtype));
    Strides strides{};
    strides[static_cast<std::size_t>(axis)] = slice_bytes;
    strides[static_cast<std::size_t>(rows)] = shape[columns] * pixel;
    strides[static_cast<std::size_t>(columns)] = pixel;
    return strides;
}

/// First index, number of indices of `range` on an axis of `extent` pixels; clamped as Python clamps.
std::pair<std::int64_t, std::int64_t> resolve(const AxisRange& range, std::int64_t extent) {
    if (range.step < 1) throw InvalidArgument(fmt::format("step {} of a view: steps are 1 or more", range.step));
    const auto clamp = [extent](std::int64_t index) {
        return std::clamp(index < 0 ? index + extent : index, std::int64_t{0}, extent);
    };
    const std::int64_t start = clamp(range.start.value_or(0));
    const std::int64_t stop = clamp(range.stop.value_or(extent));
    return {start, stop <= start ? 0 : 1 + (stop - start - 1) / range.step};
}

}  // namespace

AnyVolume AnyVolume::create(DType dtype, const Shape& shape, Layout layout) {
    std::size_t bytes = checked_bytes(shape, dtype);
    Strides strides = contiguous_strides(shape, dtype);
    if (const int axis = layout.slice_axis(); axis >= 0 && bytes > 0) {
        const std::size_t slice_bytes =
            os::whole_pages(static_cast<std::size_t>(slice_shape(shape, axis).count()) * size_of(dtype));
        if (slice_bytes > (std::size_t{1} << 62) / static_cast<std::size_t>(shape[axis]))
            throw InvalidArgument(fmt::format(
                "shape {} with every slice on pages of its own is larger than any address space", to_string(shape)));
        strides = sliced_strides(shape, dtype, axis, static_cast<std::int64_t>(slice_bytes));
        bytes = slice_bytes * static_cast<std::size_t>(shape[axis]);
    }
    std::shared_ptr<const Storage> storage = Arena::instance().allocate(bytes);
    std::byte* const data = storage->range().data();
    return over(std::move(storage), data, dtype, shape, strides);
}

AnyVolume AnyVolume::adopt(const void* data, DType dtype, const Shape& shape, const Strides& strides) {
    const std::size_t bytes = checked_bytes(shape, dtype);
    for (const std::int64_t stride : strides)
        if (stride % static_cast<std::int64_t>(size_of(dtype)) != 0)
            throw InvalidArgument(fmt::format("a stride of {} bytes is no multiple of a {} pixel's {}", stride,
                                              name_of(dtype), size_of(dtype)));
    std::shared_ptr<const Storage> storage = Arena::instance().allocate(bytes, bytes);
    std::byte* const target = storage->range().data();
    AnyVolume volume = over(std::move(storage), target, dtype, shape, contiguous_strides(shape, dtype));
    const auto* source = static_cast<const std::byte*>(data);
    for (std::int64_t z = 0; z < shape.depth; ++z)
        copy_pixels({source + z * strides[0], dtype, slice_shape(shape, 0), strides[1], strides[2]},
                    volume.slice(0, z));
    return volume;
}

AnyVolume AnyVolume::over(std::shared_ptr<const Storage> storage, std::byte* data, DType dtype, const Shape& shape,
                          const Strides& strides) {
    AnyVolume volume;
    volume.storage_ = std::move(storage);
    volume.data_ = data;
    volume.dtype_ = dtype;
    volume.shape_ = shape;
    volume.strides_ = strides;
    return volume;
}

bool AnyVolume::writable() const noexcept { return storage_ != nullptr && storage_->writable(); }

std::size_t AnyVolume::copied_bytes() const noexcept { return storage_ == nullptr ? 0 : storage_->copied_bytes(); }

Slice AnyVolume::slice(int axis, std::int64_t index) const {
    axis = normalise_axis(axis);
    if (index < 0 || index >= shape_[axis])
        throw InvalidArgument(fmt::format("slice {} along axis {} is out of range: shape {} has slices 0 to {}", index,
                                          axis, to_string(shape_), shape_[axis] - 1));
    return PixelMap(*this).slice(axis, index);
}

AnyVolume AnyVolume::view(const AxisRange& z, const AxisRange& y, const AxisRange& x) const {
    AnyVolume part = *this;
    std::array<std::int64_t, 3> counts{};
    const std::array<const AxisRange*, 3> ranges{&z, &y, &x};
    for (std::size_t axis = 0; axis < 3; ++axis) {
        const auto [start, count] = resolve(*ranges[axis], shape_[static_cast<int>(axis)]);
        counts[axis] = count;
        if (count > 0) part.data_ += start * strides_[axis];
        if (count > 1) part.strides_[axis] = strides_[axis] * ranges[axis]->step;
    }
    part.shape_ = {counts[0], counts[1], counts[2]};
    return part;
}

bool overlap(const AnyVolume& a, const AnyVolume& b) noexcept {
    if (a.shape().count() == 0 || b.shape().count() == 0 || a.storage() == nullptr || a.storage() != b.storage())
        return false;
    // Views of one storage: their extents, from first to last byte. Interleaved views count as overlapping.
    const auto last = [](const AnyVolume& volume) {
        const std::byte* end = volume.data() + size_of(volume.dtype());
        for (int axis = 0; axis < 3; ++axis)
            end += (volume.shape()[axis] - 1) * volume.strides()[static_cast<std::size_t>(axis)];
        return end;
    };
    return a.data() < last(b) && b.data() < last(a);
}

void release_unused_memory() { Arena::instance().release_unused(); }

}  // namespace slicepool
