// Blocks of neighbouring slices with a halo: what a function sees at the ends, and what a block costs when it fails.

#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <stdexcept>
#include <string>

#include <signal.h>

#include <slicepool/core/current_slice.hpp>

#include "support/every_backend.hpp"

using namespace slicepool;
using namespace slicepool::test;

namespace {

/// Slice `index` beyond the ends of `count`, as NumPy's pad lays it out.
std::int64_t padded(std::int64_t index, std::int64_t count, Beyond beyond) {
    while (index < 0 || index >= count) {
        if (beyond == Beyond::wrap) index += index < 0 ? count : -count;
        if (beyond == Beyond::nearest) index = index < 0 ? 0 : count - 1;
        if (beyond == Beyond::reflect) index = index < 0 ? -1 - index : 2 * count - 1 - index;
        if (beyond == Beyond::mirror) index = count == 1 ? 0 : index < 0 ? -index : 2 * count - 2 - index;
    }
    return index;
}

std::string refusal(const Blocks& blocks, const Options& options) {
    const auto input = numbered_volume<float>({6, 2, 3});
    const auto output = constant_volume<float>({6, 2, 3}, 0);
    try {
        process_blocks(
            inputs(input), outputs(output), [](auto, auto) {}, blocks, options);
    } catch (const InvalidArgument& error) {
        return error.what();
    }
    return "";
}

}  // namespace

TEST_CASE("a block sees its halo on every axis, and beyond the ends what was asked for", "[contract][blocks]") {
    const Backend backend = SLICEPOOL_EVERY_BACKEND;
    const int axis = GENERATE(0, 1, 2);
    const Beyond beyond = GENERATE(Beyond::reflect, Beyond::nearest, Beyond::mirror, Beyond::wrap);
    const std::int64_t halo = GENERATE(0, 1, 9);
    const std::int64_t size = GENERATE(1, 3, 7, 100);
    const auto input = numbered_volume<float>({7, 7, 7});
    const auto output = constant_volume<double>({7, 7, 7}, 0);
    const auto counts = Table<std::int64_t>::create(7);

    process_blocks(inputs(input), outputs(output, counts),
                   [halo](SliceStack<const float> in, SliceStack<double> out, std::span<std::int64_t> rows) {
                       for (std::int64_t i = 0; i < out.size(); ++i) {
                           out[i].setZero();
                           for (std::int64_t d = -halo; d <= halo; ++d)
                               out[i] += static_cast<double>(d + 20) * in[i + d].cast<double>();
                           rows[static_cast<std::size_t>(i)] = 1000 * in.before() + 100 * in.after() + out.size();
                       }
                   },
                   {.size = size, .halo = halo, .beyond = beyond}, {.axis = axis, .n_jobs = 2, .backend = backend})
        .raise();

    for (std::int64_t index = 0; index < 7; ++index) {
        Eigen::ArrayXXd expected = Eigen::ArrayXXd::Zero(7, 7);
        for (std::int64_t d = -halo; d <= halo; ++d)
            expected += static_cast<double>(d + 20) * input.slice(axis, padded(index + d, 7, beyond)).cast<double>();
        CHECK((output.slice(axis, index) == expected).all());
        const std::int64_t block = std::min<std::int64_t>(size, 7 - index / size * size);
        CHECK(counts[index] == 1100 * halo + block);
    }
}

TEST_CASE("a clipped halo ends with the volume", "[contract][blocks]") {
    const Backend backend = SLICEPOOL_EVERY_BACKEND;
    const int axis = GENERATE(0, 2);
    const auto input = numbered_volume<float>({8, 3, 8});
    const auto output = constant_volume<float>({8, 3, 8}, 0);
    const auto seen = Table<std::array<std::int64_t, 2>>::create(8);
    process_blocks(inputs(input), outputs(output, seen),
                   [](SliceStack<const float> in, SliceStack<float> out, std::span<std::array<std::int64_t, 2>> rows) {
                       for (std::int64_t i = 0; i < out.size(); ++i) {
                           out[i] = in[-in.before()] + in[in.size() + in.after() - 1];
                           rows[static_cast<std::size_t>(i)] = {in.before(), in.after()};
                       }
                   },
                   {.size = 3, .halo = 2, .beyond = Beyond::clip}, {.axis = axis, .n_jobs = 2, .backend = backend})
        .raise();
    using Seen = std::array<std::int64_t, 2>;
    CHECK(seen[0] == Seen{0, 2});
    CHECK(seen[3] == Seen{2, 2});
    CHECK(seen[7] == Seen{2, 0});
    CHECK((output.slice(axis, 1) == input.slice(axis, 0) + input.slice(axis, 4)).all());
    CHECK((output.slice(axis, 4) == input.slice(axis, 1) + input.slice(axis, 7)).all());
    CHECK((output.slice(axis, 6) == input.slice(axis, 4) + input.slice(axis, 7)).all());
}

