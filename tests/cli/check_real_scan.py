"""Filters a real scan with the slicepool command as a user would and compares with SciPy and Algotom.

Usage: check_real_scan.py PATH/TO/slicepool [DIRECTORY]

tooth.h5, which is not part of the project, is looked for in the directory that the environment variable
SLICEPOOL_TEST_DATA names, else in DIRECTORY. Exit status: 0 all is right, 1 something is not, 77 there is no scan or no
library to compare with. The fresnel filter is compared with its definition, written here in NumPy for reading, and
where Algotom is installed with Algotom's own.
"""
import os
import pathlib
import subprocess
import sys
import tempfile

try:
    import h5py
    import numpy as np
    from scipy import ndimage
except ImportError as error:
    print(f"skipped: {error}")
    sys.exit(77)


def fresnel_by_definition(sinogram, ratio, pad=150):
    """One sinogram (rows, columns), in float64; Algotom 1.6, algotom.prep.filtering.fresnel_filter with dim=1."""
    columns = sinogram.shape[1]
    frequency = (np.arange(columns) - np.ceil((columns - 1) / 2)) / columns
    window = np.pad(1 + ratio * frequency**2, pad, mode="edge")
    padded = np.pad(-np.log(sinogram), ((0, 0), (pad, pad)), mode="edge")
    filtered = np.real(np.fft.ifft(np.fft.fft(padded) / np.fft.ifftshift(window)))
    return np.exp(-filtered[:, pad:-pad])


def ulps(a, b):
    """Floats between a and b, pixel by pixel (float32, one sign)."""
    return np.abs(a.view(np.int32).astype(np.int64) - b.view(np.int32))


def main():
    program = sys.argv[1]
    directory = os.environ.get("SLICEPOOL_TEST_DATA", sys.argv[2] if len(sys.argv) > 2 else "")
    scan = pathlib.Path(directory) / "tooth.h5"
    if not directory or not scan.exists():
        print("skipped: no tooth.h5: set SLICEPOOL_TEST_DATA, in the environment or with cmake "
              "-DSLICEPOOL_TEST_DATA=DIRECTORY, to the directory that holds it")
        sys.exit(77)
    with h5py.File(scan) as file:
        volume = file["/exchange/data"][...]
    mistakes = []

    def check(holds, sentence):
        print(("right: " if holds else "WRONG: ") + sentence)
        if not holds:
            mistakes.append(sentence)

    with tempfile.TemporaryDirectory() as folder:

        def run(filter_text, backend, *options):
            out = f"{folder}/{backend}.npy"
            subprocess.run([program, "run", f"{scan}:/exchange/data", out, "--axis", "1", "--filter", filter_text,
                            "--backend", backend, "--jobs", "2", "--progress", "none", *options],
                           check=True, stderr=subprocess.DEVNULL)
            return pathlib.Path(out).read_bytes(), np.load(out)

        def run_on_all(filter_text, *options):
            files = {backend: run(filter_text, backend, *options) for backend in ("serial", "threads", "processes")}
            check(len({content for content, _ in files.values()}) == 1,
                  f"'{filter_text}' makes the same bytes on serial, threads and processes")
            return files["processes"][1]

        smooth = run_on_all("gaussian sigma=3,5")
        want = np.stack([ndimage.gaussian_filter(volume[:, i], (3, 5)) for i in range(volume.shape[1])], axis=1)
        check(smooth.dtype == np.float32 and smooth.shape == want.shape and (smooth > 0).all() and (want > 0).all(),
              "smoothed pixels are positive float32 in the input's shape")
        check(ulps(smooth, want).max() <= 1, f"gaussian is within {ulps(smooth, want).max()} ulp of SciPy's, allowed 1")

        # A scan divided by its white field is what the filter is for; raw counts are positive, too, as its log wants.
        filtered = run_on_all("fresnel ratio=100", "--dtype", "float64")
        references = {"the definition": fresnel_by_definition}
        try:
            from algotom.prep.filtering import fresnel_filter
            references["Algotom's"] = lambda sinogram, ratio: fresnel_filter(sinogram, ratio, dim=1)
        except ImportError as error:
            print(f"not compared with Algotom's own: {error}")
        for name, reference in references.items():
            want = np.stack([reference(volume[:, i].astype(np.float64), 100) for i in range(volume.shape[1])], axis=1)
            error = (np.abs(filtered - want) / np.abs(want)).max()
            check(error <= 2e-6, f"fresnel differs from {name} by {error:.1e} of a pixel, allowed 2e-6")
    sys.exit(1 if mistakes else 0)


if __name__ == "__main__":
    main()
