#!/usr/bin/python3
"""Writes a checkpoint as clovaai/wsolevaluation's main.py does, of hashed weights, and the score maps that
its inference.py would write. Needs PyTorch, torchvision and OpenCV, so `./calm test` leaves it out:

    /usr/bin/python3 tests/pytorch/make_wsol_checkpoint.py METHOD/ARCH/small|large FOLDER LABEL:PICTURE …

METHOD is cam (also for HaS and CutMix), acol, spg or adl. FOLDER gets last_checkpoint.pth.tar (--legacy:
as PyTorch before 1.6 wrote it), scoremaps/PICTURE.npy and logits.npy, a row for each picture.
"""
import argparse
import pathlib
import sys

import numpy
import torch
from PIL import Image
from torchvision import transforms

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "goldens"))
from make_rivals import ACOL, ADL, ARCHITECTURES, SPG, calibrate, load, scores  # noqa: E402

SIDE = 224

parser = argparse.ArgumentParser()
parser.add_argument("case")
parser.add_argument("folder", type=pathlib.Path)
parser.add_argument("pictures", nargs="+")
parser.add_argument("--classes", type=int, default=200)
parser.add_argument("--legacy", action="store_true")
arguments = parser.parse_args()
method, arch, size = arguments.case.split("/")
labels, paths = zip(*((int(label), path) for label, path in (p.split(":", 1) for p in arguments.pictures)))
labels = torch.tensor(labels)
prepare = transforms.Compose([transforms.Resize((SIDE, SIDE)), transforms.ToTensor(),
                              transforms.Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))])
x = torch.stack([prepare(Image.open(path).convert("RGB")) for path in paths])

options = {"acol": ACOL, "spg": SPG, "adl": ADL}.get(method, {})
build = lambda adjust: load(ARCHITECTURES[arch](method, size == "large", options, arguments.classes), adjust)
net = build(calibrate(build, x, labels))
optimiser = torch.optim.SGD(net.parameters(), lr=0.0, momentum=0.9, nesterov=True)
for parameter in net.parameters():
    parameter.grad = torch.zeros_like(parameter)
optimiser.step()  # so that there are momentum buffers

maps = arguments.folder / "scoremaps"
maps.mkdir(parents=True, exist_ok=True)
torch.save({"architecture": arch, "epoch": 1, "state_dict": net.state_dict(), "optimizer": optimiser.state_dict()},
           arguments.folder / "last_checkpoint.pth.tar", _use_new_zipfile_serialization=not arguments.legacy)
with torch.no_grad():
    logits, map, _ = net.double()(x.double(), labels)
numpy.save(arguments.folder / "logits.npy", logits.numpy())
for path, score in zip(paths, scores(map, SIDE)):
    numpy.save(maps / f"{pathlib.Path(path).name}.npy", score.numpy())