TEST_CASE("a halo is of the volume, not of the selection", "[contract][blocks]") {
    const Backend backend = SLICEPOOL_EVERY_BACKEND;
    const int axis = GENERATE(0, 2);
    const std::int64_t step = GENERATE(1, 3);
    const auto input = numbered_volume<float>({20, 3, 20});
    const auto output = constant_volume<float>({20, 3, 20}, -1);
    process_blocks(
        inputs(input), outputs(output),
        [](SliceStack<const float> in, SliceStack<float> out) {
            for (std::int64_t i = 0; i < out.size(); ++i) out[i] = in[i - 1] + in[i + 1];
        },
        {.size = step == 1 ? 4 : 1, .halo = 1},
        {.axis = axis, .n_jobs = 2, .backend = backend, .first_slice = 5, .last_slice = 15, .slice_step = step})
        .raise();
    for (std::int64_t index = 0; index < 20; ++index) {
        const bool selected = index >= 5 && index < 15 && (index - 5) % step == 0;
        if (selected)
            CHECK((output.slice(axis, index) == input.slice(axis, index - 1) + input.slice(axis, index + 1)).all());
        else
            CHECK((output.slice(axis, index) == -1.0F).all());
    }
}

TEST_CASE("an exception costs the slices of its block, and no others", "[contract][blocks]") {
    const Backend backend = SLICEPOOL_EVERY_BACKEND;
    const int axis = GENERATE(0, 2);
    const auto input = numbered_volume<float>({10, 3, 10});
    const auto output = constant_volume<float>({10, 3, 10}, 0);
    const auto rows = Table<double>::create(10);
    const Report report =
        process_blocks(inputs(input), outputs(output, rows),
                       [](SliceStack<const float> in, SliceStack<float> out, std::span<double> means) {
                           for (std::int64_t i = 0; i < out.size(); ++i) {
                               out[i] = in[i];
                               means[static_cast<std::size_t>(i)] = 1;
                           }
                           if (current_slice() == 4) throw std::runtime_error("second block");
                       },
                       {.size = 4}, {.axis = axis, .n_jobs = 2, .backend = backend});
    const auto failures = report.failures();
    REQUIRE(failures.size() == 4);
    CHECK(report.count(SliceStatus::done) == 6);
    for (std::int64_t i = 0; i < 4; ++i) {
        CHECK(failures[static_cast<std::size_t>(i)].index == 4 + i);
        CHECK(describe(failures[static_cast<std::size_t>(i)].causes.at(0)) == "failed(second block)");
        CHECK(output.slice(axis, 4 + i).isNaN().all());
        CHECK(std::isnan(rows[4 + i]));
    }
    for (const std::int64_t index : {0, 3, 8, 9}) {
        CHECK((output.slice(axis, index) == input.slice(axis, index)).all());
        CHECK(rows[index] == 1);
    }
}

TEST_CASE("NaN fails its block, and the failure names the slice", "[contract][blocks]") {
    const Backend backend = SLICEPOOL_EVERY_BACKEND;
    const auto input = numbered_volume<float>({5, 3, 4});
    const auto output = constant_volume<float>({5, 3, 4}, 0);
    const Report report = process_blocks(inputs(input), outputs(output),
                                         [](SliceStack<const float> in, SliceStack<float> out) {
                                             for (std::int64_t i = 0; i < out.size(); ++i) out[i] = in[i];
                                             if (current_slice() == 2)
                                                 out[1](2, 3) = std::numeric_limits<float>::infinity();
                                         },
                                         {.size = 2}, {.n_jobs = 2, .backend = backend, .non_finite = NonFinite::fail});
    REQUIRE(report.failures().size() == 2);
    CHECK(describe(report.failures()[0].causes.at(0)) == "failed(slice 3: output pixel (2, 3) is inf)");
    CHECK(output.slice(0, 2).isNaN().all());
    CHECK((output.slice(0, 4) == input.slice(0, 4)).all());
}

TEST_CASE("blocks that cannot be are refused with what would be right", "[contract][blocks]") {
    const Backend backend = SLICEPOOL_EVERY_BACKEND;
    const Options options{.n_jobs = 2, .backend = backend};
    CHECK(refusal({.size = 0}, options) == "blocks of 0 slices: at least 1");
    CHECK(refusal({.size = 1, .halo = -1}, options) == "a halo of -1 slices: 0 or more");
    CHECK(refusal({.size = 2}, {.n_jobs = 2, .backend = backend, .slice_step = 2}) ==
          "blocks of 2 slices with slice step 2: the slices of a block are neighbours, so one of the two has to be 1");
    CHECK(refusal({.size = 2, .halo = 1}, options) == "");
}

