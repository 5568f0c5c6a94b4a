#!/usr/bin/python3
"""Writes the golden files beside it: what PyTorch computes, for the tests to compare with.

    apt-get install -y --no-install-recommends python3-torch
    /usr/bin/python3 tests/goldens/pytorch/make_goldens.py [ops] [calm_head] [training]

It needs two minutes, nearly all of them for a seed of the training runs; see find_smooth_start.

Conventions are PyTorch's: activations NCHW, convolution weights OIHW, operations and parameters
named as in torch.nn.functional. Every file is safetensors with a JSON file of parameters beside
it. Values are computed in float64 from inputs that float32 holds exactly, and stored as float32.
Training is run in both precisions, to tell how far apart two correct programs may be.

  ops.safetensors        CASE/ROLE, CASE/output, CASE/upstream, CASE/ROLE.gradient
  calm_head.safetensors  CASE/{f,a,labels} and what the CALM head makes of them
  train_common           images, labels and initial weights of the training runs
  train_METHOD           ten SGD steps: losses (of the float32 run), losses64, and of the float64
                         run final/NAME (weights and buffers) and evaluation/ROLE; train.json says
                         which file has a method's final weights, since EM's are ML's
"""
import json
import math
import pathlib
import struct
import sys

import torch
import torch.nn.functional as F
from torch import nn

HERE = pathlib.Path(__file__).parent
DTYPES = {torch.float32: "F32", torch.int64: "I64"}


def write_safetensors(name, tensors):
    """u64 length of the header, JSON header padded with spaces to 8 bytes, little-endian data."""
    header, blobs, offset = {}, [], 0
    for key, tensor in tensors.items():
        tensor = tensor.detach().float() if tensor.is_floating_point() else tensor
        blob = tensor.contiguous().numpy().tobytes()
        header[key] = {
            "dtype": DTYPES[tensor.dtype],
            "shape": list(tensor.shape),
            "data_offsets": [offset, offset + len(blob)],
        }
        blobs.append(blob)
        offset += len(blob)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    path = HERE / f"{name}.safetensors"
    path.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(blobs))
    print(f"{path.name}: {len(tensors)} tensors, {path.stat().st_size:,} bytes")


def write_json(name, entries):
    """One entry a line, so that a difference between two versions can be read."""
    lines = [f"  {json.dumps(key)}: {json.dumps(entry)}" for key, entry in entries.items()]
    (HERE / f"{name}.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")


class Generator:
    """Seeded random inputs in float64, rounded to what float32 holds."""

    def __init__(self, seed):
        self.generator = torch.Generator().manual_seed(seed)

    def normal(self, *shape, scale=1.0):
        return (scale * torch.randn(shape, generator=self.generator)).double()

    def uniform(self, *shape, low, high):
        return (low + (high - low) * torch.rand(shape, generator=self.generator)).double()

    def labels(self, count, classes):
        return torch.randint(classes, (count,), generator=self.generator)


class OperationCases:
    """Runs operations forwards and backwards and collects their tensors and parameters."""

    def __init__(self, seed):
        self.random = Generator(seed)
        self.tensors, self.parameters = {}, {}

    def record(self, case, op, function, inputs, constants=None, **parameters):
        """
        Stores inputs (differentiable) and constants (not), which the function takes in this order,
        the output, a random gradient with respect to it ("upstream") and every input's gradient.
        """
        assert case not in self.parameters, f"There are two cases {case}"
        constants = constants or {}
        leaves = {role: value.clone().requires_grad_() for role, value in inputs.items()}
        output = function(*leaves.values(), *constants.values())
        upstream = self.random.normal(*output.shape)
        output.backward(upstream)
        tensors = {**inputs, **constants, "output": output, "upstream": upstream}
        tensors.update({f"{role}.gradient": leaf.grad for role, leaf in leaves.items()})
        self.tensors.update({f"{case}/{role}": tensor for role, tensor in tensors.items()})
        self.parameters[case] = {"op": op, **parameters}


