// output_test.cpp: an output file appears whole and under its name, or not at all.
// Full disks are in output_disk_test.cpp, HDF5 in hdf5_output_test.cpp.
#include <slicepool/core/error.hpp>
#include <slicepool/io/input.hpp>
#include <slicepool/io/output.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <optional>
#include <utility>

#include "io/test_files.hpp"
#include "memory/storage.hpp"
#include "support/catch.hpp"

using namespace slicepool;
using io::OutputFile;

namespace {

void fill(const AnyVolume& volume) {
    const std::string pixels = test::sample_pixels(volume.dtype(), volume.shape().count());
    std::memcpy(volume.data(), pixels.data(), pixels.size());
}

constexpr uid_t kNobody = 65534;

/// Root may write anywhere: for the time of this object the program is nobody, where it was root.
class Unprivileged {
public:
    Unprivileged() : user_(::geteuid()) {
        if (user_ == 0) REQUIRE(::seteuid(kNobody) == 0);
    }
    ~Unprivileged() {
        if (user_ == 0) CHECK(::seteuid(user_) == 0);
    }
    Unprivileged(const Unprivileged&) = delete;
    Unprivileged& operator=(const Unprivileged&) = delete;

private:
    uid_t user_;
};

}  // namespace

TEST_CASE("an output file appears under its name when it is committed", "[io][output]") {
    const test::TemporaryDirectory directory;
    const DType dtype = GENERATE(DType::u8, DType::u16, DType::i16, DType::i32, DType::f32, DType::f64);
    const std::string name = directory.file("out.npy");
    {
        OutputFile out = OutputFile::create(name, dtype, {3, 5, 7});
        CHECK(out.volume().writable());
        CHECK(out.volume().dtype() == dtype);
        CHECK(out.volume().shape() == Shape{3, 5, 7});
        CHECK(reinterpret_cast<std::uintptr_t>(out.volume().data()) % 4096 == 0);
        fill(out.volume());
        CHECK_FALSE(std::filesystem::exists(name));
        CHECK(directory.listing().starts_with("out.npy.partial-" + std::to_string(::getpid()) + "-"));
        out.commit();
        CHECK(directory.listing() == "out.npy");
        out.commit();
    }
    CHECK(directory.listing() == "out.npy");
    const AnyVolume back = io::open_volume(name);
    CHECK(back.dtype() == dtype);
    CHECK(test::first_wrong_pixel(back) == -1);
    CHECK(std::filesystem::file_size(name) == 4096 + back.bytes());
}

TEST_CASE("an output file that is not committed leaves nothing", "[io][output]") {
    const test::TemporaryDirectory directory;
    AnyVolume volume;
    {
        const OutputFile out = OutputFile::create(directory.file("out.npy"), DType::f32, {3, 5, 7});
        volume = out.volume();
    }
    CHECK(directory.listing().empty());
    fill(volume);
    CHECK(test::first_wrong_pixel(volume) == -1);
}

TEST_CASE("an existing .npy file is untouched until the commit", "[io][output]") {
    const test::TemporaryDirectory directory;
    const std::string name = directory.file("out.npy");
    test::write_bytes(name, "precious");
    { const OutputFile abandoned = OutputFile::create(name, DType::f32, {3, 5, 7}); }
    CHECK(test::read_bytes(name) == "precious");
    OutputFile out = OutputFile::create(name, DType::f32, {3, 5, 7});
    fill(out.volume());
    CHECK(test::read_bytes(name) == "precious");
    out.commit();
    CHECK(test::first_wrong_pixel(io::open_volume(name)) == -1);
}

TEST_CASE("an output that is a link writes where it points", "[io][output]") {
    const test::TemporaryDirectory directory;
    std::filesystem::create_directory(directory.file("big-disk"));
    test::write_bytes(directory.file("big-disk/real.npy"), "old");
    std::filesystem::create_symlink("big-disk/real.npy", directory.file("out.npy"));
    OutputFile out = OutputFile::create(directory.file("out.npy"), DType::f32, {3, 5, 7});
    fill(out.volume());
    out.commit();
    CHECK(std::filesystem::is_symlink(directory.file("out.npy")));
    CHECK(test::first_wrong_pixel(io::open_volume(directory.file("big-disk/real.npy"))) == -1);
}

TEST_CASE("several partial files of one name do not meet", "[io][output]") {
    const test::TemporaryDirectory directory;
    OutputFile first = OutputFile::create(directory.file("out.npy"), DType::u8, {1, 1, 1});
    OutputFile second = OutputFile::create(directory.file("out.npy"), DType::u8, {1, 1, 1});
    *first.volume().data() = std::byte{1};
    *second.volume().data() = std::byte{2};
    second.commit();
    first.commit();
    CHECK(*io::open_volume(directory.file("out.npy")).data() == std::byte{1});
}

TEST_CASE("the partial file of a killed process is left alone", "[io][output]") {
    const test::TemporaryDirectory directory;
    std::string taken;
    {
        const OutputFile out = OutputFile::create(directory.file("out.npy"), DType::u8, {1, 1, 1});
        taken = directory.listing();
    }
    const std::size_t digits = taken.rfind('-') + 1;
    const std::string next = taken.substr(0, digits) + std::to_string(std::stoul(taken.substr(digits)) + 1);
    test::write_bytes(directory.file(next), "remains");
    OutputFile out = OutputFile::create(directory.file("out.npy"), DType::u8, {1, 1, 1});
    out.commit();
    CHECK(directory.listing() == "out.npy " + next);
    CHECK(test::read_bytes(directory.file(next)) == "remains");
}

