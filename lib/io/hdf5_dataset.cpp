#include "io/hdf5_dataset.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <string_view>

#include <fmt/format.h>

namespace slicepool::io {
namespace {

std::vector<std::int64_t> signed_extents(const std::vector<hsize_t>& extents) {
    std::vector<std::int64_t> result;
    constexpr hsize_t kLargest = std::numeric_limits<std::int64_t>::max();
    for (const hsize_t extent : extents) result.push_back(static_cast<std::int64_t>(std::min(extent, kLargest)));
    return result;
}

std::vector<std::int64_t> shape_of_dataset(hid_t dataset) {
    const Hdf5SpaceHandle space(H5Dget_space(dataset));
    const int rank = H5Sget_simple_extent_ndims(space.get());
    std::vector<hsize_t> extents(static_cast<std::size_t>(std::max(rank, 0)));
    if (rank > 0) H5Sget_simple_extent_dims(space.get(), extents.data(), nullptr);
    return signed_extents(extents);
}

std::optional<DType> dtype_of_type(hid_t type) {
    const std::size_t size = H5Tget_size(type);
    const H5T_class_t kind = H5Tget_class(type);
    if (kind == H5T_FLOAT)
        return size == 4 ? std::optional(DType::f32) : size == 8 ? std::optional(DType::f64) : std::nullopt;
    if (kind != H5T_INTEGER) return std::nullopt;
    const bool is_signed = H5Tget_sign(type) != H5T_SGN_NONE;
    if (size == 1 && !is_signed) return DType::u8;
    if (size == 2) return is_signed ? DType::i16 : DType::u16;
    if (size == 4 && is_signed) return DType::i32;
    return std::nullopt;
}

std::string type_name_of(hid_t type) {
    const std::size_t bits = H5Tget_size(type) * 8;
    switch (H5Tget_class(type)) {
        case H5T_INTEGER: return fmt::format("{}int{}", H5Tget_sign(type) == H5T_SGN_NONE ? "u" : "", bits);
        case H5T_FLOAT: return fmt::format("float{}", bits);
        case H5T_STRING: return "string";
        case H5T_COMPOUND: return "compound";
        case H5T_ENUM: return "enumeration";
        case H5T_BITFIELD: return "bitfield";
        case H5T_OPAQUE: return "opaque";
        case H5T_REFERENCE: return "reference";
        case H5T_VLEN: return "variable-length";
        case H5T_ARRAY: return "array";
        case H5T_TIME: return "time";
        default: return "unknown";
    }
}

hid_t stored_as_in_memory(DType dtype) {
    switch (dtype) {
        case DType::u8: return H5T_STD_U8LE;
        case DType::u16: return H5T_STD_U16LE;
        case DType::i16: return H5T_STD_I16LE;
        case DType::i32: return H5T_STD_I32LE;
        case DType::f32: return H5T_IEEE_F32LE;
        case DType::f64: break;
    }
    return H5T_IEEE_F64LE;
}

/// One byte has no order: files say either.
bool is_plain(hid_t type, DType dtype) {
    return H5Tequal(type, stored_as_in_memory(dtype)) > 0 || (dtype == DType::u8 && H5Tequal(type, H5T_STD_U8BE) > 0);
}

struct KnownFilter {
    H5Z_filter_t id;
    std::string_view name;
};
/// The library's own, and those registered with The HDF Group that imaging files use.
constexpr std::array kFilters{
    KnownFilter{1, "deflate"},       KnownFilter{2, "shuffle"},        KnownFilter{3, "fletcher32"},
    KnownFilter{4, "szip"},          KnownFilter{5, "nbit"},           KnownFilter{6, "scaleoffset"},
    KnownFilter{307, "bzip2"},       KnownFilter{32000, "lzf"},        KnownFilter{32001, "blosc"},
    KnownFilter{32004, "lz4"},       KnownFilter{32008, "bitshuffle"}, KnownFilter{32013, "zfp"},
    KnownFilter{32015, "zstandard"}, KnownFilter{32026, "blosc2"},
};

std::string filter_name(H5Z_filter_t id) {
    const auto* const known = std::ranges::find(kFilters, id, &KnownFilter::id);
    return known == kFilters.end() ? fmt::format("filter {}", id) : std::string(known->name);
}

void describe_filters(hid_t creation, Hdf5Dataset& facts) {
    const int count = H5Pget_nfilters(creation);
    for (int i = 0; i < count; ++i) {
        unsigned flags = 0;
        std::size_t values = 0;
        const H5Z_filter_t id =
            H5Pget_filter2(creation, static_cast<unsigned>(i), &flags, &values, nullptr, 0, nullptr, nullptr);
        facts.filters.push_back(filter_name(id));
        if (H5Zfilter_avail(id) <= 0) facts.missing_filter = facts.filters.back();
    }
}

void describe_chunk(hid_t creation, Hdf5Dataset& facts) {
    std::vector<hsize_t> chunk(H5S_MAX_RANK);
    const int rank = H5Pget_chunk(creation, static_cast<int>(chunk.size()), chunk.data());
    chunk.resize(static_cast<std::size_t>(std::max(rank, 0)));
    facts.chunk = signed_extents(chunk);
}

std::string layout_name(const Hdf5Dataset& dataset) {
    switch (dataset.layout) {
        case H5D_COMPACT: return "compact";
        case H5D_CONTIGUOUS: return dataset.external ? "external" : "contiguous";
        case H5D_CHUNKED: return "chunked " + shape_text(dataset.chunk);
        case H5D_VIRTUAL: return "virtual";
        default: return "of an unknown layout";
    }
}

}  // namespace

Hdf5Dataset describe_hdf5(hid_t dataset) {
    Hdf5Dataset facts;
    const Hdf5TypeHandle type(H5Dget_type(dataset));
    const Hdf5ListHandle creation(H5Dget_create_plist(dataset));
    facts.array.shape = shape_of_dataset(dataset);
    facts.array.dtype = dtype_of_type(type.get());
    facts.array.type_name = type_name_of(type.get());
    facts.big_endian = H5Tget_order(type.get()) == H5T_ORDER_BE && H5Tget_size(type.get()) > 1;
    facts.plain_type = facts.array.dtype && is_plain(type.get(), *facts.array.dtype);
    facts.layout = H5Pget_layout(creation.get());
    facts.external = H5Pget_external_count(creation.get()) > 0;
    describe_filters(creation.get(), facts);
    if (facts.layout == H5D_CHUNKED) describe_chunk(creation.get(), facts);
    if (facts.layout == H5D_CONTIGUOUS && !facts.external)
        if (const haddr_t offset = H5Dget_offset(dataset); offset != HADDR_UNDEF) facts.offset = offset;
    return facts;
}

std::string objection(const Hdf5Dataset& dataset) {
    if (std::string why = objection(dataset.array); !why.empty()) return why;
    if (dataset.missing_filter.empty()) return {};
    return fmt::format(
        "is compressed with '{}', for which the HDF5 library here has no plugin (HDF5_PLUGIN_PATH says "
        "where it looks)",
        dataset.missing_filter);
}

bool mappable(const Hdf5Dataset& dataset) {
    return dataset.plain_type && dataset.filters.empty() && dataset.offset &&
           *dataset.offset % size_of(*dataset.array.dtype) == 0;
}

std::string layout_text(const Hdf5Dataset& dataset) {
    std::string text = layout_name(dataset);
    for (const std::string& filter : dataset.filters) text += ", " + filter;
    if (dataset.big_endian) text += ", big-endian";
    return text;
}

std::string storage_text(const Hdf5Dataset& dataset) {
    std::string text = layout_text(dataset);
    if (!objection(dataset).empty()) return text;
    return text + (mappable(dataset) ? ", mapped in place" : ", read into memory");
}

}  // namespace slicepool::io