def conv2d(cases):
    normal = cases.random.normal
    for case, x, weight, stride, padding, bias in [
        ("3x3", (2, 3, 5, 7), (6, 3, 3, 3), 1, (1, 1), False),
        ("3x3_bias", (3, 5, 5, 7), (7, 5, 3, 3), 1, (1, 1), True),
        ("3x3_1_channel", (1, 1, 5, 7), (1, 1, 3, 3), 1, (1, 1), False),
        ("3x3_1x1_map", (2, 3, 1, 1), (5, 3, 3, 3), 1, (1, 1), True),
        ("3x3_unpadded", (1, 6, 9, 6), (5, 6, 3, 3), 1, (0, 0), True),
        ("3x3_stride2_odd", (2, 5, 5, 7), (3, 5, 3, 3), 2, (1, 1), False),
        ("3x3_stride2_odd_even", (1, 6, 9, 6), (7, 6, 3, 3), 2, (1, 1), True),
        ("3x3_stride2_unpadded_even", (1, 3, 6, 8), (6, 3, 3, 3), 2, (0, 0), False),
        ("1x1", (1, 7, 5, 7), (6, 7, 1, 1), 1, (0, 0), False),
        ("1x1_bias", (2, 6, 9, 6), (1, 6, 1, 1), 1, (0, 0), True),
        ("1x1_1x1_map", (3, 5, 1, 1), (7, 5, 1, 1), 1, (0, 0), True),
        ("1x1_stride2_odd", (2, 6, 5, 7), (5, 6, 1, 1), 2, (0, 0), False),
        ("1x1_stride2_even", (1, 3, 6, 8), (6, 3, 1, 1), 2, (0, 0), False),
        ("7x7_stride2", (1, 3, 9, 6), (5, 3, 7, 7), 2, (3, 3), False),
        ("7x7_stride2_1x1_map", (2, 1, 1, 1), (3, 1, 7, 7), 2, (3, 3), False),
        ("2x3", (2, 3, 5, 7), (6, 3, 2, 3), 1, (0, 0), True),
        ("2x3_padded", (1, 5, 9, 6), (3, 5, 2, 3), 1, (0, 1), False),
        ("2x3_stride2", (1, 7, 5, 7), (5, 7, 2, 3), 2, (1, 1), True),
    ]:
        inputs = {"x": normal(*x), "weight": normal(*weight)}
        if bias:
            inputs["bias"] = normal(weight[0])
        cases.record(
            f"conv2d_{case}", "conv2d",
            lambda x, weight, bias=None: F.conv2d(x, weight, bias, stride, padding),
            inputs, stride=stride, padding=padding,
        )


def batch_norm(cases):
    """relu(batch_norm(x) + residual); ReLU and residual where the parameters say so."""
    random = cases.random
    momentum, eps = 0.1, 1e-5
    for shape in ((2, 5, 5, 7), (1, 3, 9, 6), (3, 6, 1, 1)):
        for training in (True, False):
            for relu, residual in ((False, False), (True, False), (True, True)):
                mode = "training" if training else "evaluation"
                size = f"{shape[2]}x{shape[3]}"
                case = f"batch_norm_{mode}{'_relu' * relu}{'_residual' * residual}_{size}"
                inputs = {
                    "x": random.normal(*shape, scale=2) + 0.5,
                    "weight": random.normal(shape[1]),
                    "bias": random.normal(shape[1]),
                }
                if residual:
                    inputs["residual"] = random.normal(*shape)
                mean = random.normal(shape[1])
                variance = random.uniform(shape[1], low=0.5, high=2)
                mean_after, variance_after = mean.clone(), variance.clone()

                def function(x, weight, bias, residual=None):
                    y = F.batch_norm(
                        x, mean_after, variance_after, weight, bias, training, momentum, eps
                    )
                    y = y if residual is None else y + residual
                    # Rounding must not decide on which side of its kink a ReLU is.
                    assert not relu or y.abs().min() > 2e-5
                    return F.relu(y) if relu else y

                cases.record(
                    case, "batch_norm", function, inputs,
                    training=training, momentum=momentum, eps=eps, relu=relu,
                )
                cases.tensors.update({
                    f"{case}/running_mean_before": mean,
                    f"{case}/running_var_before": variance,
                    f"{case}/running_mean_after": mean_after,
                    f"{case}/running_var_after": variance_after,
                })


