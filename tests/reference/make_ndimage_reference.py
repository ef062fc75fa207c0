"""Makes the stored results of scipy.ndimage that the tests of gaussian, uniform and median compare with.

Usage: make_ndimage_reference.py [FOLDER]        (default: data/ beside this file)

Writes, for each filter, NAME_cases.txt (one case a line, with the offsets of its pixels), NAME_input.npy and
NAME_expected.npy (all pixels one after another as float64, which holds every value of the six pixel types).
Needs numpy and scipy; the versions are recorded in the first line of each list. Random comparisons with the scipy that
is installed are compare_live.py's business.
"""
import itertools
import pathlib
import sys

import numpy as np
import scipy
from scipy import ndimage

DTYPES = ["uint8", "uint16", "int16", "int32", "float32", "float64"]
MODES = ["reflect", "nearest", "wrap", "mirror", "constant", "grid-mirror", "grid-wrap", "grid-constant"]


class Suite:
    def __init__(self, name, function):
        self.name, self.function = name, function
        self.lines, self.inputs, self.expected = [], {}, []
        self.input_pixels, self.expected_pixels, self.pool = 0, 0, []

    def image(self, shape, dtype, special=""):
        """The same image for the same request; returns it and its offset."""
        key = (shape, dtype, special)
        if key not in self.inputs:
            rng = np.random.default_rng([*shape, DTYPES.index(dtype)])
            if np.dtype(dtype).kind == "f":
                image = (rng.standard_normal(shape) * 50 + 20).astype(dtype)
            else:
                info = np.iinfo(dtype)
                image = rng.integers(info.min, info.max, size=shape, dtype=dtype, endpoint=True)
            if special == "nan":
                image[shape[0] // 2, shape[1] // 3] = np.nan
            if special == "inf":
                image[shape[0] // 2, shape[1] // 3] = np.inf
                image[0, -1] = -np.inf
            if special == "subnormal":
                image *= np.dtype(dtype).type(1e-40 if dtype == "float32" else 1e-311)
            self.inputs[key] = (image, self.input_pixels)
            self.pool.append(image.astype(np.float64).ravel())
            self.input_pixels += image.size
        return self.inputs[key]

    def add(self, shape, dtype, wish=None, special="", **words):
        """One case; words are as scipy's keywords, pairs for per-axis values."""
        wish = wish or dtype
        image, offset = self.image(shape, dtype, special)
        with np.errstate(all="ignore"):
            result = self.function(image, output=wish, **words)
        text = " ".join(f"{key}={','.join('-1' if v is None else str(v) for v in value)}"
                        if isinstance(value, (tuple, list)) else f"{key}={value}" for key, value in words.items())
        self.lines.append(f"{self.name} rows={shape[0]} columns={shape[1]} dtype={dtype} wish={wish} input={offset} "
                          f"expected={self.expected_pixels} {text}")
        self.expected.append(result.astype(np.float64).ravel())
        self.expected_pixels += result.size

    def save(self, folder):
        head = f"# scipy {scipy.__version__}, numpy {np.__version__}; made by make_ndimage_reference.py\n"
        (folder / f"{self.name}_cases.txt").write_text(head + "\n".join(self.lines) + "\n")
        np.save(folder / f"{self.name}_input.npy", np.concatenate(self.pool))
        np.save(folder / f"{self.name}_expected.npy", np.concatenate(self.expected))


def gaussian_cases(suite):
    for mode in MODES:
        suite.add((9, 11), "float32", sigma=(1.0, 2.0), mode=(mode, mode), cval=7.25)
        suite.add((5, 3), "float32", sigma=(3.0, 5.0), mode=(mode, mode), cval=-1.5)  # radius beyond the line
    for mode, shape in itertools.product(MODES[:5], [(1, 9), (9, 1), (1, 1)]):
        suite.add(shape, "float32", sigma=(2.0, 1.5), mode=(mode, mode), cval=0.5)
    for rows, columns in itertools.permutations(MODES[:5], 2):
        suite.add((5, 7), "float32", sigma=(1.0, 1.0), mode=(rows, columns), cval=3.0)
    for dtype in DTYPES:
        for wish in dict.fromkeys(["float32", "float64", dtype]):
            suite.add((9, 11), dtype, wish, sigma=(2.0, 0.7), mode=("mirror", "reflect"))
            suite.add((9, 11), dtype, wish, sigma=(0, 1.0), mode=("reflect", "constant"), cval=2.5)
            suite.add((3, 5), dtype, wish, sigma=(0, 0))
            suite.add((3, 5), dtype, wish, sigma=(0.1, 0.1))
    for special, dtype in itertools.product(["nan", "inf", "subnormal"], ["float32", "float64"]):
        suite.add((19, 18), dtype, special=special, sigma=(0.8, 1.1), mode=("reflect", "wrap"))
    for truncate in (0.5, 2.5, 6.0):
        suite.add((9, 11), "float32", sigma=(1.3, 2.1), truncate=truncate)
    for radius in [(0, 3), (5, None), (20, 40)]:
        suite.add((9, 11), "float32", sigma=(1.3, 2.1), radius=radius)
    suite.add((29, 17), "uint16", "float32", sigma=(3.0, 5.0))


def uniform_cases(suite):
    for mode in MODES:
        suite.add((9, 11), "float32", size=(3, 4), mode=(mode, mode), cval=7.25)
        suite.add((5, 3), "float32", size=(8, 13), mode=(mode, mode), cval=-1.5)
    for mode, shape in itertools.product(MODES[:5], [(1, 9), (9, 1), (1, 1)]):
        suite.add(shape, "float32", size=(2, 3), mode=(mode, mode), cval=0.5)
    for dtype in DTYPES:
        for wish in dict.fromkeys(["float32", "float64", dtype]):
            suite.add((9, 11), dtype, wish, size=(5, 2), mode=("mirror", "reflect"))
            suite.add((9, 11), dtype, wish, size=(1, 3), mode=("reflect", "constant"), cval=2.5)
            suite.add((3, 5), dtype, wish, size=(1, 1))
    for special, dtype in itertools.product(["nan", "inf"], ["float32", "float64"]):
        suite.add((9, 11), dtype, special=special, size=(3, 2))
    suite.add((29, 17), "uint16", "float32", size=(9, 21))


def median_cases(suite):
    for mode in MODES:
        suite.add((9, 11), "float32", size=(3, 5), mode=mode, cval=7.25)
        suite.add((5, 3), "float32", size=(8, 13), mode=mode, cval=-1.5)
    for mode, shape in itertools.product(MODES[:5], [(1, 9), (9, 1), (1, 1)]):
        suite.add(shape, "float32", size=(2, 3), mode=mode, cval=0.5)
    for dtype in DTYPES:
        for wish in dict.fromkeys(["float32", "float64", dtype]):
            suite.add((9, 11), dtype, wish, size=(4, 3), mode="constant", cval=2.75)
            suite.add((3, 5), dtype, wish, size=(1, 1))
        suite.add((17, 20), dtype, size=(17, 17))  # beyond the windows that are sorted
    for size in [(1, 2), (2, 1), (2, 2), (1, 9), (9, 1), (7, 7), (11, 12)]:
        suite.add((9, 11), "float32", size=size)
    suite.add((9, 11), "float32", special="inf", size=(3, 3))


def main():
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).parent / "data"
    folder.mkdir(parents=True, exist_ok=True)
    for name, function, cases in [("gaussian", ndimage.gaussian_filter, gaussian_cases),
                                  ("uniform", ndimage.uniform_filter, uniform_cases),
                                  ("median", ndimage.median_filter, median_cases)]:
        suite = Suite(name, function)
        cases(suite)
        suite.save(folder)
        print(f"{name}: {len(suite.lines)} cases, {suite.expected_pixels} pixels")


if __name__ == "__main__":
    main()
