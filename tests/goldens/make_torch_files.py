#!/usr/bin/python3
"""Writes tests/goldens/torch/: small files as PyTorch's versions save them.

    /usr/bin/python3 tests/goldens/make_torch_files.py

Debian's PyTorch writes zip and legacy files. It cannot write the tar of PyTorch 0.1 any more, so
that one is put together here, and PyTorch's own reader checks it.
"""
import io
import json
import pickle
import struct
import tarfile
from collections import OrderedDict

import torch

from make_goldens import HERE

OUT = HERE / "torch"
base = torch.arange(24, dtype=torch.float32).view(2, 3, 4) / 7 - 1

STATE = OrderedDict(
    weight=base,
    transposed=base.permute(2, 0, 1),  # strides of its own, the storage of `weight`
    row=base[1, 2],  # an offset
    scalar=torch.tensor(2.5),
    empty=torch.zeros(0, 3),
    double=torch.tensor([1 / 3, -1e300], dtype=torch.float64),
    half=torch.tensor([1 / 3, -65504.0, 6e-8], dtype=torch.float16),
    bfloat=torch.tensor([1 / 3, -3e38], dtype=torch.bfloat16),
    long=torch.tensor([2**53 + 1, -5]),
    int=torch.tensor([2**31 - 1], dtype=torch.int32),
    byte=torch.tensor([255], dtype=torch.uint8),
    bool=torch.tensor([True, False]),
    parameter=torch.nn.Parameter(torch.tensor([[0.25, -0.5]])),
)


def save(name, value, **options):
    torch.save(value, OUT / name, **options)


def tar(name, state):
    """The oldest container: members `storages`, `tensors` and `pickle`."""
    storages, tensors, object_ = io.BytesIO(), io.BytesIO(), io.BytesIO()
    pickle.dump(len(state), storages, protocol=2)
    pickle.dump(len(state), tensors, protocol=2)


    for key, tensor in enumerate(state.values(), 1):
        pickle.dump((key, "cpu", torch.FloatStorage), storages, protocol=2)
        flat = tensor.flatten()
        storages.write(struct.pack("<q", len(flat)) + flat.numpy().tobytes())
        pickle.dump((key, key, torch.FloatTensor), tensors, protocol=2)
        tensors.write(struct.pack("<i4x", tensor.dim()))
        tensors.write(struct.pack(f"<{2 * tensor.dim() + 1}q", *tensor.shape, *tensor.stride(), 0))
    pickle.dump([], storages, protocol=2)

    class Pickler(pickle.Pickler):
        def persistent_id(self, value):
            return str(1 + [id(t) for t in state.values()].index(id(value))) if torch.is_tensor(value) else None

    Pickler(object_, protocol=2).dump(state)
    with tarfile.open(OUT / name, "w", format=tarfile.PAX_FORMAT) as archive:
        for member, stream in (("sys_info", None), ("pickle", object_), ("tensors", tensors), ("storages", storages)):
            data = stream.getvalue() if stream else pickle.dumps({"protocol_version": 1000, "little_endian": True}, 2)
            info = tarfile.TarInfo(member)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    read = torch.load(OUT / name)
    assert all(torch.equal(read[k], v) for k, v in state.items())


if __name__ == "__main__":
    OUT.mkdir(exist_ok=True)
    save("zip.pth", STATE)
    save("legacy.pth", STATE, _use_new_zipfile_serialization=False)
    tar("tar.pth", OrderedDict(weight=base.contiguous(), bias=torch.tensor([0.5, -1.5])))
    net = torch.nn.DataParallel(torch.nn.Sequential(torch.nn.Conv2d(1, 2, 1), torch.nn.BatchNorm2d(2)))
    optimiser = torch.optim.SGD(net.parameters(), 0.1, momentum=0.9, nesterov=True)
    net(torch.ones(2, 1, 3, 3)).pow(2).sum().backward()
    optimiser.step()
    official = {"architecture": "resnet50", "epoch": 40, "state_dict": net.state_dict(), "optimizer": optimiser.state_dict()}
    save("official.pth.tar", official)
    save("official_legacy.pth.tar", official, _use_new_zipfile_serialization=False)
    numbers = {k: v.detach().double().flatten().tolist() for k, v in STATE.items()}
    shapes = {k: list(v.shape) for k, v in STATE.items()}
    state = {k[7:]: v.double().flatten().tolist() for k, v in net.state_dict().items()}
    (OUT / "expected.json").write_text(json.dumps({"numbers": numbers, "shapes": shapes, "official": state}) + "\n")