def pooling(cases):
    """Of equal largest values in a window the first in reading order gets the gradient."""
    normal = cases.random.normal
    for case, shape, kernel, stride, padding, ceil_mode in [
        ("3_2_1", (2, 3, 9, 6), 3, 2, 1, False),
        ("3_2_1_odd", (1, 3, 5, 7), 3, 2, 1, False),
        ("3_2_1_1x1_map", (3, 6, 1, 1), 3, 2, 1, False),
        ("2_2_0", (1, 7, 6, 8), 2, 2, 0, False),
        ("2_2_0_odd", (1, 6, 5, 7), 2, 2, 0, False),
        ("3_2_0_ceil", (1, 3, 9, 6), 3, 2, 0, True),
        ("3_2_1_ceil", (1, 3, 6, 8), 3, 2, 1, True),
        # The last window would start in the padding: PyTorch leaves it out.
        ("2_2_1_ceil", (1, 3, 5, 7), 2, 2, 1, True),
        ("3_1_1", (1, 3, 5, 7), 3, 1, 1, False),
    ]:
        parameters = {
            "kernel_size": kernel, "stride": stride, "padding": padding, "ceil_mode": ceil_mode
        }
        cases.record(
            f"max_pool2d_{case}", "max_pool2d", lambda x: F.max_pool2d(x, **parameters),
            {"x": normal(*shape)}, **parameters,
        )
        for count in (True, False):
            cases.record(
                f"avg_pool2d_{case}_{'with' if count else 'without'}_padding", "avg_pool2d",
                lambda x: F.avg_pool2d(x, **parameters, count_include_pad=count),
                {"x": normal(*shape)}, **parameters, count_include_pad=count,
            )
    parameters = {"kernel_size": 3, "stride": 2, "padding": 1, "ceil_mode": False}
    for case, x in (
        ("ties", normal(2, 3, 9, 6).round()),
        ("all_equal", torch.zeros(1, 5, 5, 7, dtype=torch.float64)),
        ("negative", -cases.random.uniform(1, 3, 5, 7, low=1, high=9)),
    ):
        cases.record(
            f"max_pool2d_{case}", "max_pool2d", lambda x: F.max_pool2d(x, **parameters),
            {"x": x}, **parameters,
        )
    for shape in ((2, 5, 5, 7), (1, 3, 9, 6), (3, 7, 1, 1)):
        cases.record(
            f"global_avg_pool_{shape[2]}x{shape[3]}", "global_avg_pool",
            lambda x: x.mean((2, 3)), {"x": normal(*shape)},
        )


def softmax(cases):
    """Over channels. Extreme logits: every channel is the largest, or the smallest, somewhere."""
    normal = cases.random.normal
    extreme = torch.tensor([80, -80, 0, 79.5, -79.5, 1, 80]).double()
    extreme = torch.stack([extreme.roll(k) for k in range(7)], 1).view(1, 7, 1, 7)
    for case, x in (
        ("5x7", normal(2, 5, 5, 7, scale=2)),
        ("1x1", normal(3, 5, 1, 1, scale=2)),
        ("1_channel", normal(1, 1, 5, 7)),
        ("extreme", extreme),
    ):
        cases.record(f"softmax_{case}", "softmax", lambda x: F.softmax(x, 1), {"x": x}, dim=1)
        cases.record(
            f"log_softmax_{case}", "log_softmax", lambda x: F.log_softmax(x, 1), {"x": x}, dim=1
        )


def cross_entropy(cases):
    random = cases.random
    for batch, classes in ((1, 3), (3, 7), (2, 12)):
        cases.record(
            f"cross_entropy_{batch}x{classes}", "cross_entropy", F.cross_entropy,
            {"input": random.normal(batch, classes, scale=2)},
            {"target": random.labels(batch, classes)}, reduction="mean",
        )
    cases.record(
        "cross_entropy_extreme", "cross_entropy", F.cross_entropy,
        {"input": torch.tensor([[80, -80, 0], [-80, 80, 79.5]]).double()},
        {"target": torch.tensor([1, 1])}, reduction="mean",
    )


