// Chains of filters: what passes between them, in which memory. Made-up filters here; real ones in registry_test.cpp.
#include <slicepool/filters/chain.hpp>

#include <cstddef>
#include <memory>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

#include "support/catch.hpp"

#include <slicepool/core/error.hpp>

namespace slicepool {
namespace {

// Where kernels were called: the addresses they read and wrote, in order.
struct Call {
    const std::byte* from;
    const std::byte* to;
};
std::vector<Call> calls;

// out = factor * in + offset, for any types; one row fewer when `drops_row`.
struct Linear {
    double factor = 1.0;
    double offset = 0.0;
    bool may_work_in_place = false;
    bool drops_row = false;
    std::size_t scratch_bytes = 0;

    FilterPlan plan(const SliceSpec& input, DType wish) const {
        if (!is_floating(wish)) throw InvalidArgument("linear: floating output only");
        SliceShape shape = input.shape;
        if (drops_row) --shape.rows;
        return {{shape, wish}, scratch_bytes, may_work_in_place && input.dtype == wish && !drops_row};
    }

    std::unique_ptr<SliceKernel> prepare(const SliceSpec&, DType) const {
        class Kernel final : public SliceKernel {
        public:
            explicit Kernel(const Linear& filter) : filter_(filter) {}
            void apply(const ConstSlice& input, const Slice& output) override {
                calls.push_back({input.data, output.data});
                if (filter_.factor == 13.0) throw std::runtime_error("thirteen");
                visit_dtype(input.dtype, [&]<class In>(std::type_identity<In>) {
                    visit_dtype(output.dtype, [&]<class Out>(std::type_identity<Out>) {
                        output.as<Out>() =
                            ((input.as<In>().topRows(output.shape.rows).template cast<double>()) * filter_.factor +
                             filter_.offset)
                                .template cast<Out>();
                    });
                });
            }

        private:
            Linear filter_;
        };
        return std::make_unique<Kernel>(*this);
    }
};

std::vector<float> run(const AnyFilter& filter, SliceShape shape) {
    std::vector<std::uint16_t> input;
    for (std::int64_t i = 0; i < shape.count(); ++i) input.push_back(static_cast<std::uint16_t>(i));
    const SliceSpec spec{shape, DType::u16};
    const FilterPlan plan = filter.plan(spec, DType::f32);
    std::vector<float> output(static_cast<std::size_t>(plan.output.shape.count()), -7.0F);
    calls.clear();
    filter.prepare(spec, DType::f32)
        ->apply(contiguous_slice(reinterpret_cast<std::byte*>(input.data()), DType::u16, shape),
                contiguous_slice(reinterpret_cast<std::byte*>(output.data()), DType::f32, plan.output.shape));
    return output;
}

TEST_CASE("a chain applies its filters in order", "[filters][chain]") {
    const std::vector<float> output =
        run(chain(Linear{.offset = 1.0}, Linear{.factor = 10.0}, Linear{.offset = 3.0}), {2, 2});
    CHECK(output == std::vector<float>{13.0F, 23.0F, 33.0F, 43.0F});
}

TEST_CASE("a chain put together at run time does what the one known at compile time does", "[filters][chain]") {
    const Linear a{.offset = 0.5}, b{.factor = 3.0, .may_work_in_place = true, .scratch_bytes = 100},
        c{.drops_row = true};
    const auto fixed = chain(a, b, c);
    const auto list = chain(std::vector<AnyFilter>{a, b, c});
    const SliceSpec spec{{5, 7}, DType::u16};
    CHECK(fixed.plan(spec, DType::f32).output == SliceSpec{{4, 7}, DType::f32});
    CHECK(fixed.plan(spec, DType::f32).scratch_bytes == list.plan(spec, DType::f32).scratch_bytes);
    CHECK(run(fixed, spec.shape) == run(list, spec.shape));
}

TEST_CASE("a chain of one is the filter itself", "[filters][chain]") {
    const Linear one{.factor = 2.0, .may_work_in_place = true, .scratch_bytes = 55};
    const FilterPlan plan = chain(one).plan({{3, 3}, DType::f32}, DType::f32);
    CHECK(plan.output == SliceSpec{{3, 3}, DType::f32});
    CHECK(plan.scratch_bytes == 55);
    CHECK(plan.in_place);
    CHECK(run(chain(one), {3, 3}) == run(one, {3, 3}));
    CHECK_THROWS_WITH(chain(one).plan({{3, 3}, DType::f32}, DType::u8), "linear: floating output only");
}

TEST_CASE("an empty chain is refused", "[filters][chain]") {
    CHECK_THROWS_WITH(chain(std::vector<AnyFilter>{}), "a chain needs at least one filter");
}

TEST_CASE("a chain counts its filters' scratch and the slices between them", "[filters][chain]") {
    const SliceSpec spec{{4, 5}, DType::f32};
    const Linear plain{.scratch_bytes = 1000}, in_place{.may_work_in_place = true, .scratch_bytes = 10};
    const std::size_t slice = 4 * 5 * sizeof(float);
    CHECK(chain(plain, plain).plan(spec, DType::f32).scratch_bytes == 2000 + slice);
    CHECK(chain(plain, plain, plain, plain).plan(spec, DType::f32).scratch_bytes == 4000 + 2 * slice);
    // In place at the end: on the output. In place in the middle: on the buffer that is there anyway.
    CHECK(chain(plain, in_place, in_place).plan(spec, DType::f32).scratch_bytes == 1020);
    CHECK(chain(plain, in_place, plain).plan(spec, DType::f32).scratch_bytes == 2010 + slice);
    CHECK(chain(plain, plain).plan(spec, DType::f64).scratch_bytes == 2000 + 2 * slice);
}

TEST_CASE("only filters that may work in place are given one slice for both", "[filters][chain]") {
    const Linear plain{.factor = 2.0}, in_place{.offset = 1.0, .may_work_in_place = true};
    for (unsigned pattern = 0; pattern < 64; ++pattern) {
        std::vector<AnyFilter> filters;
        double factor = 1.0, offset = 0.0;
        for (unsigned bit = 0; bit < 6; ++bit) {
            const bool is_in_place = (pattern >> bit & 1U) != 0;
            filters.push_back(is_in_place ? in_place : plain);
            is_in_place ? offset += 1.0 : (factor *= 2.0, offset *= 2.0);
        }
        INFO("pattern " << pattern);
        const std::vector<float> output = run(chain(filters), {2, 3});
        for (std::size_t i = 0; i < output.size(); ++i)
            CHECK(output[i] == static_cast<float>(factor * static_cast<double>(i) + offset));
        REQUIRE(calls.size() == 6);
        for (unsigned bit = 0; bit < 6; ++bit)
            if ((pattern >> bit & 1U) == 0) CHECK(calls[bit].from != calls[bit].to);
        for (unsigned bit = 1; bit < 6; ++bit) CHECK(calls[bit].from == calls[bit - 1].to);
    }
}

TEST_CASE("a chain works in place only where no filter reads what another has overwritten", "[filters][chain]") {
    const SliceSpec spec{{4, 5}, DType::f32};
    const Linear plain{}, in_place{.may_work_in_place = true};
    CHECK(chain(in_place, in_place).plan(spec, DType::f32).in_place);
    CHECK(chain(plain, plain).plan(spec, DType::f32).in_place);  // through the slice between them
    CHECK_FALSE(chain(plain, in_place).plan(spec, DType::f32).in_place);
    CHECK_FALSE(chain(in_place, in_place).plan({{4, 5}, DType::u16}, DType::f32).in_place);
}

TEST_CASE("an error in a chain names the filter by its place", "[filters][chain]") {
    const Linear one{};
    CHECK_THROWS_WITH(chain(one, one).plan({{3, 3}, DType::f32}, DType::u8),
                      "filter 1 of 2 in the chain: linear: floating output only");
    CHECK_THROWS_AS(run(chain(one, Linear{.factor = 13.0}), {2, 2}), std::runtime_error);
}

TEST_CASE("chains pass empty slices", "[filters][chain]") {
    CHECK(run(chain(Linear{}, Linear{}), {0, 4}).empty());
    CHECK(run(chain(Linear{}, Linear{}), {4, 0}).empty());
}

struct OwningFilter : Linear {
    std::string text;
};
static_assert(std::is_trivially_copyable_v<Chain<Linear, Linear, Linear>>, "a pool ships it as bytes");
static_assert(SliceFilter<Chain<Linear, OwningFilter>> && SliceFilter<AnyChain>);
static_assert(!std::is_trivially_copyable_v<Chain<Linear, OwningFilter>>);
static_assert(sizeof(Chain<Linear, Linear>) == 2 * sizeof(Linear));

}  // namespace
}  // namespace slicepool
