"""The example of `slicepool demo` in Python: scipy on one core, joblib with threads, joblib with processes.

Not a tool of its own: the demo passes it to python3 -c with one argument, a JSON object, and reads the JSON object it
prints. The work is that of the textbook example: filter slice by slice, then stack the list and put the axes right.
"""
import json
import os
import sys
import timeit

import joblib
import numpy as np
import scipy
import scipy.ndimage as ndi


def proportional_set_bytes():
    """Memory of this process and its descendants, shared pages counted once."""
    total, pending = 0, [os.getpid()]
    while pending:
        pid = pending.pop()
        try:
            with open(f"/proc/{pid}/smaps_rollup") as rollup:
                total += sum(int(line.split()[1]) * 1024 for line in rollup if line.startswith("Pss:"))
            for thread in os.listdir(f"/proc/{pid}/task"):
                with open(f"/proc/{pid}/task/{thread}/children") as children:
                    pending += [int(child) for child in children.read().split()]
        except OSError:
            pass  # it ended while we looked
    return total


def main():
    request = json.loads(sys.argv[1])
    rows, slices, columns = request["shape"]
    top, bottom, left, right = request["block"]
    sigma, jobs = tuple(request["sigma"]), request["jobs"]
    image = np.zeros((rows, columns), dtype=np.float32)
    image[top:bottom, left:right] = 1.0
    data = np.moveaxis(np.asarray([i * image for i in range(slices)]), 0, 1)

    def one_core():
        return [ndi.gaussian_filter(data[:, i, :], sigma, 0) for i in range(slices)]

    def parallel(prefer):
        return joblib.Parallel(n_jobs=jobs, prefer=prefer)(
            joblib.delayed(ndi.gaussian_filter)(data[:, i, :], sigma, 0) for i in range(slices))

    rows_of_table = []
    for name, work in (("scipy, one core", one_core),
                       ("joblib threads", lambda: parallel("threads")),
                       ("joblib processes", lambda: parallel("processes"))):
        times, memory, stacked = [], 0, None
        for _ in range(1 + request["warm_runs"]):
            start = timeit.default_timer()
            results = work()
            stacked = np.moveaxis(np.asarray(results), 0, 1)
            times.append(timeit.default_timer() - start)
            memory = max(memory, proportional_set_bytes())
            del results
        rows_of_table.append({"name": name, "cold": times[0], "warm": min(times[1:]), "memory": memory})
        if name == "scipy, one core":
            np.save(request["slice_file"], np.ascontiguousarray(stacked[:, request["slice"], :])[np.newaxis])
        del stacked
    versions = f"numpy {np.__version__}, scipy {scipy.__version__}, joblib {joblib.__version__}"
    json.dump({"versions": versions, "scipy": scipy.__version__, "rows": rows_of_table}, sys.stdout)


main()
