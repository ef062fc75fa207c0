// Volumes: made, adopted, laid out, shared with forked processes.
#include <slicepool/memory/volume.hpp>

#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <numeric>
#include <vector>

#include "memory/storage.hpp"
#include "os/forked.hpp"
#include "os/machine.hpp"
#include "os/mapping.hpp"
#include "support/catch.hpp"
#include "support/messages.hpp"

#include <slicepool/core/error.hpp>

using namespace slicepool;

namespace {

/// What pixel (z, y, x) holds in these tests, small enough for every type.
int mark(std::int64_t z, std::int64_t y, std::int64_t x) { return static_cast<int>((z * 31 + y * 7 + x) % 100); }

template <class T>
void paint(const Volume<T>& volume) {
    for (std::int64_t z = 0; z < volume.shape().depth; ++z)
        for (std::int64_t y = 0; y < volume.shape().height; ++y)
            for (std::int64_t x = 0; x < volume.shape().width; ++x) volume(z, y, x) = static_cast<T>(mark(z, y, x));
}

template <class T>
std::int64_t wrong_pixels(const Volume<T>& volume) {
    std::int64_t wrong = 0;
    for (std::int64_t z = 0; z < volume.shape().depth; ++z)
        for (std::int64_t y = 0; y < volume.shape().height; ++y)
            for (std::int64_t x = 0; x < volume.shape().width; ++x)
                wrong += volume(z, y, x) != static_cast<T>(mark(z, y, x));
    return wrong;
}

/// Slices of every axis against index arithmetic.
template <class T>
std::int64_t wrong_slice_pixels(const Volume<T>& volume) {
    std::int64_t wrong = 0;
    for (int axis = 0; axis < 3; ++axis) {
        for (std::int64_t index = 0; index < volume.shape()[axis]; ++index) {
            const SliceView<T> slice = volume.slice(axis, index);
            const SliceShape shape = slice_shape(volume.shape(), axis);
            if (slice.rows() != shape.rows || slice.cols() != shape.columns) return -1;
            for (std::int64_t row = 0; row < shape.rows; ++row)
                for (std::int64_t column = 0; column < shape.columns; ++column)
                    wrong += slice(row, column) != (axis == 0   ? volume(index, row, column)
                                                    : axis == 1 ? volume(row, index, column)
                                                                : volume(row, column, index));
        }
    }
    return wrong;
}

}  // namespace

TEMPLATE_TEST_CASE("a volume holds pixels of every type, and its slices find them", "[memory][volume]", std::uint8_t,
                   std::uint16_t, std::int16_t, std::int32_t, float, double) {
    const Shape shape{3, 5, 7};
    const auto volume = Volume<TestType>::create(shape);
    CHECK(volume.shape() == shape);
    CHECK(volume.any().dtype() == dtype_of<TestType>);
    CHECK(volume.strides() == contiguous_strides(shape, dtype_of<TestType>));
    CHECK(volume.any().bytes() == 105 * sizeof(TestType));
    CHECK(volume.any().writable());
    CHECK(volume.any().copied_bytes() == 0);
    CHECK(reinterpret_cast<std::uintptr_t>(volume.data()) % os::page_bytes() == 0);
    paint(volume);
    CHECK(wrong_pixels(volume) == 0);
    CHECK(wrong_slice_pixels(volume) == 0);
}

TEST_CASE("a volume of no pixels has no slices along its empty axis, and empty ones along the others",
          "[memory][volume]") {
    const Shape shape = GENERATE(Shape{0, 3, 5}, Shape{3, 0, 5}, Shape{3, 5, 0}, Shape{0, 0, 0});
    const auto volume = AnyVolume::create(DType::f32, shape);
    CHECK(volume);
    CHECK(volume.bytes() == 0);
    for (int axis = 0; axis < 3; ++axis) {
        if (shape[axis] == 0)
            CHECK_THROWS_AS(volume.slice(axis, 0), InvalidArgument);
        else
            CHECK(volume.slice(axis, 0).shape.count() == 0);
    }
    for (int axis = 0; axis < 3; ++axis)
        CHECK_NOTHROW(AnyVolume::create(DType::f32, shape, Layout::contiguous_slices(axis)));
}

TEST_CASE("a handle without a volume says so", "[memory][volume]") {
    const AnyVolume none;
    CHECK_FALSE(none);
    CHECK_FALSE(none.writable());
    CHECK(none.bytes() == 0);
    CHECK(none.copied_bytes() == 0);
    CHECK_THROWS_AS(none.slice(0, 0), InvalidArgument);
}