TEST_CASE("a pool runs blocks", "[contract][blocks][pool]") {
    const Backend backend = SLICEPOOL_EVERY_BACKEND;
    Pool pool({.n_jobs = 2, .backend = backend});
    const auto input = numbered_volume<float>({10, 3, 4});
    const auto output = constant_volume<float>({10, 3, 4}, 0);
    const float factor = 2;
    pool.process_blocks(inputs(input), outputs(output),
                        [factor](SliceStack<const float> in, SliceStack<float> out) {
                            for (std::int64_t i = 0; i < out.size(); ++i) out[i] = factor * in[i + 1];
                        },
                        {.size = 4, .halo = 1, .beyond = Beyond::wrap})
        .raise();
    CHECK((output.slice(0, 2) == 2 * input.slice(0, 3)).all());
    CHECK((output.slice(0, 9) == 2 * input.slice(0, 0)).all());
}

// The thread sanitizer has no working runtime in a forked process.
#if !defined(__SANITIZE_THREAD__)

TEST_CASE("a crash costs exactly the slices of its block, and the report says so", "[contract][blocks][crash]") {
    const int axis = GENERATE(0, 2);
    const auto input = numbered_volume<float>({10, 3, 10});
    const auto output = constant_volume<float>({10, 3, 10}, 0);
    std::int64_t settled_at_most = 0;
    const Report report = process_blocks(
        inputs(input), outputs(output),
        [](SliceStack<const float> in, SliceStack<float> out) {
            for (std::int64_t i = 0; i < out.size(); ++i) out[i] = in[i];
            if (current_slice() == 3) raise(SIGKILL);
        },
        {.size = 3, .halo = 1},
        {.axis = axis,
         .n_jobs = 2,
         .backend = Backend::processes,
         .max_attempts = 2,
         .progress = [&](const Progress& now) { settled_at_most = std::max(settled_at_most, now.done + now.failed); }});
    const auto failures = report.failures();
    REQUIRE(failures.size() == 3);
    for (std::int64_t i = 0; i < 3; ++i) {
        const SliceOutcome& outcome = failures[static_cast<std::size_t>(i)];
        CHECK(outcome.index == 3 + i);
        CHECK(outcome.status == SliceStatus::crashed);
        CHECK(outcome.attempts == 2);
        CHECK(outcome.causes.at(1).signal == SIGKILL);
        CHECK(output.slice(axis, 3 + i).isNaN().all());
    }
    CHECK(report.deaths() == 2);
    CHECK(report.workers[0].slices_done + report.workers[1].slices_done <= 7);
    CHECK(report.count(SliceStatus::done) == 7);
    CHECK(settled_at_most == 10);
    for (const std::int64_t index : {0, 2, 6, 9}) CHECK((output.slice(axis, index) == input.slice(axis, index)).all());
}

TEST_CASE("guarded blocks can write their own slices and no others", "[contract][blocks][crash]") {
    const Shape pages{7, 32, 32};  // a slice is one page of float32
    const auto input = numbered_volume<float>(pages);
    const auto output = constant_volume<float>(pages, 0);
    float* const other = output.data() + 6 * 32 * 32;
    const Report report = process_blocks(
        inputs(input), outputs(output),
        [other](SliceStack<const float> in, SliceStack<float> out) {
            for (std::int64_t i = 0; i < out.size(); ++i) out[i] = in[i];
            if (current_slice() == 2) *other = -99.0F;
        },
        {.size = 2}, {.n_jobs = 2, .backend = Backend::processes, .max_attempts = 1, .guard_output = true});
    REQUIRE(report.failures().size() == 2);
    CHECK(report.failures()[0].causes.at(0).signal == SIGSEGV);
    CHECK((output.slice(0, 6) == input.slice(0, 6)).all());
    CHECK((output.slice(0, 1) == input.slice(0, 1)).all());
}

TEST_CASE("blocks of slices with gaps between them are written where guarding is asked for",
          "[contract][blocks][crash]") {
    const auto input = numbered_volume<float>({6, 32, 32});  // a slice is one page of float32
    const auto holder = constant_volume<float>({12, 32, 32}, -1);
    const auto output = holder.view({.step = 2}, {}, {});
    process_blocks(inputs(input), outputs(output),
                   [](SliceStack<const float> in, SliceStack<float> out) {
                       for (std::int64_t i = 0; i < out.size(); ++i) out[i] = in[i];
                   },
                   {.size = 4}, {.n_jobs = 2, .backend = Backend::processes, .max_attempts = 1, .guard_output = true})
        .raise();
    for (std::int64_t index = 0; index < 6; ++index) {
        CHECK((output.slice(0, index) == input.slice(0, index)).all());
        CHECK((holder.slice(0, 2 * index + 1) == -1.0F).all());
    }
}

#endif
