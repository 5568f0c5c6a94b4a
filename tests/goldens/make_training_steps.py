#!/usr/bin/python3
"""Writes tests/goldens/training_steps.safetensors: training steps of ResNet50 at the official rates.

    /usr/bin/python3 tests/goldens/make_training_steps.py        (about five minutes)

CALM_EM with the official prior (ReLU, sum detached) and the official groups of parameters, four 96x96
cuts of the photograph, on which the prior is sparse or dense; with the paper's posterior and with the
official code's, which has 1e-10 in its denominator. Weights are `weight`s of their names. Of every
gradient of the first step, in the order of the names, the norm and the products with some hashed vectors
are stored, which any wrong element moves.

Batch statistics, ReLUs and high rates amplify rounding: how far PyTorch's own float32 runs, on the
pictures and on slightly moved ones, part from its float64 is stored beside the numbers, and is the
measure of them. Gradients of the second step part by 5 to 46 % already: tests/pytorch/training_steps.py
compares them on one and the same weights.
"""
import numpy
import torch
import torch.nn.functional as F

from make_backbones import hashed, photograph, resnet50
from make_goldens import write

CUTS = ((0, 0), (20, 100), (100, 30), (120, 120))
LABELS = torch.tensor([3, 11, 7, 0])
SHIFTS = {"sparse": 0.0, "dense": 2.0}
EPSILONS = {"paper": 0.0, "official": 1e-10}
PRODUCTS = 3
STEPS = 3


def em_loss(f, a, epsilon):
    """Eq. 6 in log space; with the official code's denominator of the posterior."""
    z = F.relu(a)[:, 0]
    positive = z > 0
    log_h = torch.where(positive, z, torch.ones_like(z)).log() - z.sum((1, 2), keepdim=True).detach().log()
    j = F.log_softmax(f, 1)[torch.arange(len(LABELS)), LABELS] + log_h
    joint = torch.where(positive, j.exp(), torch.zeros_like(j))
    log_p = torch.logsumexp(torch.where(positive, j, torch.full_like(j, -1e4)).flatten(1), 1)
    share = 1 / (1 + epsilon * (-log_p).exp()) if epsilon else torch.ones_like(log_p)
    q = torch.where(positive, (j - log_p[:, None, None]).exp(), torch.zeros_like(j)) * share[:, None, None]
    return -(q.detach() * torch.where(positive, j, torch.zeros_like(j))).sum((1, 2)).mean()


def summary(name, gradient):
    """Norm, and products with hashed vectors."""
    g = gradient.flatten().double()
    vectors = [torch.from_numpy(hashed(f"{name} {i}", g.numel())) for i in range(PRODUCTS)]
    return torch.stack([g.norm(), *[g @ v for v in vectors]])


def run(dtype, shift, epsilon, noise=0.0):
    net = resnet50(False).to(dtype).train()
    with torch.no_grad():
        net.attention[0].bias += shift
    feature = lambda name: any(part in name for part in ("conv1", "layer1", "layer2", "layer3"))
    groups = [{"params": [p for n, p in net.named_parameters() if feature(n)], "lr": 0.01},
              {"params": [p for n, p in net.named_parameters() if not feature(n)], "lr": 0.1}]
    optimiser = torch.optim.SGD(groups, momentum=0.9, nesterov=True, weight_decay=1e-4)
    x = photograph()
    x = (torch.cat([x[:, :, top:top + 96, left:left + 96] for top, left in CUTS]) * (1 + noise)).to(dtype)
    losses = []
    for step in range(STEPS):
        f, a = net(x)
        optimiser.zero_grad()
        loss = em_loss(f, a, epsilon)
        loss.backward()
        losses.append(loss.item())
        if step == 0:
            first = {n: summary(n, p.grad) for n, p in net.named_parameters()}
            share = (a > 0).double().mean().item()
        optimiser.step()
    return losses, first, share


def error(found, expected):
    """Largest difference of norm or products, relative to the norm."""
    return (found - expected).abs().max().item() / expected[0].item()


if __name__ == "__main__":
    torch.set_num_threads(2)
    tensors, cases = {}, {}
    for prior, shift in SHIFTS.items():
        for posterior, epsilon in EPSILONS.items():
            name = f"{prior}/{posterior}"
            losses, first, share = run(torch.float64, shift, epsilon)
            others = [run(torch.float32, shift, epsilon, noise) for noise in (0.0, 1e-6, -1e-6)]
            cases[name] = {
                "shift": shift, "epsilon": epsilon, "cuts": CUTS, "labels": LABELS.tolist(), "positive": share,
                "float32_loss": [max(abs(own[0][s] / losses[s] - 1) for own in others) for s in range(STEPS)],
            }
            tensors[f"{name}/losses"] = torch.tensor(losses, dtype=torch.float64)
            spread = [max(error(own[1][n], first[n]) for own in others) for n in sorted(first)]
            tensors[f"{name}/gradients"] = torch.stack([first[n] for n in sorted(first)])
            tensors[f"{name}/float32_gradients"] = torch.tensor(spread)
            print("float32 gradients part by", numpy.percentile(spread, [10, 50, 90, 100]))
            print(name, losses, cases[name], flush=True)
    write("training_steps.safetensors", tensors, cases)
