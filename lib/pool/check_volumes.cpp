#include "pool/check_volumes.hpp"

#include <slicepool/core/core_share.hpp>
#include <slicepool/core/error.hpp>
#include "os/mapping.hpp"

#include <fmt/format.h>

#include <span>

namespace slicepool {
namespace {

using Part = SliceInput::Part;

std::string numbered(const char* name, std::size_t number, std::size_t count) {
    return count == 1 ? name : fmt::format("{} {}", name, number);
}

bool same_pixels(const AnyVolume& a, const AnyVolume& b) {
    return a.data() == b.data() && a.dtype() == b.dtype() && a.shape() == b.shape() && a.strides() == b.strides();
}

/// From the first to the last byte of its pixels.
std::span<const std::byte> bytes_of(const AnyVolume& volume) {
    if (volume.shape().count() == 0) return {};
    std::int64_t bytes = static_cast<std::int64_t>(size_of(volume.dtype()));
    for (int axis = 0; axis < 3; ++axis)
        bytes += (volume.shape()[axis] - 1) * volume.strides()[static_cast<std::size_t>(axis)];
    return {volume.data(), static_cast<std::size_t>(bytes)};
}

/// A worker process has volumes read-only, but for the outputs of its own run.
void check_writable_in_worker(const SliceRequest& request) {
    if (!core_share()) return;
    for (std::size_t i = 0; i < request.outputs.size(); ++i)
        if (!os::is_writable(bytes_of(request.outputs[i].volume)))
            throw InvalidArgument(
                fmt::format("the {} cannot be written in this worker process: a call within a worker may write to the "
                            "outputs of its worker's run only. Make the call outside, or return values by parallel",
                            name_of_output(request, i)));
}

void check_handles(const SliceRequest& request) {
    const auto check = [](const AnyVolume& volume, const std::string& name) {
        if (!volume)
            throw InvalidArgument(fmt::format("the {} is empty-handed: create, adopt or open a volume first", name));
    };
    for (std::size_t i = 0; i < request.inputs.size(); ++i) check(request.inputs[i].volume, name_of_input(request, i));
    for (std::size_t i = 0; i < request.outputs.size(); ++i) {
        check(request.outputs[i].volume, name_of_output(request, i));
        if (!request.outputs[i].volume.writable())
            throw InvalidArgument(
                fmt::format("the {} volume is a file opened for reading only", name_of_output(request, i)));
    }
}

/// Inputs' slices have one shape, but for those of which it is not asked.
void check_slice_shapes(const SliceRequest& request, int axis) {
    const SliceInput* first = nullptr;
    std::string first_name;
    for (std::size_t i = 0; i < request.inputs.size() && first == nullptr; ++i) {
        if (request.inputs[i].part != Part::slice) continue;
        first = &request.inputs[i];
        first_name = name_of_input(request, i);
    }
    for (std::size_t i = 0; i < request.inputs.size(); ++i) {
        const auto& [volume, part] = request.inputs[i];
        const std::string name = name_of_input(request, i);
        if (part != Part::slice && part != Part::image) continue;
        const int own_axis = part == Part::image ? image_axis(volume.shape(), axis) : axis;
        if (own_axis < 0)
            throw InvalidArgument(
                fmt::format("{} {} is no image to broadcast: one extent has to be 1. For all of its "
                            "slices at once there is whole()",
                            name, to_string(volume.shape())));
        if (first == nullptr) continue;
        const SliceShape expected = slice_shape(first->volume.shape(), axis);
        const SliceShape given = slice_shape(volume.shape(), own_axis);
        if (!(given == expected))
            throw InvalidArgument(fmt::format("{} has {} {}, but {} has slices {}: where that is meant, there is {}",
                                              name, part == Part::image ? "an image" : "slices", to_string(given),
                                              first_name, to_string(expected),
                                              part == Part::image ? "whole()" : "any_shape()"));
    }
}

}  // namespace

std::string name_of_input(const SliceRequest& request, std::size_t number) {
    return numbered("input", number, request.inputs.size());
}

std::string name_of_output(const SliceRequest& request, std::size_t number) {
    return numbered("output", number, request.outputs.size());
}

int image_axis(const Shape& shape, int axis) noexcept {
    if (shape[axis] == 1) return axis;
    for (int other = 0; other < 3; ++other)
        if (shape[other] == 1) return other;
    return -1;
}

std::int64_t check_volumes(const SliceRequest& request, int axis) {
    if (request.inputs.size() > kMostVolumes || request.outputs.size() > kMostVolumes || request.outputs.empty())
        throw InvalidArgument(fmt::format("{} inputs and {} outputs: a run has 0 to {} and 1 to {}",
                                          request.inputs.size(), request.outputs.size(), kMostVolumes, kMostVolumes));
    check_handles(request);
    const AnyVolume* first = nullptr;
    std::string first_name;
    const auto count = [&](const AnyVolume& volume, const std::string& name) {
        if (first == nullptr) {
            first = &volume;
            first_name = name;
        } else if (volume.shape()[axis] != first->shape()[axis]) {
            throw InvalidArgument(fmt::format("{} {} and {} {} differ in their number of slices along axis {}",
                                              first_name, to_string(first->shape()), name, to_string(volume.shape()),
                                              axis));
        }
    };
    for (std::size_t i = 0; i < request.inputs.size(); ++i)
        if (const Part part = request.inputs[i].part; part == Part::slice || part == Part::slice_any_shape)
            count(request.inputs[i].volume, name_of_input(request, i));
    for (std::size_t i = 0; i < request.outputs.size(); ++i)
        if (!request.outputs[i].is_table) count(request.outputs[i].volume, name_of_output(request, i));
    if (first == nullptr)
        throw InvalidArgument("nothing is sliced: every input is broadcast or whole, and every output a table");
    check_slice_shapes(request, axis);
    check_writable_in_worker(request);
    return first->shape()[axis];
}

void check_tables(const SliceRequest& request, std::int64_t selected) {
    for (std::size_t i = 0; i < request.outputs.size(); ++i) {
        const std::int64_t rows = request.outputs[i].volume.shape().depth - 1;  // the last is the missing one
        if (request.outputs[i].is_table && rows != selected)
            throw InvalidArgument(
                fmt::format("{} is a table of {} rows, but the selection has {} slices: a row for each",
                            name_of_output(request, i), rows, selected));
    }
}

void check_overlaps(const SliceRequest& request, InPlace in_place, const char* why_not) {
    for (std::size_t o = 0; o < request.outputs.size(); ++o) {
        const AnyVolume& output = request.outputs[o].volume;
        for (std::size_t i = 0; i < request.inputs.size(); ++i) {
            const AnyVolume& input = request.inputs[i].volume;
            if (!overlap(input, output) || (in_place == InPlace::allowed && same_pixels(input, output))) continue;
            throw InvalidArgument(fmt::format("{} and {} share pixels: {}; give an output volume of its own",
                                              name_of_input(request, i), name_of_output(request, o), why_not));
        }
        for (std::size_t other = 0; other < o; ++other)
            if (overlap(request.outputs[other].volume, output))
                throw InvalidArgument(
                    fmt::format("{} and {} share pixels: each slice is written by one worker, without "
                                "an order between outputs; give each a volume of its own",
                                name_of_output(request, other), name_of_output(request, o)));
    }
}

}  // namespace slicepool
