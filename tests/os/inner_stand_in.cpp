// Stands in for MKL and the two kinds of BLIS, which distributions lack or may not ship: their entry points as documented.
#include <cstdint>

#ifdef SLICEPOOL_BLIS_PER_THREAD

namespace {
thread_local std::int64_t blis_threads = 8;
}
extern "C" void* bli_global_rntm() { return &blis_threads; }

#else

namespace {
std::int64_t blis_threads = 8;
int mkl_threads = 8;
thread_local int mkl_threads_here = 0;
}  // namespace
extern "C" void MKL_Set_Num_Threads(int threads) { mkl_threads = threads; }
extern "C" int MKL_Set_Num_Threads_Local(int threads) {
    const int before = mkl_threads_here;
    mkl_threads_here = threads;
    return before;
}
extern "C" int MKL_Get_Max_Threads() { return mkl_threads_here > 0 ? mkl_threads_here : mkl_threads; }

#endif

extern "C" void bli_thread_set_num_threads(std::int64_t threads) { blis_threads = threads; }
extern "C" std::int64_t bli_thread_get_num_threads() { return blis_threads; }
