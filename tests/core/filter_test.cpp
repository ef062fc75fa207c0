// Filters as values: borrowed and owned handles call what they were made from.
#include <slicepool/core/filter.hpp>

#include <string>
#include <typeinfo>

#include "support/catch.hpp"

using namespace slicepool;

namespace {

class Scaling {
public:
    explicit Scaling(float factor) : factor_(factor) {}
    [[nodiscard]] FilterPlan plan(const SliceSpec& input, DType wish) const {
        return {.output = {input.shape, wish}, .scratch_bytes = 17, .in_place = true};
    }
    [[nodiscard]] std::unique_ptr<SliceKernel> prepare(const SliceSpec&, DType) const {
        return std::make_unique<Kernel>(factor_);
    }

private:
    class Kernel final : public SliceKernel {
    public:
        explicit Kernel(float factor) : factor_(factor) {}
        void apply(const ConstSlice& input, const Slice& output) override {
            output.as<float>() = input.as<float>() * factor_;
        }

    private:
        float factor_;
    };
    float factor_;
};

template <class Filter>
float applied_to_two(const Filter& filter) {
    float input = 2;
    float output = 0;
    filter.prepare({{1, 1}, DType::f32}, DType::f32)
        ->apply(contiguous_slice(reinterpret_cast<std::byte*>(&input), DType::f32, {1, 1}),
                contiguous_slice(reinterpret_cast<std::byte*>(&output), DType::f32, {1, 1}));
    return output;
}

}  // namespace

TEST_CASE("a borrowed filter asks the filter it refers to", "[core][filter]") {
    STATIC_REQUIRE(SliceFilter<Scaling>);
    STATIC_REQUIRE_FALSE(SliceFilter<std::string>);
    const Scaling filter(3);
    const FilterRef ref(filter);
    CHECK(ref.object() == &filter);
    CHECK(*ref.operations()->type == typeid(Scaling));
    CHECK(ref.plan({{5, 7}, DType::u8}, DType::f64).output == SliceSpec{{5, 7}, DType::f64});
    CHECK(applied_to_two(ref) == 6.0F);
    // The bytes of a filter may be copied and called through the same table, as for a worker that exists already.
    const Scaling other(5);
    CHECK(applied_to_two(FilterRef(&other, ref.operations())) == 10.0F);
}

TEST_CASE("an owned filter outlives what it was made from, and its copies share it", "[core][filter]") {
    STATIC_REQUIRE(SliceFilter<AnyFilter>);
    AnyFilter filter = Scaling(3);
    const AnyFilter copy = filter;
    filter = Scaling(7);
    CHECK(applied_to_two(copy) == 6.0F);
    CHECK(applied_to_two(filter) == 14.0F);
    CHECK(copy.plan({{5, 7}, DType::u8}, DType::f64).scratch_bytes == 17);
}
