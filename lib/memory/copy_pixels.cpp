#include "memory/copy_pixels.hpp"

#include <cstring>

namespace slicepool {

void copy_pixels(const ConstSlice& from, const Slice& to) noexcept {
    const std::size_t pixel = size_of(from.dtype);
    if (from.has_contiguous_rows() && to.has_contiguous_rows()) {
        const std::size_t row_bytes = static_cast<std::size_t>(from.shape.columns) * pixel;
        if (row_bytes == 0) return;
        for (std::int64_t row = 0; row < from.shape.rows; ++row)
            std::memcpy(to.data + row * to.row_stride, from.data + row * from.row_stride, row_bytes);
        return;
    }
    visit_dtype(from.dtype, [&]<class T>(std::type_identity<T>) { to.as<T>() = from.as<T>(); });
}

}  // namespace slicepool