def elementwise(cases):
    """PyTorch's gradient of relu at 0 is 0."""
    random = cases.random
    softplus = torch.tensor([-80, -30, -20.5, -1, -1e-3, 0, 1e-3, 1, 19.5, 20.5, 30, 80]).double()
    with_zeros = random.normal(2, 3, 5, 7)
    with_zeros[:, :, ::2, ::3] = 0
    for case, op, function, x in (
        ("relu", "relu", F.relu, random.normal(1, 3, 9, 6)),
        ("relu_zeros", "relu", F.relu, with_zeros),
        ("softplus", "softplus", F.softplus, random.normal(2, 3, 5, 7, scale=4)),
        ("softplus_extreme", "softplus", F.softplus, softplus.view(1, 1, 3, 4)),
        ("exp", "exp", torch.exp, random.normal(2, 3, 5, 7, scale=2)),
        ("log", "log", torch.log, random.uniform(1, 3, 9, 6, low=0.01, high=9)),
    ):
        cases.record(case, op, function, {"x": x})
    # F.softplus returns x itself above 20: in float32 that is log(1 + exp(x)).
    assert (F.softplus(softplus).float() == F.softplus(softplus, threshold=99).float()).all()
    for shape in ((2, 3, 5, 7), (1, 3, 9, 6), (3, 7, 1, 1)):
        size = f"{shape[2]}x{shape[3]}"
        for op, function in (
            ("add", torch.add), ("sub", torch.sub), ("mul", torch.mul), ("div", torch.div),
        ):
            y = random.normal(*shape)
            y = y.sign() * (y.abs() + 0.25) if op == "div" else y
            inputs = {"x": random.normal(*shape), "y": y.float().double()}
            cases.record(f"{op}_{size}", op, function, inputs)


def reductions(cases):
    normal = cases.random.normal
    for shape in ((2, 3, 5, 7), (1, 3, 9, 6), (1, 5, 1, 1)):
        size = f"{shape[2]}x{shape[3]}"
        for op, function in (("sum", torch.sum), ("mean", torch.mean)):
            cases.record(f"{op}_all_{size}", op, function, {"x": normal(*shape)},
                         dim=[0, 1, 2, 3])
            cases.record(f"{op}_spatial_{size}", op, lambda x: function(x, (2, 3)),
                         {"x": normal(*shape)}, dim=[2, 3])


def concat(cases):
    normal = cases.random.normal
    for channels, (n, h, w) in (((3, 5), (2, 5, 7)), ((1, 6, 3), (1, 9, 6)), ((3, 1), (3, 1, 1))):
        cases.record(
            "concat_" + "_".join(map(str, channels)), "concat",
            lambda *parts: torch.cat(parts, 1),
            {f"x{i}": normal(n, c, h, w) for i, c in enumerate(channels)}, dim=1,
        )


def bilinear(cases):
    """Bilinear resizing with half-pixel centres, without antialiasing."""
    for case, shape, size in [
        ("up", (2, 3, 5, 7), (9, 12)),
        ("up_double", (1, 3, 5, 7), (10, 14)),
        ("down", (2, 3, 9, 6), (4, 5)),
        ("down_far", (1, 3, 9, 6), (2, 1)),
        ("up_and_down", (1, 6, 5, 7), (8, 3)),
        ("from_1x1", (3, 5, 1, 1), (5, 7)),
        ("same_size", (1, 1, 5, 7), (5, 7)),
    ]:
        cases.record(
            f"interpolate_{case}", "interpolate",
            lambda x: F.interpolate(x, size, mode="bilinear", align_corners=False),
            {"x": cases.random.normal(*shape)}, mode="bilinear", align_corners=False, size=size,
        )


def write_ops():
    cases = OperationCases(seed=1)
    for group in (conv2d, batch_norm, pooling, softmax, cross_entropy, elementwise, reductions,
                  concat, bilinear):
        group(cases)
    write_safetensors("ops", cases.tensors)
    write_json("ops", cases.parameters)


def of_label(maps, labels):
    """(N, C, H, W) → (N, 1, H, W): the maps of each picture's label."""
    return maps[torch.arange(len(labels)), labels].unsqueeze(1)


def softplus_head(f, a, labels):
    """The paper's head (§4.1.1), in log space; θ' = θ in the EM loss (eq. 6)."""
    spatial = (2, 3)
    log_g = F.log_softmax(f, 1)
    log_prior = F.softplus(a).log()
    log_h = log_prior - torch.logsumexp(log_prior, spatial, keepdim=True)
    log_label = of_label(log_g + log_h, labels)
    log_probability = torch.logsumexp(log_label, spatial, keepdim=True)
    posterior = (log_label - log_probability).exp()
    return {
        "joint": (log_g + log_h).exp(),
        "saliency": log_h.exp(),
        "posterior": posterior,
        "ml": -log_probability.mean(),
        "em": -(posterior.detach() * log_label).sum((1, 2, 3)).mean(),
    }


