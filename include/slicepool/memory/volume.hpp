// volume.hpp: a 3-D volume of pixels that worker processes can map, and views of it.
// It knows nothing of files (io/) or of who processes its slices (pool/).
#pragma once

#include <slicepool/core/dtype.hpp>
#include <slicepool/core/error.hpp>
#include <slicepool/core/shape.hpp>
#include <slicepool/core/slice.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <type_traits>

namespace slicepool {

/// Where pixels live: a block of the shared arena or a mapped file. Opaque to users; see lib/memory/storage.hpp.
class Storage;

/// How the pixels of a new volume are laid out. Axis order in every interface stays (z, y, x).
class Layout {
public:
    /// z, y, x with x fastest: NumPy's default.
    [[nodiscard]] static constexpr Layout c_order() noexcept { return Layout{-1}; }
    /// The slices along `axis` are each contiguous and start on a page of their own. Throws InvalidArgument for a bad axis.
    [[nodiscard]] static Layout contiguous_slices(int axis) { return Layout{normalise_axis(axis)}; }

    /// The axis whose slices are contiguous, or -1 for C order.
    [[nodiscard]] constexpr int slice_axis() const noexcept { return slice_axis_; }

private:
    explicit constexpr Layout(int slice_axis) : slice_axis_(slice_axis) {}
    int slice_axis_;
};

/// A half-open range start:stop:step along one axis. Negative start or stop count from the end, as in Python; step > 0.
struct AxisRange {
    std::optional<std::int64_t> start;
    std::optional<std::int64_t> stop;
    std::int64_t step = 1;
};

/// A volume whose pixel type is known at run time. A handle: copies share the pixels, which live until the last handle
/// or view of them is gone. Handles may be used from many threads; the pixels are as safe as plain memory.
class AnyVolume {
public:
    AnyVolume() = default;

    /// A new volume in shared memory; contents unspecified (like numpy.empty). Pages are first touched by whoever writes
    /// them. Throws InvalidArgument for a bad shape, SystemError (ENOMEM) when the machine cannot hold it.
    [[nodiscard]] static AnyVolume create(DType dtype, const Shape& shape, Layout layout = Layout::c_order());

    /// A copy of the caller's pixels in shared memory. `data` is (z, y, x) with `strides` in bytes, borrowed for the call.
    /// The bytes copied are counted in copied_bytes(). Throws like create, and InvalidArgument for a stride that is no
    /// multiple of the pixel's size.
    [[nodiscard]] static AnyVolume adopt(const void* data, DType dtype, const Shape& shape, const Strides& strides);

    /// A volume over pixels that `storage` keeps alive (for io/; users see io::open_volume). Nothing is copied.
    [[nodiscard]] static AnyVolume over(std::shared_ptr<const Storage> storage, std::byte* data, DType dtype,
                                        const Shape& shape, const Strides& strides);

    [[nodiscard]] DType dtype() const noexcept { return dtype_; }
    [[nodiscard]] const Shape& shape() const noexcept { return shape_; }
    [[nodiscard]] const Strides& strides() const noexcept { return strides_; }
    [[nodiscard]] std::size_t bytes() const noexcept {
        return static_cast<std::size_t>(shape_.count()) * size_of(dtype_);
    }
    /// The pixel (0, 0, 0). Writing through it faults when !writable().
    [[nodiscard]] std::byte* data() const noexcept { return data_; }
    /// False for volumes over files mapped for reading.
    [[nodiscard]] bool writable() const noexcept;
    /// Bytes that adopt() copied to make this volume; 0 for all others.
    [[nodiscard]] std::size_t copied_bytes() const noexcept;
    [[nodiscard]] const std::shared_ptr<const Storage>& storage() const noexcept { return storage_; }
    [[nodiscard]] explicit operator bool() const noexcept { return storage_ != nullptr; }

    /// Slice `index` (0 ... shape()[axis]-1) along `axis` (-3 ... 2). Throws InvalidArgument when either is out of range.
    [[nodiscard]] Slice slice(int axis, std::int64_t index) const;

    /// A view of part of the volume: ranges along z, y and x. Shares the pixels. Throws InvalidArgument for step < 1.
    [[nodiscard]] AnyVolume view(const AxisRange& z, const AxisRange& y, const AxisRange& x) const;

private:
    std::shared_ptr<const Storage> storage_;
    std::byte* data_ = nullptr;
    DType dtype_ = DType::f32;
    Shape shape_;
    Strides strides_{};
};

/// True when the two volumes may have a byte in common: views of one volume whose extents overlap, interleaved ones too.
[[nodiscard]] bool overlap(const AnyVolume& a, const AnyVolume& b) noexcept;

/// Gives the memory of freed volumes, kept for reuse, back to the system. Safe from any thread.
void release_unused_memory();

/// A volume whose pixel type is known at compile time; otherwise as AnyVolume.
template <PixelType T>
class Volume {
public:
    Volume() = default;
    /// Throws InvalidArgument when `volume` holds another pixel type.
    explicit Volume(AnyVolume volume) : volume_(std::move(volume)) {
        if (volume_.dtype() != dtype_of<T>)
            throw InvalidArgument("this volume holds " + std::string(name_of(volume_.dtype())) + ", not " +
                                  std::string(name_of(dtype_of<T>)));
    }

    [[nodiscard]] static Volume create(const Shape& shape, Layout layout = Layout::c_order()) {
        return Volume(AnyVolume::create(dtype_of<T>, shape, layout));
    }
    /// C-contiguous pixels of the caller, copied once.
    [[nodiscard]] static Volume adopt(const T* data, const Shape& shape) {
        return adopt(data, shape, contiguous_strides(shape, dtype_of<T>));
    }
    [[nodiscard]] static Volume adopt(const T* data, const Shape& shape, const Strides& strides) {
        return Volume(AnyVolume::adopt(data, dtype_of<T>, shape, strides));
    }

    [[nodiscard]] const Shape& shape() const noexcept { return volume_.shape(); }
    [[nodiscard]] const Strides& strides() const noexcept { return volume_.strides(); }
    [[nodiscard]] T* data() const noexcept { return reinterpret_cast<T*>(volume_.data()); }
    [[nodiscard]] SliceView<T> slice(int axis, std::int64_t index) const {
        return volume_.slice(axis, index).template as<T>();
    }
    /// One pixel, unchecked.
    [[nodiscard]] T& operator()(std::int64_t z, std::int64_t y, std::int64_t x) const noexcept {
        const Strides& s = volume_.strides();
        return *reinterpret_cast<T*>(volume_.data() + z * s[0] + y * s[1] + x * s[2]);
    }
    [[nodiscard]] Volume view(const AxisRange& z, const AxisRange& y, const AxisRange& x) const {
        return Volume(volume_.view(z, y, x));
    }
    [[nodiscard]] const AnyVolume& any() const noexcept { return volume_; }
    operator const AnyVolume&() const noexcept { return volume_; }  // NOLINT(google-explicit-constructor)

private:
    AnyVolume volume_;
};

}  // namespace slicepool
