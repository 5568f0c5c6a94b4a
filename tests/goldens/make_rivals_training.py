#!/usr/bin/python3
"""Writes tests/goldens/rivals_training.safetensors: five training steps of the small network by HaS,
CutMix (with CAM's and with CALM_EM's loss), ADL, ACoL and SPG, from the weights and pictures of
training.safetensors.

    apt-get install python3-torch python3-torchvision python3-opencv
    /usr/bin/python3 tests/goldens/make_rivals_training.py

Step s trains on images{s % 2}. What is drawn at random is in the file: HaS's cells, [n, rows, columns]
with 1 for those that stay, as tensors; CutMix's permutations and boxes and ADL's branches as "steps" of
the case. ACoL's and SPG's heads begin with `weight`s of "SEED.NAME" (seed 3: "3.SPG_A4.weight"). With SPG's
default thresholds everything is foreground from the second step on; the case "spg-balanced" has others and
a lower rate. "lr" is the rate of the trunk, a tenth of the heads'.

"seed" is the first for which no ReLU's input and no thresholded quantity comes so near the
point of decision that rounding decides: past it two correct float32 programs part by more than rounding.
"margins" and the rest are as in rivals.safetensors.
"""
import json

import numpy
import torch
import torch.nn as nn
import torch.nn.functional as F

from make_backbones import weight
from make_goldens import ReluDistance, SmallResNet, calm_losses, write
from make_rivals import Adl, Decisions, acol_head, conv, erase, minmax, of_labels, spg_branches, spg_losses
from make_teacher import read

CLASSES, STEPS, CELL, RATE = 5, 5, 4, 0.75
OPTIONS = {
    "has": {"cell": CELL},
    "cutmix": {},
    "cutmix-calm-em": {},
    "adl": {"rate": RATE, "threshold": 0.9},
    "acol": {"threshold": 0.7},
    "spg": {"thresholds": [[0.7, 0.01], [0.5, 0.05], [0.7, 0.1]]},
    "spg-balanced": {"thresholds": [[0.7, 0.4], [0.6, 0.5], [0.6, 0.5]]},
}
RATES = {"spg-balanced": 0.001}
WITH_HEADS = ("acol", "spg", "spg-balanced")


class Rival(SmallResNet):
    """The small network with the heads of a method."""

    def __init__(self, method, options, initial, seed):
        super().__init__(CLASSES, "calm-em" if method == "cutmix-calm-em" else "cam")
        self.method, self.options = method, options
        self.adl = [Adl(options["threshold"]) for _ in range(2)] if method == "adl" else [nn.Identity()] * 2
        if method in WITH_HEADS:
            del self.conv_last
        if method == "acol":
            self.classifier_A, self.classifier_B = acol_head(64, 64, CLASSES), acol_head(64, 64, CLASSES)
        if method.startswith("spg"):
            self.SPG_A4 = conv(64, CLASSES, 1)
            for name, module in spg_branches(16, 32, 32, 64, 16):
                self.add_module(name, module)
        state = {k: v if "num_batches" in k else weight(f"{seed}.{k}", v.shape) for k, v in self.state_dict().items()}
        self.load_state_dict({**state, **{k: v for k, v in initial.items() if k in state}})

    def losses(self, x, step, labels):
        """By name; their sum is the loss."""
        side = x.shape[2]
        mixed = self.method.startswith("cutmix") and step
        if self.method == "has":
            x = x * step["kept"].to(x.dtype).repeat_interleave(CELL, 1).repeat_interleave(CELL, 2)[:, None]
        if mixed:
            top, left, bottom, right = step["box"]
            source, x = x, x.clone()
            x[:, :, top:bottom, left:right] = source[step["permutation"], :, top:bottom, left:right]
        b1 = self.layer1(F.relu(self.bn1(self.conv1(x))))
        b2 = self.adl[0](self.layer2(b1))
        u = self.adl[1](self.layer3(b2))
        if self.method == "acol":
            a = self.classifier_A(u)
            b = self.classifier_B(erase(u, minmax(of_labels(a, labels)).detach(), self.options["threshold"]))
            return {k: F.cross_entropy(m.mean((2, 3)), labels) for k, m in (("a", a), ("b", b))}
        if self.method.startswith("spg"):
            maps = self.SPG_A4(u)
            shared = self.SPG_B_shared
            branches = spg_losses(maps, shared(self.SPG_B_1a(b1)), shared(self.SPG_B_2a(b2)), self.SPG_C(u), labels,
                                  self.options["thresholds"], side)
            return {"class": F.cross_entropy(maps.mean((2, 3)), labels), **branches}
        f = self.conv_last(u)
        if self.method == "cutmix-calm-em":
            loss = lambda y: calm_losses(f, self.attention(u), y, "softplus")[1].sum()
        else:
            loss = lambda y: F.cross_entropy(f.mean((2, 3)), y)
        if not mixed:
            return {"class": loss(labels)}
        share = step["share"]
        return {"own": share * loss(labels), "other": (1 - share) * loss(labels[step["permutation"]])}