def relu_detached_head(f, a, labels):
    """The official code's head: ReLU prior, its sum detached, and the code's small constants."""
    spatial = (2, 3)
    z = F.relu(a)
    h = z / z.sum(spatial, keepdim=True).detach()
    log_h = torch.where(h < 1e-8, h + 1e-8, h).log()
    joint = F.softmax(f, 1) * h
    label = of_label(joint, labels)
    probability = label.sum(spatial, keepdim=True)
    posterior = label / (probability + 1e-10)
    log_label = of_label(F.log_softmax(f, 1) + log_h, labels)
    return {
        "joint": joint,
        "saliency": h,
        "posterior": posterior,
        "ml": -probability.log().mean(),
        "em": -(posterior.detach() * log_label).sum((1, 2, 3)).mean(),
    }


HEADS = {"softplus": softplus_head, "relu_detached": relu_detached_head}


def gradients(output, upstream, leaves):
    return torch.autograd.grad(output, leaves, upstream, retain_graph=True)


def record_head(tensors, case, prior, f, a, labels, random):
    """
    Stores what the head computes and the gradients of both losses and of Σ joint · G for a random
    G; returns how far the gradients of the EM and the ML loss are apart.
    """
    f.requires_grad_()
    a.requires_grad_()
    values = HEADS[prior](f, a, labels)
    tensors.update({f"{case}/f": f, f"{case}/a": a, f"{case}/labels": labels})
    tensors.update({f"{case}/{name}": value for name, value in values.items()})
    tensors[f"{case}/probabilities"] = values["joint"].sum((2, 3))
    upstreams = {"joint": random.normal(*f.shape), "ml": None, "em": None}
    tensors[f"{case}/joint.upstream"] = upstreams["joint"]
    found = {}
    for name, upstream in upstreams.items():
        found[name] = gradients(values[name], upstream, (f, a))
        for role, gradient in zip("fa", found[name]):
            tensors[f"{case}/{name}.gradient.{role}"] = gradient
    return max((ml - em).abs().max().item() for ml, em in zip(found["ml"], found["em"]))


def extreme_logits(random, batch, classes, height, width):
    """
    Logits of ±80, a few ordinary ones among them. In the first picture the label (class 0) is
    improbable everywhere; in the second the prior is tiny everywhere.
    """
    f = 80 * random.normal(batch, classes, height, width).sign()
    a = 80 * random.normal(batch, 1, height, width).sign()
    f[:, :, ::2, ::2] = random.normal(*f[:, :, ::2, ::2].shape)
    a[:, :, ::2, 1::2] = random.normal(*a[:, :, ::2, 1::2].shape)
    f[0] = f[0].abs()
    f[0, 0] = -80
    a[1] = -80
    return f, a


def write_calm_head():
    random = Generator(seed=2)
    tensors, cases, apart = {}, {}, {}
    shapes = [(classes, size) for classes in (2, 5, 12) for size in ((3, 1, 1), (2, 3, 5))]
    large = {"softplus": (2, 12), "relu_detached": (5,)}  # each number of classes once: file size
    for prior in HEADS:
        large_shapes = [(classes, (1, 16, 16)) for classes in large[prior]]
        for classes, (batch, height, width) in shapes + large_shapes:
            case = f"{prior}_{classes}_{height}x{width}"
            f = random.normal(batch, classes, height, width, scale=2)
            a = random.normal(batch, 1, height, width, scale=2)
            if prior == "relu_detached":
                a[:, :, 0, 0] = 0.75  # a prior that is zero everywhere is NaN in the official code
            labels = random.labels(batch, classes)
            apart[case] = record_head(tensors, case, prior, f, a, labels, random)
            cases[case] = {"prior": prior, "extreme": False}
    for classes, size in ((2, (2, 1, 1)), (5, (3, 3, 5)), (12, (2, 3, 5))):
        case = f"softplus_{classes}_{size[1]}x{size[2]}_extreme"
        f, a = extreme_logits(random, size[0], classes, *size[1:])
        labels = random.labels(size[0], classes)
        labels[0] = 0
        apart[case] = record_head(tensors, case, "softplus", f, a, labels, random)
        cases[case] = {"prior": "softplus", "extreme": True}
    for name, tensor in tensors.items():
        assert torch.isfinite(tensor).all(), f"{name} is not finite"
    write_safetensors("calm_head", tensors)
    write_json("calm_head", cases)
    for prior in HEADS:
        largest = max(value for case, value in apart.items() if case.startswith(prior))
        print(f"  {prior}: gradients of the EM and the ML loss differ by at most {largest:.1e}")


