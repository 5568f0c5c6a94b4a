#!/usr/bin/python3
"""Writes tests/goldens/torchvision_shapes.json.gz: names and shapes in torchvision's state dicts.

    /usr/bin/python3 tests/goldens/make_torchvision_shapes.py
"""
import gzip
import json
import pathlib

import torchvision

HERE = pathlib.Path(__file__).parent
NAMES = ("resnet18 resnet34 resnet50 resnet101 resnet152 wide_resnet50_2 resnext50_32x4d resnext101_32x8d "
         "vgg11 vgg13 vgg13_bn vgg16 vgg16_bn vgg19 vgg19_bn inception_v3 alexnet densenet121 googlenet").split()

shapes = {}
for name in NAMES:
    extra = {"init_weights": False} if name in ("inception_v3", "googlenet") else {}
    net = getattr(torchvision.models, name)(**extra)
    shapes[name] = {key: list(value.shape) for key, value in net.state_dict().items()}
with open(HERE / "torchvision_shapes.json.gz", "wb") as file:
    file.write(gzip.compress(json.dumps(shapes).encode(), mtime=0))
