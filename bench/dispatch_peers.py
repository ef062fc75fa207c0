"""What dispatch_bench.cpp times of slicepool, timed of joblib: empty calls in a loop, two calls on a warm executor.

Two workers. Fewer calls than there: joblib takes microseconds for each. Medians of five runs, the first not counted.
"""
import statistics
import timeit

try:
    import joblib
except ImportError as error:
    print(f"joblib is not compared with: {error}")
    raise SystemExit(0)

CALLS = 20_000


def nothing(_):
    pass


def median_seconds(action):
    action()
    return statistics.median(timeit.repeat(action, number=1, repeat=5))


def tell(what, figure):
    print(f"{what:<66} {figure:>10}", flush=True)


def main():
    for backend in ("threading", "loky", "multiprocessing"):
        def loop():
            joblib.Parallel(n_jobs=2, backend=backend)(joblib.delayed(nothing)(i) for i in range(CALLS))

        tell(f"joblib {joblib.__version__} {backend}: an empty call of {CALLS} in a loop",
             f"{1e9 * median_seconds(loop) / CALLS:.0f} ns")
        with joblib.Parallel(n_jobs=2, backend=backend) as parallel:
            warm = median_seconds(lambda: parallel(joblib.delayed(nothing)(i) for i in range(2)))
        tell(f"joblib {joblib.__version__} {backend}: two empty calls on a warm executor", f"{1e6 * warm:.0f} us")


if __name__ == "__main__":
    main()