class BasicBlock(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.downsample = nn.Sequential()
        if stride != 1 or inputs != outputs:
            self.downsample = nn.Sequential(
                nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs)
            )

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)))
        return F.relu(self.bn2(self.conv2(y)) + self.downsample(x))


class SmallResNet(nn.Module):
    """The project's small network with the head of CAM or, with `attention`, of CALM."""

    def __init__(self, classes, attention):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 16, 3, 2, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(16)
        self.layer1 = BasicBlock(16, 16, 1)
        self.layer2 = BasicBlock(16, 32, 2)
        self.layer3 = BasicBlock(32, 64, 1)
        self.conv_last = nn.Conv2d(64, classes, 1)
        self.attention = nn.Sequential(nn.Conv2d(64, 1, 1)) if attention else None

    def forward(self, x):
        """Class logits f and location logits a (None without attention)."""
        u = F.relu(self.bn1(self.conv1(x)))
        u = self.layer3(self.layer2(self.layer1(u)))
        return self.conv_last(u), self.attention(u) if self.attention else None


def weights_and_buffers(network):
    """What is compared: everything but PyTorch's counters of batches."""
    state = network.state_dict()
    return {k: v.detach().clone() for k, v in state.items() if "num_batches_tracked" not in k}


RECIPE = {
    "classes": 5,
    "batch": 4,
    "size": 32,
    "steps": 10,
    "momentum": 0.9,
    "nesterov": True,
    "weight_decay": 1e-4,
    "prior": "softplus",
    # The official code's substring rule: names with one of these have the first learning rate.
    "features": ["conv1", "layer1", "layer2", "layer3"],
    "learning_rate_features": 0.01,
    "learning_rate_others": 0.1,
}
METHODS = ("cam", "calm_ml", "calm_em")
# How close to zero no input of a ReLU may come in any of the training runs.
KINK = 5e-6


def build_optimiser(network):
    feature, other = [], []
    for name, parameter in network.named_parameters():
        is_feature = any(part in name for part in RECIPE["features"])
        (feature if is_feature else other).append(parameter)
    groups = [
        {"params": feature, "lr": RECIPE["learning_rate_features"]},
        {"params": other, "lr": RECIPE["learning_rate_others"]},
    ]
    options = {key: RECIPE[key] for key in ("momentum", "nesterov", "weight_decay")}
    return torch.optim.SGD(groups, lr=0.05, **options)


def loss_of(method, f, a, labels):
    if method == "cam":
        return F.cross_entropy(f.mean((2, 3)), labels)
    return softplus_head(f, a, labels)["ml" if method == "calm_ml" else "em"]


class KinkReached(Exception):
    """A ReLU's input came so close to zero that rounding may decide its side."""


def distance_to_kinks(network, images):
    """The smallest |input| of any ReLU of the network, running statistics left as they are."""
    smallest = math.inf
    relu = F.relu

    def spy(x):
        nonlocal smallest
        smallest = min(smallest, x.detach().abs().min().item())
        return relu(x)

    state = {key: value.clone() for key, value in network.state_dict().items()}
    F.relu = spy
    try:
        with torch.no_grad():
            network(images)
    finally:
        F.relu = relu
        network.load_state_dict(state)
    return smallest


def train(method, initial, batches, dtype, kink=0.0):
    """
    Ten steps on two batches by turns.

    Raises KinkReached when an input of a ReLU comes closer to zero than `kink`.
    """
    network = SmallResNet(RECIPE["classes"], attention=method != "cam")
    wanted = {name: initial[name] for name in weights_and_buffers(network)}
    network.load_state_dict(wanted, strict=False)
    network = network.to(dtype)
    optimiser = build_optimiser(network)
    losses = []
    for step in range(RECIPE["steps"]):
        images, labels = batches[step % 2]
        images = images.to(dtype)
        if kink and distance_to_kinks(network, images) < kink:
            raise KinkReached
        f, a = network(images)
        loss = loss_of(method, f, a, labels)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    network.eval()
    images, labels = batches[0]
    with torch.no_grad():
        f, a = network(images.to(dtype))
        if a is None:
            logits = f.mean((2, 3))
            evaluation = {"f": f, "logits": logits, "probabilities": F.softmax(logits, 1)}
        else:
            joint = softplus_head(f, a, labels)["joint"]
            evaluation = {"f": f, "a": a, "probabilities": joint.sum((2, 3))}
    losses = {"losses": torch.tensor(losses, dtype=dtype)}
    return {"losses": losses, "final": weights_and_buffers(network), "evaluation": evaluation}


