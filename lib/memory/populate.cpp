#include "memory/populate.hpp"

#include "os/mapping.hpp"

namespace slicepool {

std::error_code populate_for_writing(const PixelMap& volume, int axis, std::int64_t index) noexcept {
    const Slice slice = volume.slice(axis, index);
    if (!slice.has_contiguous_rows() || slice.shape.count() == 0) return {};
    const std::size_t row_bytes = static_cast<std::size_t>(slice.shape.columns) * size_of(slice.dtype);
    if (slice.row_stride == static_cast<std::int64_t>(row_bytes))
        return os::populate(os::page_cover({slice.data, row_bytes * static_cast<std::size_t>(slice.shape.rows)}),
                            os::Access::read_write);
    if (row_bytes < os::page_bytes()) return {};
    for (std::int64_t row = 0; row < slice.shape.rows; ++row) {
        const std::span<std::byte> bytes{slice.data + row * slice.row_stride, row_bytes};
        if (const auto error = os::populate(os::page_cover(bytes), os::Access::read_write)) return error;
    }
    return {};
}

}  // namespace slicepool