def draw(method, seed, n, side):
    """What each step draws at random."""
    random = numpy.random.RandomState(seed)
    if method == "has":
        return [{"kept": torch.from_numpy((random.rand(n, side // CELL, side // CELL) > 0.5).astype(numpy.float32))}
                for _ in range(STEPS)]
    if method == "adl":
        branch = lambda: "drop" if random.rand() < RATE else "importance"
        return [{"branches": [branch(), branch()]} for _ in range(STEPS)]
    if not method.startswith("cutmix"):
        return [{}] * STEPS
    steps = []
    for _ in range(STEPS):
        half = int(side * numpy.sqrt(1 - random.beta(1, 1))) // 2
        y, x = random.randint(side, size=2)
        box = [int(numpy.clip(v, 0, side)) for v in (y - half, x - half, y + half, x + half)]
        share = 1 - (box[2] - box[0]) * (box[3] - box[1]) / side**2
        steps.append({"permutation": random.permutation(n).tolist(), "box": box, "share": share})
    steps[2] = None  # as with a probability below 1
    return steps


def train(method, golden, steps, seed, dtype, noise=0.0):
    initial = {k[8:]: v for k, v in golden.items() if k.startswith("initial/")}
    net = Rival(method, OPTIONS[method], initial, seed).to(dtype)
    rate = RATES.get(method, 0.01)
    feature = lambda name: any(part in name for part in ("conv1", "layer1", "layer2", "layer3"))
    groups = [{"params": [p for n, p in net.named_parameters() if feature(n)], "lr": rate},
              {"params": [p for n, p in net.named_parameters() if not feature(n)], "lr": 10 * rate}]
    optimiser = torch.optim.SGD(groups, momentum=0.9, nesterov=True, weight_decay=1e-4)
    losses = []
    with Decisions() as decisions, ReluDistance() as relu:
        for number, step in enumerate(steps):
            if method == "adl":
                for layer, branch in zip(net.adl, step["branches"]):
                    layer.branch = branch
            x, y = (golden[f"images{number % 2}"] * (1 + noise)).to(dtype), golden[f"labels{number % 2}"]
            parts = net.losses(x, step, y)
            optimiser.zero_grad()
            sum(parts.values()).backward()
            optimiser.step()
            losses.append({"total": sum(parts.values()).item(), **{k: v.item() for k, v in parts.items()}})
    return losses, {k: v for k, v in net.state_dict().items() if "num_batches" not in k}, decisions, relu.smallest


def suitable(method, steps):
    """Whether what was drawn shows something of each kind."""
    if method == "adl":
        return all({step["branches"][i] for step in steps} == {"drop", "importance"} for i in range(2))
    if method.startswith("cutmix"):
        return all(step is None or 0.2 < step["share"] < 0.9 for step in steps)
    return True


def make(method, golden):
    """The case's description and tensors."""
    n, _, side, _ = golden["images0"].shape
    for seed in range(1000):
        steps = draw(method, seed, n, side)
        if not suitable(method, steps):
            continue
        losses, state, decisions, relu = train(method, golden, steps, seed, torch.float64)
        margins = decisions.margins()
        if relu < 5e-6 or any(margin < 1e-5 for margin in margins.values()):
            continue
        errors, loss_error, weight_error = dict.fromkeys(margins, 0.0), 0.0, 0.0
        for noise in (0.0, 1e-7, -1e-7):
            other_losses, other_state, other, _ = train(method, golden, steps, seed, torch.float32, noise)
            errors = {k: max(errors[k], v) for k, v in decisions.errors(other).items()}
            loss_error = max(loss_error, *(abs(a[k] - b[k]) for a, b in zip(losses, other_losses) for k in a))
            weight_error = max(weight_error, *((state[k] - other_state[k]).abs().max().item() for k in state))
        if all(margins[k] > 10 * v for k, v in errors.items()):
            break
    else:
        raise AssertionError(f"{method}: every seed is too near a decision")
    case = {"options": OPTIONS[method], "seed": seed, "lr": RATES.get(method, 0.01), "losses": losses, "relu": relu,
            "counts": decisions.counts, "margins": margins, "margin_errors": errors,
            "float32": {"losses": loss_error, "weights": weight_error}}
    tensors = {f"{method}/{k}": v.flatten()[:64] for k, v in state.items()}
    if method == "has":
        tensors.update({f"has/kept{i}": step["kept"] for i, step in enumerate(steps)})
    elif method not in WITH_HEADS:
        case["steps"] = steps
    print(method, json.dumps(case), flush=True)
    return case, tensors


if __name__ == "__main__":
    torch.set_num_threads(1)
    golden, cases, tensors = read("training.safetensors"), {}, {}
    for method in OPTIONS:
        cases[method], found = make(method, golden)
        tensors.update(found)
    write("rivals_training.safetensors", tensors, cases)