TEST_CASE("a slice or an axis that is not there is refused by its number", "[memory][volume]") {
    const auto volume = AnyVolume::create(DType::u8, {2, 3, 5});
    CHECK(test::missing_in(test::message_of<InvalidArgument>([&] { static_cast<void>(volume.slice(1, 3)); }),
                           {"slice 3", "axis 1", "(2, 3, 5)", "0 to 2"}) == "");
    CHECK_THROWS_AS(volume.slice(0, -1), InvalidArgument);
    CHECK_THROWS_AS(volume.slice(3, 0), InvalidArgument);
    CHECK_THROWS_AS(volume.slice(-4, 0), InvalidArgument);
    CHECK(volume.slice(-1, 4).data == volume.slice(2, 4).data);
}

TEST_CASE("a shape that no machine has is refused before memory is asked for", "[memory][volume]") {
    constexpr std::int64_t kHuge = std::int64_t{1} << 61;
    CHECK_THROWS_AS(AnyVolume::create(DType::u8, {-1, 2, 3}), InvalidArgument);
    CHECK_THROWS_AS(AnyVolume::create(DType::f64, {kHuge, 2, 3}), InvalidArgument);
    CHECK_THROWS_AS(AnyVolume::create(DType::u8, {kHuge, 1, 1}), SystemError);
    // Each slice on a page of its own: 2^52 + 1 pages are more than 2^64 bytes.
    CHECK_THROWS_AS(AnyVolume::create(DType::u8, {(std::int64_t{1} << 52) + 1, 1, 1}, Layout::contiguous_slices(0)),
                    Error);
    CHECK_THROWS_AS(AnyVolume::create(DType::u8, {1, 1, kHuge}, Layout::contiguous_slices(2)), Error);
}

TEST_CASE("a volume larger than the machine is refused with both sizes", "[memory][volume]") {
    const auto pages = static_cast<std::int64_t>(4 * os::total_memory() / 4096);
    try {
        static_cast<void>(AnyVolume::create(DType::u8, {pages, 4096, 1}));
        FAIL("it was accepted");
    } catch (const SystemError& error) {
        CHECK(error.code() == std::errc::not_enough_memory);
        CHECK(test::missing_in(error.what(), {"a volume of", "GB are available"}) == "");
    }
}

TEST_CASE("pixels live until the last handle, slice holder or view is gone", "[memory][volume]") {
    auto volume = Volume<std::uint8_t>::create({4, 4, 4});
    paint(volume);
    AnyVolume copy = volume.any();
    const Volume<std::uint8_t> view = volume.view({}, {}, {});
    const auto weak = std::weak_ptr(volume.any().storage());
    volume = {};
    copy = {};
    CHECK_FALSE(weak.expired());
    CHECK(wrong_pixels(view) == 0);
}

TEST_CASE("the memory of a freed volume serves the next of its size", "[memory][volume]") {
    release_unused_memory();
    const Shape shape{17, 33, 1001};
    std::byte* address = nullptr;
    {
        const auto first = AnyVolume::create(DType::f32, shape);
        address = first.data();
    }
    const auto second = AnyVolume::create(DType::f32, shape);
    CHECK(second.data() == address);
}

TEST_CASE("adopting copies C-contiguous pixels and counts their bytes", "[memory][volume]") {
    const Shape shape{2, 3, 5};
    std::vector<std::int16_t> pixels(30);
    std::iota(pixels.begin(), pixels.end(), std::int16_t{-3});
    const auto volume = Volume<std::int16_t>::adopt(pixels.data(), shape);
    pixels.assign(30, 99);
    CHECK(volume.any().copied_bytes() == 60);
    CHECK(volume(0, 0, 0) == -3);
    CHECK(volume(1, 2, 4) == 26);
    CHECK(volume.view({}, {}, {0, 2, 1}).any().copied_bytes() == 60);
}

TEST_CASE("adopting follows the caller's strides, also backwards and repeating", "[memory][volume]") {
    std::vector<float> pixels(1000);
    std::iota(pixels.begin(), pixels.end(), 0.0F);
    struct Case {
        std::int64_t offset;
        Strides strides;  // in pixels here
    };
    const Case strided =
        GENERATE(Case{0, {100, 10, 1}}, Case{0, {1, 10, 100}}, Case{5, {200, 20, 2}}, Case{999, {-100, -10, -1}},
                 Case{500, {100, -20, 3}}, Case{7, {0, 0, 0}}, Case{3, {100, 0, 2}});
    const Shape shape{3, 4, 5};
    const Strides bytes{strided.strides[0] * 4, strided.strides[1] * 4, strided.strides[2] * 4};
    const auto volume = Volume<float>::adopt(pixels.data() + strided.offset, shape, bytes);
    std::int64_t wrong = 0;
    for (std::int64_t z = 0; z < 3; ++z)
        for (std::int64_t y = 0; y < 4; ++y)
            for (std::int64_t x = 0; x < 5; ++x)
                wrong += volume(z, y, x) != static_cast<float>(strided.offset + z * strided.strides[0] +
                                                               y * strided.strides[1] + x * strided.strides[2]);
    CHECK(wrong == 0);
    CHECK(volume.any().copied_bytes() == 240);
    CHECK(volume.strides() == contiguous_strides(shape, DType::f32));
}

