"""Draws random cases, runs them through the installed scipy and through slicepool, and compares unit by unit.

Usage: compare_live.py PATH/TO/test_apply_filter [--cases N] [--seed S] [--filter gaussian|uniform|median]

Prints the seed. Exit status: 0 all cases agree, 1 a case is beyond the contract, 77 scipy is not there to compare with.
The contract: gaussian to float32 one float32 ulp, from int32 and anything else bit for bit; -0 equals +0 and NaN
equals NaN. NumPy's exp() may differ from the C library's in the last bit, so where bits are asked of the gaussian,
scipy's correlate1d gets weights made with the C library's. (They are asked from int32 to float32 because one ulp is no
bound there: where an axis has one pixel, the first sum lies half-way between two floats in one case of a hundred, the
last bit of a weight decides, and what is left of large pixels that cancel each other shows it.)
Not the stored reference: that one is made by make_ndimage_reference.py and needs no scipy to be tested against.
"""
import argparse
import math
import pathlib
import random
import subprocess
import sys
import tempfile

try:
    import numpy as np
    import scipy
    from scipy import ndimage
except ImportError as error:
    print(f"skipped: scipy is not importable here ({error})")
    sys.exit(77)

DTYPES = ["uint8", "uint16", "int16", "int32", "float32", "float64"]
MODES = ["reflect", "nearest", "wrap", "mirror", "constant", "grid-mirror", "grid-wrap", "grid-constant"]


def ulp_distance(a, b):
    """Floats apart in the order of all floats; 0 for equal numbers and for two NaNs."""
    integer = {4: np.int32, 8: np.int64}[a.dtype.itemsize]
    mask = np.iinfo(integer).max

    def ordered(x):
        bits = (x + x.dtype.type(0)).view(integer)
        return np.where(bits < 0, -(bits & mask), bits)

    distance = np.abs(ordered(a).astype(object if integer is np.int64 else np.int64) - ordered(b))
    distance = np.where(np.isnan(a) & np.isnan(b), 0, distance)
    return np.where(np.isnan(a) != np.isnan(b), 2**31, distance).astype(np.float64)


def draw_image(rng, shape, dtype, specials):
    if np.dtype(dtype).kind != "f":
        info = np.iinfo(dtype)
        return rng.integers(info.min, info.max, size=shape, dtype=dtype, endpoint=True)
    image = (rng.standard_normal(shape) * 10.0 ** rng.integers(-3, 4) + rng.integers(0, 100)).astype(dtype)
    if specials and image.size:
        for value in (np.nan, np.inf, -np.inf, 1e-310 if dtype == "float64" else 1e-42):
            if rng.random() < 0.5:
                image.flat[rng.integers(image.size)] = value
    return image


def draw_case(rng, draw, name):
    dtype = draw.choice(DTYPES)
    wish = draw.choice(["float32", "float64", dtype])
    shape = (draw.choice([1, 2, 3, 5, 7, 8, 9, 16, 17, 31, 64, 97]),
             draw.choice([1, 2, 3, 5, 8, 9, 15, 33, 64, 129, 1201]))
    if name != "median" and draw.random() < 0.1:
        shape = (draw.randint(1, 9), 6007)
    # Beyond the range of an integer type C leaves the conversion undefined, so cval stays inside. scipy's median
    # converts it to the input's type unless the window has two pixels; a cval without fraction makes no difference.
    cvals = [0.0, 2.0, 100.0] if name == "median" else [0.0, 1.5, 100.25]
    if np.dtype(dtype).kind == "f" and np.dtype(wish).kind == "f" and name != "median":
        cvals += [-2.5, float("inf")]
    cval = draw.choice(cvals)
    case = {"dtype": dtype, "wish": wish, "shape": shape, "cval": cval,
            "mode": (draw.choice(MODES), draw.choice(MODES)),
            "column_step": draw.choice([1, 1, 1, 3]), "row_step": draw.choice([1, 2])}
    if name == "gaussian":
        case["sigma"] = (draw.choice([0, 0.1, 0.7, 1, 3, 5, 17.3]), draw.choice([0, 0.1, 0.7, 1, 3, 5, 17.3]))
        case["truncate"] = draw.choice([4.0, 4.0, 2.5, 6.0])
        case["radius"] = (draw.choice([-1, -1, 0, 1, 9]), draw.choice([-1, -1, 0, 2, 11]))
    else:
        largest = 40 if name == "uniform" else draw.choice([4, 12])
        case["size"] = (draw.randint(1, largest), draw.randint(1, largest))
    if name == "median":
        case["mode"] = (case["mode"][0],) * 2
    case["image"] = draw_image(rng, shape, dtype, specials=name != "median" and draw.random() < 0.3)
    return case


