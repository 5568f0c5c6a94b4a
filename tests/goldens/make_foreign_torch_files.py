#!/usr/bin/python3
"""Writes tests/goldens/torch/foreign*.pth: a state dict with other programs' objects beside it.

    /usr/bin/python3 tests/goldens/make_foreign_torch_files.py
"""
import argparse
import collections
import enum
import functools
import pathlib
import random
import sys
import types

import numpy
import torch

from make_goldens import HERE


def class_in(module, name, base=object):
    """A class as if a library had it that need not be installed."""
    parts = module.split(".")
    for i in range(1, len(parts) + 1):
        sys.modules.setdefault(".".join(parts[:i]), types.ModuleType(".".join(parts[:i])))
    made = type(name, (base,), {"__module__": module})
    setattr(sys.modules[module], name, made)
    return made


class Colour(enum.Enum):
    RED = 1


Colour.__module__ = "palette"
sys.modules["palette"] = types.ModuleType("palette")
sys.modules["palette"].Colour = Colour


def contents():
    hyper = class_in("pytorch_lightning.utilities.parsing", "AttributeDict", dict)(lr=0.1, layers=[1, 2])
    hyper.extra = "x"
    return {
        "epoch": 3,
        "arch": "resnet50",
        "args": argparse.Namespace(lr=0.1, nested=argparse.Namespace(a=1)),
        "best_acc": numpy.float64(0.5),
        "counts": numpy.arange(3),
        "path": pathlib.PosixPath("/data/cub"),
        "colour": Colour.RED,
        "criterion": functools.partial(torch.nn.functional.cross_entropy, reduction="mean"),
        "milestones": collections.Counter([30, 60]),
        "window": collections.deque([1, 2], maxlen=5),
        "seen": {1, 2},
        "random": random.Random(1).getstate(),
        "generator": numpy.random.default_rng(1).bit_generator.state,
        "device": torch.device("cuda:0"),
        "dtype": torch.float16,
        "size": torch.Size([2, 3]),
        "large": 1 << 200,
        "hyper_parameters": hyper,
        "rng_state": torch.arange(4, dtype=torch.uint8),
        "state_dict": collections.OrderedDict(
            [("conv.weight", torch.arange(6, dtype=torch.float32).view(2, 3)), ("conv.bias", torch.tensor([0.5, -1.5]))]
        ),
    }


if __name__ == "__main__":
    out = HERE / "torch"
    torch.save(contents(), out / "foreign.pth")
    torch.save(contents(), out / "foreign_legacy.pth", _use_new_zipfile_serialization=False)
    torch.save({"conv.weight": torch.ones(2), "conv.bias": numpy.ones(2)}, out / "foreign_tensor.pth")
    torch.save(torch.nn.Linear(1, 1), out / "whole_model.pth")
    torch.save({"model": torch.nn.Linear(1, 1), "epoch": 1}, out / "model_in_dictionary.pth")
    torch.save({"w.real": torch.ones(2), "w.complex": torch.ones(2, dtype=torch.complex64)}, out / "complex.pth")
    torch.jit.save(torch.jit.script(torch.nn.Linear(1, 1)), out / "script.pt")
