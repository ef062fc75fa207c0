// Populating the pages of an output slice: memory comes at once, pixels stay.
#include "memory/populate.hpp"

#include "memory/arena.hpp"
#include "os/mapping.hpp"
#include "support/catch.hpp"

#include <slicepool/memory/volume.hpp>

using namespace slicepool;

namespace {

bool kernel_populates() {
    const os::FileDescriptor file = os::sealed_memory_file("probe", os::page_bytes());
    const auto mapped = os::Mapping::of_file(file.get(), 0, os::page_bytes(), os::Access::read_write, "probe");
    return !os::populate(mapped.range(), os::Access::read_write) && os::allocated_bytes(file.get()) > 0;
}

}  // namespace

TEST_CASE("populating a slice brings its pages and keeps what its neighbours hold", "[memory][populate]") {
    release_unused_memory();
    const int axis = GENERATE(0, 1);
    const auto volume = Volume<float>::create({4, 3, 3000});
    for (std::int64_t i = 0; i < volume.shape().count(); ++i) volume.data()[i] = static_cast<float>(i);
    CHECK_FALSE(populate_for_writing(PixelMap(volume), axis, 1));
    std::int64_t wrong = 0;
    for (std::int64_t i = 0; i < volume.shape().count(); ++i) wrong += volume.data()[i] != static_cast<float>(i);
    CHECK(wrong == 0);
}

TEST_CASE("populating a slice costs that slice's memory, not the volume's", "[memory][populate]") {
    if (!kernel_populates()) {
        WARN("not checked: this kernel (before 5.14) has no MADV_POPULATE_WRITE");
        return;
    }
    release_unused_memory();
    const std::uint64_t before = Arena::instance().populated_bytes();
    const auto volume = Volume<float>::create({64, 256, 256});  // 256 KiB a slice
    CHECK_FALSE(populate_for_writing(PixelMap(volume), 0, 17));
    const std::uint64_t grown = Arena::instance().populated_bytes() - before;
    CHECK(grown >= 256 * 1024);
    CHECK(grown < 1024 * 1024);
}

TEST_CASE("slices with short or scattered rows and empty slices are left to the faults", "[memory][populate]") {
    const auto volume = Volume<float>::create({3, 5, 7});
    for (int axis = 0; axis < 3; ++axis) CHECK_FALSE(populate_for_writing(PixelMap(volume), axis, 0));
    const auto empty = Volume<float>::create({3, 0, 7});
    CHECK_FALSE(populate_for_writing(PixelMap(empty), 0, 1));
}