def gaussian_by_libm(case):
    """ndimage.gaussian_filter with the C library's exp()."""
    source = case["image"]
    result = np.zeros(source.shape, case["wish"])
    for axis, (sigma, radius, mode) in enumerate(zip(case["sigma"], case["radius"], case["mode"])):
        if sigma > 1e-15:
            radius = int(case["truncate"] * sigma + 0.5) if radius < 0 else radius
            phi = np.array([math.exp(-0.5 / (sigma * sigma) * (x * x)) for x in range(-radius, radius + 1)])
            ndimage.correlate1d(source, phi / phi.sum(), axis, result, mode, case["cval"])
            source = result
    if source is not result:
        result[...] = source
    return result


def allowed_ulp(name, case):
    return int(name == "gaussian" and case["wish"] == "float32" and case["dtype"] != "int32")


def expected(name, case):
    with np.errstate(all="ignore"):
        if name == "gaussian" and allowed_ulp(name, case) == 0:
            return gaussian_by_libm(case)
        if name == "gaussian":
            return ndimage.gaussian_filter(case["image"], case["sigma"], mode=list(case["mode"]), cval=case["cval"],
                                           truncate=case["truncate"], output=case["wish"],
                                           radius=[None if r < 0 else r for r in case["radius"]])
        if name == "uniform":
            return ndimage.uniform_filter(case["image"], case["size"], mode=list(case["mode"]), cval=case["cval"],
                                          output=case["wish"])
        return ndimage.median_filter(case["image"], case["size"], mode=case["mode"][0], cval=case["cval"],
                                     output=case["wish"])


def words(name, case):
    text = f"{name} wish={case['wish']} cval={case['cval']!r}"
    text += f" row_step={case['row_step']} column_step={case['column_step']}"
    for key in ("mode", "sigma", "radius", "size"):
        if key in case:
            text += f" {key}={case[key][0]},{case[key][1]}"
    return text + (f" truncate={case['truncate']}" if "truncate" in case else "")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("tool")
    parser.add_argument("--cases", type=int, default=300)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**32))
    parser.add_argument("--filter", choices=["gaussian", "uniform", "median"])
    options = parser.parse_args()
    print(f"scipy {scipy.__version__}, numpy {np.__version__}, seed {options.seed}")
    rng = np.random.default_rng(options.seed)
    draw = random.Random(options.seed)
    failures = 0
    pixels = off_by_one = 0
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        cases = []
        for index in range(options.cases):
            name = options.filter or draw.choice(["gaussian", "gaussian", "uniform", "median"])
            case = draw_case(rng, draw, name)
            np.save(folder / f"in{index}.npy", case["image"])
            cases.append((name, case))
        listing = folder / "cases.txt"
        listing.write_text("".join(f"input={folder}/in{i}.npy output={folder}/out{i}.npy {words(name, case)}\n"
                                   for i, (name, case) in enumerate(cases)))
        subprocess.run([options.tool, str(listing)], check=True)
        for index, (name, case) in enumerate(cases):
            want = expected(name, case)
            got = np.load(folder / f"out{index}.npy")
            if got.dtype != want.dtype or got.shape != want.shape:
                distance = np.array([np.inf])
            elif want.dtype.kind == "f":
                distance = ulp_distance(got, want)
            else:
                distance = np.abs(got.astype(np.int64) - want.astype(np.int64)).astype(np.float64)
            allowed = allowed_ulp(name, case)
            if allowed:
                pixels += distance.size
                off_by_one += int((distance != 0).sum())
            if distance.size and distance.max() > allowed:
                failures += 1
                print(f"case {index}: {case['image'].dtype} {case['shape']} {words(name, case)}: "
                      f"{int((distance > allowed).sum())} of {distance.size} pixels beyond {allowed} ulp, "
                      f"the worst by {distance.max():g}")
    print(f"{options.cases - failures} of {options.cases} cases agree; gaussian to float32: "
          f"{off_by_one} of {pixels} pixels differ by one ulp")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
