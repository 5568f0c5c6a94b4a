#!/usr/bin/python3
"""Whole files to and from PyTorch and torchvision, at full size. Needs both, so `./calm test` leaves
it out; run it by hand from the project's folder (three minutes):

    apt-get install python3-torch python3-torchvision
    /usr/bin/python3 tests/pytorch/roundtrip.py
"""
import json
import pathlib
import struct
import subprocess
import sys
import tempfile
import zipfile

import numpy
import torch
import torchvision

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "goldens"))
import make_backbones  # noqa: E402

PHOTOGRAPH = make_backbones.HERE / "photograph.jpg"


def calm(*arguments):
    result = subprocess.run(["./calm", *map(str, arguments)], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    return result.stdout


def close(name, ours, theirs, tolerance):
    ours, theirs = numpy.asarray(ours, numpy.float64), numpy.asarray(theirs, numpy.float64)
    error = numpy.abs(ours - theirs).max() / numpy.abs(theirs).max()
    print(f"{name}: relative error {error:.1e}")
    assert error < tolerance, name


def read_safetensors(path):
    data = path.read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8:8 + length])
    header.pop("__metadata__")
    kinds = {"F32": numpy.float32, "I64": numpy.int64}
    return {name: torch.from_numpy(numpy.frombuffer(data[8 + length:], kinds[entry["dtype"]], offset=entry["data_offsets"][0],
                                                    count=int(numpy.prod(entry["shape"]))).reshape(entry["shape"]).copy())
            for name, entry in header.items()}


def torchvision_logits(folder):
    """torchvision's own ResNet50, saved by PyTorch in both formats."""
    torch.manual_seed(0)
    net = torchvision.models.resnet50().eval()
    with torch.no_grad():
        expected = net(make_backbones.photograph())[0].tolist()
    for name, options in (("zip", {}), ("legacy", {"_use_new_zipfile_serialization": False})):
        torch.save(net.state_dict(), folder / f"{name}.pth", **options)
        logits = json.loads(deno("tests/pytorch/torchvision_logits.ts", folder / f"{name}.pth", PHOTOGRAPH))
        close(f"torchvision's resnet50, {name}", logits, expected, 1e-4)
    for name in ("copy.safetensors", "copy.pth"):
        calm("convert", folder / "legacy.pth", folder / name)
        state = read_safetensors(folder / name) if name.endswith("tensors") else torch.load(folder / name, weights_only=True)
        fresh = torchvision.models.resnet50()
        fresh.load_state_dict(state)
        assert all(torch.equal(v, net.state_dict()[k]) for k, v in fresh.state_dict().items()), name
        print(f"{name}: load_state_dict takes it, every bit is the same")
    return folder / "zip.pth"


def trained_checkpoint(folder, pretrained):
    """A checkpoint that ./calm train writes, in PyTorch: the same map of the same photograph."""
    run = folder / "run"
    calm("data", "birds", folder / "birds", "--train", 8, "--test", 2)
    calm("train", "--arch", "resnet50", "--pretrained", pretrained, "--epochs", 1, "--out", run, "--data", folder / "birds",
         "--resize", 40, "--crop", 32, "--method", "calm-em", "--prior", "softplus", "--lr", 1e-4)
    calm("convert", run / "checkpoint.safetensors", folder / "trained.pth")
    make_backbones.CLASSES = 12
    net = make_backbones.resnet50(False)
    net.load_state_dict(torch.load(folder / "trained.pth", weights_only=True), strict=False)
    # The same weights as an official checkpoint, which does not know its pictures' size: 224.
    official = {"architecture": "resnet50", "epoch": 1, "optimizer": {},
                "state_dict": {"module." + k: v for k, v in net.state_dict().items()}}
    torch.save(official, folder / "last_checkpoint.pth.tar")
    with torch.no_grad():
        f, a = net.eval()(make_backbones.photograph())
    joint = make_backbones.joint_map(f, a, "softplus")[0]
    label = int(joint.sum((1, 2)).argmax())
    calm("explain", PHOTOGRAPH, "--checkpoint", folder / "last_checkpoint.pth.tar", "--method", "calm-em", "--prior", "softplus",
         "--npy", "--out", folder / "maps")
    close("joint map of a checkpoint that went to PyTorch and back",
          numpy.load(folder / "maps" / f"photograph-joint-{label}.npy"), joint[label], 1e-3)
    # What ours says of itself is in the copy, where torch.load has not seen it.
    with zipfile.ZipFile(folder / "trained.pth") as copy:
        assert json.loads(json.loads(copy.read("archive/calm_header.json"))["header"])["model"]["method"] == "calm-em"
    calm("explain", PHOTOGRAPH, "--checkpoint", folder / "trained.pth", "--class", label, "--npy", "--out", folder / "own")
    assert numpy.load(folder / "own" / f"photograph-joint-{label}.npy").shape == (2, 2), "32 pixels, as it was trained"


def deno(*arguments):
    command = ["deno", "run", "--allow-all", *map(str, arguments)]
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    return result.stdout


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        trained_checkpoint(folder, torchvision_logits(folder))
