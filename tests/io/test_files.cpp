#include "io/test_files.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <set>
#include <stdexcept>
#include <type_traits>

namespace slicepool::test {

namespace fs = std::filesystem;

TemporaryDirectory::TemporaryDirectory() {
    std::string name = (fs::temp_directory_path() / "slicepool-io-XXXXXX").native();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp failed for " + name);
    path_ = name;
}

TemporaryDirectory::~TemporaryDirectory() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
}

std::string TemporaryDirectory::listing() const {
    std::set<std::string> names;
    for (const fs::directory_entry& entry : fs::directory_iterator(path_))
        names.insert(entry.path().filename().native());
    std::string text;
    for (const std::string& name : names) text += (text.empty() ? "" : " ") + name;
    return text;
}

void write_bytes(const std::string& file, std::string_view bytes) {
    std::ofstream(file, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

std::string read_bytes(const std::string& file) {
    std::ifstream stream(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
}

std::string npy_start(std::string_view dictionary, int major) {
    std::string start("\x93NUMPY", 6);
    start += {static_cast<char>(major), '\0'};
    for (int i = 0; i < (major == 1 ? 2 : 4); ++i) start += static_cast<char>(dictionary.size() >> (8 * i) & 0xff);
    return start.append(dictionary);
}

std::string npy_file(std::string_view dictionary, std::string_view pixels, int major) {
    std::string padded(dictionary);
    while ((padded.size() + (major == 1 ? 10 : 12) + 1) % 64 != 0) padded += ' ';
    return npy_start(padded + '\n', major).append(pixels);
}

std::string sample_pixels(DType dtype, std::int64_t count, bool big_endian) {
    std::string bytes;
    for (std::int64_t i = 0; i < count; ++i)
        visit_dtype(dtype, [&]<class T>(std::type_identity<T>) {
            const T pixel = static_cast<T>(sample_value(i));
            char raw[sizeof(T)];
            std::memcpy(raw, &pixel, sizeof(T));
            if (big_endian) std::reverse(std::begin(raw), std::end(raw));
            bytes.append(raw, sizeof(T));
        });
    return bytes;
}

std::int64_t first_wrong_pixel(const AnyVolume& volume) {
    return visit_dtype(volume.dtype(), [&]<class T>(std::type_identity<T>) -> std::int64_t {
        const Volume<T> typed(volume);
        const Shape& shape = volume.shape();
        std::int64_t i = 0;
        for (std::int64_t z = 0; z < shape.depth; ++z)
            for (std::int64_t y = 0; y < shape.height; ++y)
                for (std::int64_t x = 0; x < shape.width; ++x, ++i)
                    if (typed(z, y, x) != static_cast<T>(sample_value(i))) return i;
        return -1;
    });
}

double touch_every_pixel(const AnyVolume& volume) {
    return visit_dtype(volume.dtype(), [&]<class T>(std::type_identity<T>) {
        const Volume<T> typed(volume);
        const Shape& shape = volume.shape();
        double sum = 0.0;
        if (shape.count() == 0) return sum;
        for (std::int64_t z = 0; z < shape.depth; ++z)
            for (std::int64_t y = 0; y < shape.height; ++y)
                for (std::int64_t x = 0; x < shape.width; ++x) sum += static_cast<double>(typed(z, y, x));
        return sum;
    });
}

std::size_t open_descriptors() {
    const fs::directory_iterator descriptors("/proc/self/fd");
    return static_cast<std::size_t>(std::distance(begin(descriptors), end(descriptors)));
}

}  // namespace slicepool::test
