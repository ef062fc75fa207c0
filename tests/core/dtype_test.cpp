// Pixel types: names, sizes, and the way from a run-time value to a type.
#include <slicepool/core/dtype.hpp>

#include <string>
#include <type_traits>

#include "support/catch.hpp"
#include "support/messages.hpp"

#include <slicepool/core/error.hpp>

using namespace slicepool;
using slicepool::test::message_of;
using slicepool::test::missing_in;

namespace {

struct Named {
    DType dtype;
    const char* numpy;
    const char* brief;
    std::size_t bytes;
    bool floating;
};

Named every_dtype() {
    return GENERATE(Named{DType::u8, "uint8", "u8", 1, false}, Named{DType::u16, "uint16", "u16", 2, false},
                    Named{DType::i16, "int16", "i16", 2, false}, Named{DType::i32, "int32", "i32", 4, false},
                    Named{DType::f32, "float32", "f32", 4, true}, Named{DType::f64, "float64", "f64", 8, true});
}

}  // namespace

TEST_CASE("a dtype has NumPy's name, and is found by it and by its short name", "[core][dtype]") {
    const Named named = every_dtype();
    CHECK(name_of(named.dtype) == named.numpy);
    CHECK(parse_dtype(named.numpy) == named.dtype);
    CHECK(parse_dtype(named.brief) == named.dtype);
    CHECK(size_of(named.dtype) == named.bytes);
    CHECK(is_floating(named.dtype) == named.floating);
}

TEST_CASE("a dtype we do not have is refused with a list of those we have", "[core][dtype]") {
    const std::string name = GENERATE("", "float", "Float32", "float32 ", "f16", "uint32", "int8", "complex64", "<f4");
    CHECK_THROWS_AS(parse_dtype(name), InvalidArgument);
    CHECK(missing_in(message_of<Error>([&] { static_cast<void>(parse_dtype(name)); }),
                     {"'" + name + "'", "uint8", "float64"}) == "");
}

TEST_CASE("visiting a dtype arrives at the type with that dtype", "[core][dtype]") {
    const Named named = every_dtype();
    const bool arrived = visit_dtype(named.dtype, [&]<class T>(std::type_identity<T>) {
        return dtype_of<T> == named.dtype && sizeof(T) == named.bytes && std::is_floating_point_v<T> == named.floating;
    });
    CHECK(arrived);
}
