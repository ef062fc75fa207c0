// 02_nested_loops.cpp: nested loops in parallel, with their results in loop order; a sum; results as they come.
// Slices of volumes are not touched here; see 01_smooth_slices.cpp.
#include <cmath>
#include <iostream>
#include <utility>
#include <vector>

#include <slicepool/slicepool.hpp>

namespace sp = slicepool;

int main() {
    // Algotom's guide: Parallel(n_jobs=4)(delayed(print_order)(i, j) for i in range(0, 2, 1) for j in range(2, 4, 1))
    const auto order = [](int i, int j) { return std::pair{i, j}; };
    const std::vector<std::pair<int, int>> results =
        sp::parallel(order, sp::product(sp::range(0, 2, 1), sp::range(2, 4, 1)), {.n_jobs = 4});
    std::cout << "Output = [";
    for (std::size_t k = 0; k < results.size(); ++k)
        std::cout << (k == 0 ? "" : ", ") << '(' << results[k].first << ", " << results[k].second << ')';
    std::cout << "]\n";

    // A crash costs the call it happens in, and no other; what is finished is kept.
    const auto roots = sp::try_parallel([](int i) { return std::sqrt(i); }, sp::range(1000));
    std::cout << roots.report.count(sp::SliceStatus::done) << " of " << roots.report.total() << " roots\n";

    // The same bits for any number of workers.
    const auto inverse_square = [](int i) { return 1.0 / (static_cast<double>(i) * i); };
    const auto add = [](double a, double b) { return a + b; };
    const double sum = sp::parallel_reduce(inverse_square, sp::range(1, 100'001), 0.0, add);
    const double alone =
        sp::parallel_reduce(inverse_square, sp::range(1, 100'001), 0.0, add, {.backend = sp::Backend::serial});
    std::cout << "sum of 1/i^2 " << (sum == alone ? "has" : "has not") << " the same bits in one thread\n";

    // Results one by one, in order, while the loop goes on; leaving the loop cancels the rest.
    for (const auto& [index, square] : sp::parallel_ordered([](int i) { return i * i; }, sp::range(1'000'000))) {
        if (square > 100) {
            std::cout << "the first square beyond 100 is that of " << index << '\n';
            break;
        }
    }
    return sum == alone ? 0 : 1;
}
