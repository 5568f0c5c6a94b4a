#!/usr/bin/python3
"""Writes tests/goldens/teacher.safetensors: ten training steps of the small network by CALM_EM with a
moving average of the weights as teacher, from the weights and pictures of training.safetensors.

    apt-get install python3-torch
    /usr/bin/python3 tests/goldens/make_teacher.py
"""
import copy
import json
import struct

import numpy
import torch

from make_goldens import HERE, ReluDistance, SmallResNet, write

DECAYS = {"0": 0.0, "0.85": 0.85, "0.999": 0.999}


def read(name):
    """Tensors of a file of `write`."""
    data = (HERE / name).read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    tensors = {}
    for key, entry in header.items():
        if key != "__metadata__":
            start, end = entry["data_offsets"]
            kind = {"F32": "<f4", "I64": "<i8"}[entry["dtype"]]
            array = numpy.frombuffer(data[8 + length + start : 8 + length + end], dtype=kind)
            tensors[key] = torch.from_numpy(array.reshape(entry["shape"]).copy())
    return tensors


def log_joint(net, x, y):
    """log p(y, z | x) of each cell, flattened, with a softplus prior."""
    f, a = net(x)
    h = torch.nn.functional.softplus(a)
    g = torch.log_softmax(f, 1)[torch.arange(len(y)), y].flatten(1)
    return g + torch.log(h / h.sum((2, 3), keepdim=True)).flatten(1)


def train(decay, golden, dtype):
    net = SmallResNet(5, "calm-em")
    net.load_state_dict({k[8:]: v for k, v in golden.items() if k.startswith("initial/")}, strict=False)
    net = net.to(dtype)
    teacher = copy.deepcopy(net)
    feature = lambda name: any(part in name for part in ("conv1", "layer1", "layer2", "layer3"))
    groups = [{"params": [p for n, p in net.named_parameters() if feature(n)], "lr": 0.01},
              {"params": [p for n, p in net.named_parameters() if not feature(n)], "lr": 0.1}]
    optimiser = torch.optim.SGD(groups, momentum=0.9, nesterov=True, weight_decay=1e-4)
    losses = []
    for step in range(10):
        x, y = golden[f"images{step % 2}"].to(dtype), golden[f"labels{step % 2}"].long()
        with torch.no_grad():
            q = torch.softmax(log_joint(teacher, x, y), 1)
        loss = -(q * log_joint(net, x, y)).sum(1).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        keep = min(decay, 1 - 1 / (step + 2))
        with torch.no_grad():
            for old, new in zip(teacher.parameters(), net.parameters()):
                old.mul_(keep).add_(new, alpha=1 - keep)
        losses.append(loss.item())
    return losses, net.state_dict(), dict(teacher.named_parameters())


if __name__ == "__main__":
    golden, tensors, cases = read("training.safetensors"), {}, {}
    for name, decay in DECAYS.items():
        with ReluDistance() as distance:
            losses, state, teacher = train(decay, golden, torch.float64)
        losses32, state32, _ = train(decay, golden, torch.float32)
        worst = max((state[k] - state32[k]).abs().max().item() for k in state)
        print(f"decay {name}: losses {losses[0]:.4f} to {losses[-1]:.4f}, closest to a ReLU's kink {distance.smallest:.1e}, "
              f"float32 {max(abs(a - b) for a, b in zip(losses, losses32)):.1e}, weights {worst:.1e}")
        cases[name] = {"losses": losses}
        for prefix, values in (("", state), ("teacher.", teacher)):
            tensors.update({f"{name}/{prefix}{k}": v.detach().flatten()[:64]
                            for k, v in values.items() if "num_batches" not in k})
    write("teacher.safetensors", tensors, cases)
