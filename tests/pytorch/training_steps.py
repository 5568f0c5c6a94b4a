#!/usr/bin/python3
"""Gradients of every tensor of ResNet50 in training, on one and the same weights: those that this
program has at each step of training with the official prior, groups and rates. Needs PyTorch, so
`./calm test` leaves it out; run it by hand from the project's folder (five minutes):

    /usr/bin/python3 tests/pytorch/training_steps.py

A second step can only be compared so: after one update at the official rates PyTorch's own float32
gradients part from its float64 ones by up to 46 % of their norm (make_training_steps.py).
"""
import json
import pathlib
import struct
import subprocess
import sys
import tempfile

import torch

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "goldens"))
from make_backbones import photograph, resnet50  # noqa: E402
from make_training_steps import CUTS, EPSILONS, LABELS, SHIFTS, em_loss  # noqa: E402

DENO = next((p for p in pathlib.Path(".calm").glob("node_modules/.bin/deno")), "deno")


def read(path):
    data = path.read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8:8 + length])
    loss = float(header.pop("__metadata__")["loss"])
    blob = lambda entry: bytearray(data[8 + length + entry["data_offsets"][0]:8 + length + entry["data_offsets"][1]])
    return loss, {k: torch.frombuffer(blob(v), dtype=torch.float32).view(v["shape"]) for k, v in header.items()}


def gradients(tensors, epsilon, dtype):
    net = resnet50(False).to(dtype).train()
    with torch.no_grad():
        for name, parameter in net.named_parameters():
            parameter.copy_(tensors[f"weight {name}"].view(parameter.shape))
    x = photograph()
    f, a = net(torch.cat([x[:, :, top:top + 96, left:left + 96] for top, left in CUTS]).to(dtype))
    loss = em_loss(f, a, epsilon)
    loss.backward()
    return loss.item(), {n: p.grad.double() for n, p in net.named_parameters()}


for prior, shift in SHIFTS.items():
    for posterior, epsilon in EPSILONS.items():
        case = {"shift": shift, "epsilon": epsilon, "cuts": CUTS, "labels": LABELS.tolist()}
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run([DENO, "run", "--allow-all", "tests/pytorch/training_steps.ts", folder, "3", json.dumps(case)],
                           check=True)
            for step in range(3):
                loss, tensors = read(pathlib.Path(folder) / f"{step}.safetensors")
                expected, exact = gradients(tensors, epsilon, torch.float64)
                _, single = gradients(tensors, epsilon, torch.float32)
                ours = {n: tensors[f"gradient {n}"].view(g.shape).double() for n, g in exact.items()}
                error = lambda found: sorted(((found[n] - g).norm() / g.norm()).item() for n, g in exact.items())
                a, b = error(ours), error(single)
                print(f"{prior} prior, {posterior} posterior, step {step}: loss {loss:.6f}, PyTorch {expected:.6f}; error of "
                      f"gradients relative to their norms: median {a[len(a) // 2]:.1e}, largest {a[-1]:.1e}; PyTorch's "
                      f"float32 {b[len(b) // 2]:.1e}, {b[-1]:.1e}", flush=True)
                assert abs(loss / expected - 1) < 1e-4 and a[-1] < 5e-2