TEST_CASE("adopting strides that fall between pixels is refused or right, never silently wrong", "[memory][volume]") {
    // A packed record of a float and a short: floats 6 bytes apart.
    std::vector<std::byte> records(6 * 4);
    for (int i = 0; i < 4; ++i) {
        const auto value = static_cast<float>(i + 1);
        std::memcpy(records.data() + 6 * i, &value, sizeof value);
    }
    try {
        const auto volume = Volume<float>(AnyVolume::adopt(records.data(), DType::f32, {1, 1, 4}, {24, 24, 6}));
        for (int i = 0; i < 4; ++i) CHECK(volume(0, 0, i) == static_cast<float>(i + 1));
    } catch (const InvalidArgument& error) {
        CHECK(test::missing_in(error.what(), {"6"}) == "");
    }
}

TEST_CASE("adopting a volume of no pixels needs no memory of the caller's", "[memory][volume]") {
    const auto volume = AnyVolume::adopt(nullptr, DType::f32, {0, 3, 5}, {60, 20, 4});
    CHECK(volume.shape() == Shape{0, 3, 5});
    CHECK(volume.copied_bytes() == 0);
}

TEST_CASE("slices laid out contiguously start on pages of their own", "[memory][volume]") {
    const int axis = GENERATE(0, 1, 2, -1);
    const Shape shape{3, 5, 7};
    const auto volume = Volume<std::int32_t>::create(shape, Layout::contiguous_slices(axis));
    CHECK(volume.shape() == shape);
    for (std::int64_t index = 0; index < shape[normalise_axis(axis)]; ++index) {
        const Slice slice = volume.any().slice(axis, index);
        CHECK(reinterpret_cast<std::uintptr_t>(slice.data) % os::page_bytes() == 0);
        CHECK(slice.has_contiguous_rows());
        CHECK(slice.row_stride == slice.shape.columns * 4);
    }
    paint(volume);
    CHECK(wrong_pixels(volume) == 0);
    CHECK(wrong_slice_pixels(volume) == 0);
    const auto& range = volume.any().storage()->range();
    CHECK(range.size() >= static_cast<std::size_t>(shape[normalise_axis(axis)]) * os::page_bytes());
    CHECK_THROWS_AS(Layout::contiguous_slices(3), InvalidArgument);
}

TEST_CASE("a typed handle on pixels of another type is refused by both names", "[memory][volume]") {
    const auto volume = AnyVolume::create(DType::u16, {1, 2, 3});
    CHECK_NOTHROW(Volume<std::uint16_t>(volume));
    CHECK(test::missing_in(test::message_of<InvalidArgument>([&] { static_cast<void>(Volume<float>(volume)); }),
                           {"uint16", "float32"}) == "");
    CHECK_THROWS_AS(Volume<std::int16_t>(volume), InvalidArgument);
}

TEST_CASE("a forked process sees a volume at the same address, and what it writes comes back", "[memory][volume]") {
    const auto volume = Volume<std::int32_t>::create({3, 5, 7});
    paint(volume);
    volume(2, 4, 6) = -1;
    const auto ending = test::forked([&] {
        if (volume(2, 4, 6) != -1) return 1;
        paint(volume);
        return 0;
    });
    CHECK(ending.code == 0);
    CHECK(wrong_pixels(volume) == 0);
}

TEST_CASE("a process forked before a volume was made has the memory it lies in", "[memory][volume]") {
    static_cast<void>(AnyVolume::create(DType::u8, {1, 1, 1}));  // the arena exists
    int pipe_ends[2];
    REQUIRE(::pipe(pipe_ends) == 0);
    const pid_t child = test::start_forked([&] {
        ::close(pipe_ends[1]);
        std::int32_t* pixel = nullptr;
        if (::read(pipe_ends[0], &pixel, sizeof pixel) != static_cast<ssize_t>(sizeof pixel)) return 1;
        if (*pixel != 41) return 2;
        ++*pixel;
        return 0;
    });
    const auto volume = Volume<std::int32_t>::create({64, 64, 64});
    std::int32_t* const pixel = &volume(63, 62, 61);
    *pixel = 41;
    CHECK(::write(pipe_ends[1], &pixel, sizeof pixel) == static_cast<ssize_t>(sizeof pixel));
    ::close(pipe_ends[0]);
    ::close(pipe_ends[1]);
    CHECK(test::ending_of(child).code == 0);
    CHECK(*pixel == 42);
}
