#!/usr/bin/env python3
"""Stores results of algotom.prep.filtering.fresnel_filter for the tests of the fresnel filter.

Run by hand when cases change, never by the tests:  python3 make_fresnel_reference.py [FOLDER]
Needs numpy and algotom (1.6 made the stored values). Input goes to the reference as float64 and its last step, the
rounding to float32, is switched off, so that what is stored is the definition to float64's precision.

Writes fresnel_input_*.npy, fresnel_window_*.npy, fresnel_expected.npy (all results, one after the other) and
fresnel_cases.txt (one case a line; offset and count are places in fresnel_expected.npy).
"""
import pathlib
import sys
import types

import numpy as np
from algotom.prep import filtering


def main(folder):
    without_rounding = types.SimpleNamespace(**vars(np))
    without_rounding.float32 = lambda array: array
    filtering.np = without_rounding

    random = np.random.default_rng(20240611)
    inputs = {
        # even, odd and prime widths; more rows than one batch of the kernel holds
        "f64_6x48": random.uniform(0.1, 1.5, (6, 48)),
        "f32_5x37": random.uniform(0.1, 1.5, (5, 37)).astype(np.float32),
        "f32_3x101": random.uniform(0.1, 1.5, (3, 101)).astype(np.float32),
        "u16_33x16": random.integers(100, 60000, (33, 16)).astype(np.uint16),
        "f64_4x1": random.uniform(0.1, 1.5, (4, 1)),
        "f64_1x7": random.uniform(0.1, 1.5, (1, 7)),
        # the width of a common detector, where the padded length has the prime factor 587
        "f32_1x2048": random.uniform(0.1, 1.5, (1, 2048)).astype(np.float32),
        # even, and with pad 7 or 39 the padded length is a power of two: the padded transform itself is the fastest way,
        # and shows whether the window's lack of symmetry is minded
        "f32_3x50": random.uniform(0.1, 1.5, (3, 50)).astype(np.float32),
    }
    windows = {name: 1.0 + random.uniform(0.0, 30.0, inputs[name].shape) for name in ("f64_6x48", "f32_5x37")}

    cases = [(name, 100.0, dim, pad, log, False)
             for name in ("f64_6x48", "f32_5x37", "f32_3x101", "u16_33x16")
             for dim in (1, 2) for pad in (7, 150) for log in (True, False)]
    cases += [(name, 10.0, dim, 0, log, False)
              for name in ("f64_6x48", "f32_5x37", "f64_4x1", "f64_1x7") for dim in (1, 2) for log in (True, False)]
    cases += [(name, 1000.0, dim, 150, True, False) for name in ("f64_4x1", "f64_1x7", "f32_5x37") for dim in (1, 2)]
    cases += [(name, 1.0, dim, pad, log, True)
              for name in windows for dim in (1, 2) for pad in (0, 7) for log in (True, False)]
    cases += [("f32_1x2048", 100.0, 1, 150, True, False)]
    cases += [("f32_3x50", 100.0, 1, pad, log, False) for pad in (7, 39) for log in (True, False)]

    for name, array in inputs.items():
        np.save(folder / f"fresnel_input_{name}.npy", array)
    for name, array in windows.items():
        np.save(folder / f"fresnel_window_{name}.npy", array)
    results, lines, offset = [], [], 0
    for name, ratio, dim, pad, log, windowed in cases:
        result = filtering.fresnel_filter(inputs[name].astype(np.float64), ratio, dim=dim, pad=pad, apply_log=log,
                                          window=windows[name] if windowed else None)
        assert result.dtype == np.float64 and np.isfinite(result).all()
        lines.append(f"input={name} window={name if windowed else 'none'} ratio={ratio:g} dim={dim} pad={pad} "
                     f"apply_log={str(log).lower()} offset={offset} count={result.size}\n")
        results.append(result.ravel())
        offset += result.size
    np.save(folder / "fresnel_expected.npy", np.concatenate(results))
    (folder / "fresnel_cases.txt").write_text("".join(lines))


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).parent / "data")