TEST_CASE("an output file can be moved", "[io][output]") {
    const test::TemporaryDirectory directory;
    std::optional<OutputFile> kept;
    {
        OutputFile out = OutputFile::create(directory.file("out.npy"), DType::f32, {3, 5, 7});
        kept = std::move(out);
    }
    fill(kept->volume());
    kept = OutputFile::create(directory.file("other.npy"), DType::f32, {3, 5, 7});
    CHECK(directory.listing().starts_with("other.npy.partial-"));
    kept->commit();
    kept.reset();
    CHECK(directory.listing() == "other.npy");
}

TEST_CASE("volumes without pixels can be written", "[io][output]") {
    const test::TemporaryDirectory directory;
    for (const Shape& shape : {Shape{0, 5, 7}, Shape{5, 0, 7}, Shape{0, 0, 0}}) {
        OutputFile out = OutputFile::create(directory.file("out.npy"), DType::f32, shape);
        out.commit();
        CHECK(io::open_volume(directory.file("out.npy")).shape() == shape);
    }
}

TEST_CASE("pixels written by a forked process are in the file", "[io][output]") {
    const test::TemporaryDirectory directory;
    OutputFile out = OutputFile::create(directory.file("out.npy"), DType::f32, {3, 5, 7});
    const pid_t child = ::fork();
    if (child == 0) {
        fill(out.volume());
        { const OutputFile gone = std::move(out); }  // a stranger's copy of the owner must not remove the file
        ::_exit(0);
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    REQUIRE(status == 0);
    out.commit();
    CHECK(test::first_wrong_pixel(io::open_volume(directory.file("out.npy"))) == -1);
}

TEST_CASE("an output that cannot be is refused and leaves nothing", "[io][output][badinput]") {
    const test::TemporaryDirectory directory;
    const auto create = [&](const std::string& name, const Shape& shape = {1, 1, 1}) {
        return OutputFile::create(directory.file(name), DType::f32, shape);
    };
    CHECK_THROWS_AS(create("out.tif"), InvalidArgument);
    CHECK_THROWS_AS(create("out"), InvalidArgument);
    CHECK_THROWS_AS(create("out.npy", {-1, 1, 1}), InvalidArgument);
    CHECK_THROWS_AS(create("out.npy", {0, std::int64_t{1} << 40, std::int64_t{1} << 40}), InvalidArgument);
    CHECK_THROWS_AS(create("out.npy", {std::int64_t{1} << 40, std::int64_t{1} << 40, 1}), InvalidArgument);
    CHECK_THROWS_AS(create("missing/out.npy"), SystemError);
    CHECK(test::message_of([&] { return create("missing/out.npy"); }).find(directory.file("missing")) !=
          std::string::npos);
    CHECK_THROWS_AS(OutputFile::create("/dev/null", DType::f32, {1, 1, 1}), InvalidArgument);
    CHECK(directory.listing().empty());
    std::filesystem::create_directory(directory.file("folder.npy"));
    CHECK_THROWS_AS(create("folder.npy"), InvalidArgument);
    std::filesystem::create_symlink("/dev/zero", directory.file("device.npy"));
    CHECK_THROWS_AS(create("device.npy"), InvalidArgument);
    test::write_bytes(directory.file("old.npy"), "old");
    CHECK_THROWS_AS(create("old.npy:/data"), InvalidArgument);
    CHECK(directory.listing() == "device.npy folder.npy old.npy");
}

TEST_CASE("a directory that may not be written to is named", "[io][output][badinput]") {
    const test::TemporaryDirectory directory;
    std::filesystem::permissions(directory.path(), std::filesystem::perms(0555));
    const std::string file = directory.file("out.npy");
    {
        const Unprivileged nobody;
        CHECK_THROWS_AS(OutputFile::create(file, DType::f32, {1, 1, 1}), SystemError);
        CHECK(test::message_of([&] {
                  return OutputFile::create(file, DType::f32, {1, 1, 1});
              }).find(file) != std::string::npos);
    }
    std::filesystem::permissions(directory.path(), std::filesystem::perms::owner_all);
    CHECK(directory.listing().empty());
}

TEST_CASE("writing leaves no descriptor behind", "[io][output]") {
    const test::TemporaryDirectory directory;
    const std::size_t before = test::open_descriptors();
    {
        OutputFile out = OutputFile::create(directory.file("out.npy"), DType::f32, {3, 5, 7});
        CHECK(test::open_descriptors() == before + 1);
        out.commit();
        CHECK(out.volume().storage()->descriptor() >= 0);
    }
    { const OutputFile abandoned = OutputFile::create(directory.file("out.npy"), DType::f32, {3, 5, 7}); }
    CHECK_THROWS_AS(OutputFile::create(directory.file("out.tif"), DType::f32, {3, 5, 7}), InvalidArgument);
    CHECK(test::open_descriptors() == before);
}
