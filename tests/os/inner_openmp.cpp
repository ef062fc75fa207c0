// A user's function that uses OpenMP, as the tests of inner threads open it: says how many threads took part.
#include <omp.h>

extern "C" int slicepool_openmp_team() {
    int threads = 0;
#pragma omp parallel reduction(+ : threads)
    threads += 1;
    return threads;
}
extern "C" void slicepool_openmp_ask_for(int threads) { omp_set_num_threads(threads); }
