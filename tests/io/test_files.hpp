// test_files.hpp: directories that go when the test goes, .npy files made byte by byte, and pixels to compare.
// It does not use the code under test to make a file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include <slicepool/memory/volume.hpp>

namespace slicepool::test {

/// A new directory, removed with all in it.
class TemporaryDirectory {
public:
    TemporaryDirectory();
    ~TemporaryDirectory();
    TemporaryDirectory(const TemporaryDirectory&) = delete;
    TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

    [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }
    [[nodiscard]] std::string file(std::string_view name) const { return (path_ / name).native(); }
    /// Names in it, sorted, with spaces between.
    [[nodiscard]] std::string listing() const;

private:
    std::filesystem::path path_;
};

void write_bytes(const std::string& file, std::string_view bytes);
[[nodiscard]] std::string read_bytes(const std::string& file);

/// Magic, version and length, then `dictionary` as it is.
[[nodiscard]] std::string npy_start(std::string_view dictionary, int major = 1);
/// A whole file: the dictionary padded so that the pixels start at a multiple of 64.
[[nodiscard]] std::string npy_file(std::string_view dictionary, std::string_view pixels, int major = 1);

/// What the pixel with C-order index `i` holds in every sample: small enough for uint8.
[[nodiscard]] constexpr int sample_value(std::int64_t i) noexcept { return static_cast<int>((i * 7 + 3) % 251); }

/// `count` sample pixels, little endian or byte-swapped.
[[nodiscard]] std::string sample_pixels(DType dtype, std::int64_t count, bool big_endian = false);

/// Index of the first pixel (in C order) that is not its sample value, or -1.
[[nodiscard]] std::int64_t first_wrong_pixel(const AnyVolume& volume);

/// Reads every pixel; faults when one is not backed by the file.
double touch_every_pixel(const AnyVolume& volume);

/// Open descriptors of this process.
[[nodiscard]] std::size_t open_descriptors();

/// The message of the slicepool::Error that `action` throws, "" when it throws none.
template <class Action>
[[nodiscard]] std::string message_of(Action&& action) {
    try {
        action();
    } catch (const Error& error) {
        return error.what();
    }
    return {};
}

}  // namespace slicepool::test