def initial_state(seed):
    """Official initialisation: Xavier-uniform convolutions, biases 0, batch norm 1 and 0."""
    torch.manual_seed(seed)
    network = SmallResNet(RECIPE["classes"], attention=True)
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.xavier_uniform_(module.weight)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    return weights_and_buffers(network)


def training_data(seed):
    """Two batches of noise whose labels cover all classes."""
    random = Generator(seed)
    size = RECIPE["size"]
    images = [random.normal(RECIPE["batch"], 3, size, size).float() for _ in range(2)]
    labels = [torch.tensor([0, 1, 2, 3]), torch.tensor([4, 3, 0, 2])]
    return list(zip(images, labels))


def find_smooth_start(kink, attempts=5000):
    """
    The first seed with which no input of a ReLU comes closer to zero than `kink` in any run: on
    different sides of a kink two correct float32 programs part by far more than by rounding.
    """
    for seed in range(attempts):
        initial, batches = initial_state(seed), training_data(seed)
        try:
            runs = {m: train(m, initial, batches, torch.float64, kink) for m in ("calm_em", "cam")}
        except KinkReached:
            continue
        runs["calm_ml"] = train("calm_ml", initial, batches, torch.float64)
        return seed, initial, batches, runs
    raise RuntimeError(f"None of {attempts} seeds keeps {kink} from every ReLU's kink")


def largest_difference(one, other):
    return max((one[key].double() - other[key].double()).abs().max().item() for key in one)


def discrepancy(one, other, parts=("losses", "final", "evaluation")):
    """The largest differences of two runs, by what is compared."""
    return {part: largest_difference(one[part], other[part]) for part in parts}


def write_training():
    seed, initial, batches, runs64 = find_smooth_start(KINK)
    print(f"training: seed {seed}, no ReLU's input within {KINK} of zero")
    common = {f"images{i}": images for i, (images, _) in enumerate(batches)}
    common.update({f"labels{i}": labels for i, (_, labels) in enumerate(batches)})
    common.update({f"initial/{name}": tensor for name, tensor in initial.items()})
    write_safetensors("train_common", common)

    runs32 = {method: train(method, initial, batches, torch.float32) for method in METHODS}
    entries = {"recipe": {**RECIPE, "seed": seed, "kink": KINK}}
    for method in METHODS:
        run32, run64 = runs32[method], runs64[method]
        tensors = {
            "losses": run32["losses"]["losses"],
            "losses64": run64["losses"]["losses"],
        }
        if method != "calm_em":
            tensors.update({f"final/{name}": value for name, value in run64["final"].items()})
        tensors.update({f"evaluation/{k}": v for k, v in run64["evaluation"].items()})
        write_safetensors(f"train_{method}", tensors)
        entries[method] = {
            "final": "train_cam" if method == "cam" else "train_calm_ml",
            "losses64": tensors["losses64"].tolist(),
            "float32_from_float64": discrepancy(run32, run64),
        }
        first, last = tensors["losses64"][[0, -1]]
        print(f"  {method}: loss {first:.4f} to {last:.4f}; float32 from float64 "
              f"{entries[method]['float32_from_float64']}")
    parts = ("final", "evaluation")  # the losses themselves are different functions
    entries["calm_em_from_calm_ml"] = {
        "float32": discrepancy(runs32["calm_em"], runs32["calm_ml"], parts),
        "float64": discrepancy(runs64["calm_em"], runs64["calm_ml"], parts),
    }
    # In exact arithmetic the gradients are equal (with θ' = θ), hence the weights and predictions.
    assert entries["calm_em_from_calm_ml"]["float64"]["final"] < 1e-12
    print(f"  EM from ML: {entries['calm_em_from_calm_ml']}")
    write_json("train", entries)


WRITERS = {"ops": write_ops, "calm_head": write_calm_head, "training": write_training}

if __name__ == "__main__":
    torch.set_num_threads(1)
    for chosen in sys.argv[1:] or WRITERS:
        WRITERS[chosen]()
