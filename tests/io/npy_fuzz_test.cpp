// npy_fuzz_test.cpp: whatever bytes a .npy file starts with, opening it ends in an Error or in a volume that lies
// within the file. Sentences in messages are checked in npy_bad_files_test.cpp.
#include <slicepool/core/error.hpp>
#include <slicepool/io/info.hpp>
#include <slicepool/io/input.hpp>

#include <filesystem>
#include <random>
#include <string>

#include "io/test_files.hpp"
#include "memory/storage.hpp"
#include "support/catch.hpp"

using namespace slicepool;

namespace {

class Damage {
public:
    explicit Damage(unsigned seed) : random_(seed) {}

    [[nodiscard]] std::size_t below(std::size_t limit) {
        return std::uniform_int_distribution<std::size_t>(0, limit - 1)(random_);
    }

    /// Some bytes of the header become others: any, or likely ones; sometimes bytes are lost or added.
    void apply(std::string& bytes, std::size_t header_bytes) {
        static const std::string likely = "0123456789(){}[],:'\"<>|=fiubcTrueFalse \n\\-";
        for (std::size_t changes = 1 + below(4); changes > 0; --changes) {
            const std::size_t at = below(header_bytes);
            const char c = below(2) == 0 ? likely[below(likely.size())] : static_cast<char>(below(256));
            switch (below(8)) {
                case 0: bytes.erase(at, 1); break;
                case 1: bytes.insert(at, 1, c); break;
                default: bytes[at] = c; break;
            }
        }
        if (below(10) == 0) bytes.resize(below(bytes.size()));
    }

private:
    std::mt19937 random_;
};

}  // namespace

TEST_CASE("damaged .npy files never lead outside the file", "[io][npy][fuzz]") {
    const unsigned seed = std::random_device{}();
    INFO("seed " << seed);
    Damage damage(seed);
    const test::TemporaryDirectory directory;
    const std::string file = directory.file("fuzz.npy");
    int opened = 0;
    int refused = 0;
    for (int i = 0; i < 2000; ++i) {
        const std::string start = test::npy_start("{'descr': '<f4', 'fortran_order': False, 'shape': (3, 5, 7)}  \n");
        std::string bytes = start + test::sample_pixels(DType::f32, 105) + std::string(damage.below(3) * 300, 'x');
        damage.apply(bytes, start.size());
        test::write_bytes(file, bytes);
        try {
            const AnyVolume volume = io::open_volume(file);
            const Storage& storage = *volume.storage();
            if (storage.descriptor() >= 0 && volume.bytes() > 0) {
                const auto from = static_cast<std::uint64_t>(volume.data() - storage.range().data()) + storage.offset();
                REQUIRE(from + volume.bytes() <= bytes.size());
            }
            INFO("sum " << test::touch_every_pixel(volume));
            ++opened;
        } catch (const Error&) {
            ++refused;
        }
    }
    CHECK(opened > 0);
    CHECK(refused > 0);
}
