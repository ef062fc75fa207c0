"""Writes sample files with NumPy or h5py for test_io, and checks those that test_io wrote.

It knows nothing of slicepool. Usage: check_with_python.py COMMAND ARGUMENTS...; exit 0 when all is right.
"""
import itertools
import os
import sys

import numpy

SHAPE = (3, 5, 7)


def sample(dtype):
    return ((numpy.arange(105) * 7 + 3) % 251).astype(dtype).reshape(SHAPE)


def write_npy(directory):
    for dtype, order, version in itertools.product(("u1", "<u2", ">i2", "<i4", ">f4", "<f8"), "CF", (1, 2, 3)):
        name = f"{numpy.dtype(dtype).str[1:]}-{order}-{version}.npy"
        with open(os.path.join(directory, name), "wb") as stream:
            array = numpy.array(sample(dtype), dtype=dtype, order=order)
            numpy.lib.format.write_array(stream, array, version=(version, 0))


def check_npy(file, dtype):
    for mode in (None, "r"):
        array = numpy.load(file, mmap_mode=mode)
        assert array.dtype.str == numpy.dtype(dtype).str, array.dtype
        assert array.flags.c_contiguous and array.shape == SHAPE, array.shape
        assert (array == sample(dtype)).all()


def write_h5(directory):
    import h5py

    options = {"plain": {}, "gzip": {}, "virtual": {}, "userblock": {"userblock_size": 1024},
               "latest": {"libver": "latest"}}
    for dtype, kind in itertools.product(("u1", "<u2", ">f4", "<f8"), options):
        name = f"{numpy.dtype(dtype).str[1:]}-{kind}.h5"
        with h5py.File(os.path.join(directory, name), "w", **options[kind]) as h5:
            if kind == "virtual":
                h5.create_virtual_dataset("/entry/data", row_by_row(h5py, h5, dtype))
            else:
                more = {"compression": "gzip", "chunks": (1, 4, 4), "fletcher32": True} if kind == "gzip" else {}
                h5.create_dataset("/entry/data", data=sample(dtype), **more)
            h5["/entry/title"] = "a sample"


def row_by_row(h5py, h5, dtype):
    h5["parts"] = sample(dtype).reshape(-1)
    layout = h5py.VirtualLayout(SHAPE, dtype)
    part = h5py.VirtualSource(h5["parts"])
    for z, y in itertools.product(range(SHAPE[0]), range(SHAPE[1])):
        start = (z * SHAPE[1] + y) * SHAPE[2]
        layout[z, y] = part[start:start + SHAPE[2]]
    return layout


def check_h5(file, path, dtype):
    import h5py

    with h5py.File(file, "r") as h5:
        dataset = h5[path]
        assert dataset.dtype.str == numpy.dtype(dtype).str, dataset.dtype
        assert dataset.shape == SHAPE and dataset.chunks is None
        assert (dataset[...] == sample(dtype)).all()


def has_h5():
    import h5py  # noqa: F401


if __name__ == "__main__":
    commands = {f.__name__: f for f in (write_npy, check_npy, write_h5, check_h5, has_h5)}
    if sys.argv[1:] != ["has_numpy"]:
        commands[sys.argv[1]](*sys.argv[2:])
