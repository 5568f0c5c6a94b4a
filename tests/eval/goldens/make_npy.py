#!/usr/bin/python3
"""Writes npy.json beside itself: arrays as NumPy saves them (base64), and their values in C's order.

    apt-get install python3-numpy
    /usr/bin/python3 tests/eval/goldens/make_npy.py
"""
import base64
import io
import json
import pathlib

import numpy as np

values = np.random.default_rng(3).normal(size=(2, 3, 4))
arrays = {}
for kind in ("<f2", ">f2", "<f4", ">f4", "<f8", ">f8"):
    for order in "CF":
        arrays[f"{kind} {order}"] = np.array(values, kind, order=order)
arrays["subnormal and infinite"] = np.array([6e-8, -65504, np.inf, -0.0], "<f2")
arrays["a number"] = np.array(0.25)
arrays["a matrix in Fortran's order"] = np.asfortranarray(values[0])
arrays["nothing"] = np.zeros((3, 0))


def save(array, version=None):
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, array, version)
    return base64.b64encode(buffer.getvalue()).decode()


golden = {
    "read": {
        name: {"file": save(array), "shape": array.shape, "values": [repr(float(v)) for v in array.ravel("C")]}
        for name, array in arrays.items()
    },
    "refused": {
        "int64": save(np.arange(4)),
        "bool": save(np.array([True])),
        "complex": save(np.array([1j])),
        "longdouble": save(np.array([1], np.longdouble)),
        "record": save(np.array([(1.0, 2.0)], [("a", "<f4"), ("b", "<f4")])),
    },
}
for version in ((2, 0), (3, 0)):
    array = arrays["<f4 F"]
    golden["read"][f"version {version[0]}"] = {**golden["read"]["<f4 F"], "file": save(array, version)}
path = pathlib.Path(__file__).parent / "npy.json"
path.write_text(json.dumps(golden, indent=1) + "\n")
