#!/usr/bin/python3
"""Writes the golden files of tests/goldens with PyTorch (Debian's python3-torch 1.13).

    apt-get install python3-torch python3-torchvision
    /usr/bin/python3 tests/goldens/make_goldens.py

Layouts are PyTorch's: activations NCHW, convolution weights OIHW. The files are safetensors;
the metadata entry "cases" says how each case was computed.
"""
import json
import pathlib
import struct

import torch
import torch.nn as nn
import torch.nn.functional as F

HERE = pathlib.Path(__file__).parent


def write(name, tensors, cases):
    """safetensors: u64 header length, JSON header, raw little-endian data."""
    header, blobs, offset = {"__metadata__": {"cases": json.dumps(cases)}}, [], 0
    for key, tensor in tensors.items():
        kind = "I64" if tensor.dtype == torch.int64 else "F32"
        blob = (tensor if kind == "I64" else tensor.float()).detach().contiguous().numpy().tobytes()
        header[key] = {"dtype": kind, "shape": list(tensor.shape), "data_offsets": [offset, offset + len(blob)]}
        blobs.append(blob)
        offset += len(blob)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    (HERE / name).write_bytes(struct.pack("<Q", len(text)) + text + b"".join(blobs))
    print(f"{name}: {len(tensors)} tensors, {8 + len(text) + offset} bytes")


class Cases:
    """Collects inputs, output, upstream gradient and input gradients of named cases."""

    def __init__(self):
        self.tensors, self.cases = {}, {}

    def add(self, name, function, inputs, constants=None, **description):
        """inputs: differentiable tensors by role; constants: the others."""
        leaves = {k: v.clone().requires_grad_() for k, v in inputs.items()}
        output = function(**leaves, **(constants or {}))
        upstream = torch.randn(output.shape, generator=GENERATOR)
        output.backward(upstream)
        for role, leaf in leaves.items():
            self.tensors[f"{name}/{role}"] = leaf
            self.tensors[f"{name}/{role}.gradient"] = leaf.grad
        for role, constant in (constants or {}).items():
            self.tensors[f"{name}/{role}"] = constant
        self.tensors[f"{name}/output"] = output
        self.tensors[f"{name}/upstream"] = upstream
        self.cases[name] = description


GENERATOR = torch.Generator().manual_seed(20211)


def normal(*shape, scale=1.0):
    return scale * torch.randn(shape, generator=GENERATOR)


def operations():
    cases = Cases()
    for name, x, w, stride, padding, bias in [
        ("conv3x3", (2, 3, 5, 7), (6, 3, 3, 3), 1, (1, 1), True),
        ("conv3x3_stride2_odd", (2, 5, 9, 7), (3, 5, 3, 3), 2, (1, 1), False),
        ("conv3x3_1x1_map", (1, 3, 1, 1), (5, 3, 3, 3), 1, (1, 1), False),
        ("conv3x3_valid", (1, 4, 6, 5), (7, 4, 3, 3), 1, (0, 0), True),
        ("conv1x1", (3, 7, 3, 5), (10, 7, 1, 1), 1, (0, 0), True),
        ("conv1x1_stride2", (2, 6, 5, 7), (5, 6, 1, 1), 2, (0, 0), False),
        ("conv7x7_stride2", (1, 3, 13, 11), (8, 3, 7, 7), 2, (3, 3), False),
        ("conv2x3", (1, 2, 4, 6), (3, 2, 2, 3), 1, (1, 0), True),
    ]:
        inputs = {"x": normal(*x), "weights": normal(*w)}
        if bias:
            inputs["bias"] = normal(w[0])
        cases.add(name, lambda x, weights, bias=None: F.conv2d(x, weights, bias, stride, padding), inputs,
                  operation="conv2d", stride=stride, padding=padding)

    for training in (True, False):
        for relu, residual in ((False, False), (True, False), (True, True)):
            name = f"batch_norm_{'training' if training else 'inference'}{'_relu' * relu}{'_residual' * residual}"
            mean, variance = normal(5), normal(5).abs() + 0.5
            state = {"running_mean": mean.clone(), "running_var": variance.clone()}

            def apply(x, weight, bias, residual=None):
                y = F.batch_norm(x, state["running_mean"], state["running_var"], weight, bias, training, 0.1, 1e-5)
                y = y if residual is None else y + residual
                return F.relu(y) if relu else y

            inputs = {"x": normal(3, 5, 4, 7, scale=2), "weight": normal(5), "bias": normal(5)}
            if residual:
                inputs["residual"] = normal(3, 5, 4, 7)
            cases.add(name, apply, inputs, operation="batchNorm", training=training, relu=relu)
            cases.tensors.update({f"{name}/mean_before": mean, f"{name}/variance_before": variance,
                                  f"{name}/mean_after": state["running_mean"],
                                  f"{name}/variance_after": state["running_var"]})

    for name, x, kernel, stride, padding, ceil in [
        ("pool_3_2_1", (2, 3, 7, 9), 3, 2, 1, False),
        ("pool_2_2_0", (1, 5, 6, 8), 2, 2, 0, False),
        ("pool_3_2_0_ceil", (1, 4, 6, 7), 3, 2, 0, True),
        ("pool_3_2_1_ceil", (1, 2, 8, 8), 3, 2, 1, True),
    ]:
        options = {"kernel": kernel, "stride": stride, "padding": padding, "ceilMode": ceil}
        cases.add("max_" + name, lambda x: F.max_pool2d(x, kernel, stride, padding, ceil_mode=ceil),
                  {"x": normal(*x)}, operation="maxPool", **options)
        for count in (True, False):
            cases.add(f"average_{name}_{'with' if count else 'without'}_padding",
                      lambda x: F.avg_pool2d(x, kernel, stride, padding, ceil, count),
                      {"x": normal(*x)}, operation="averagePool", countPadding=count, **options)
    cases.add("max_pool_ties", lambda x: F.max_pool2d(x, 3, 2, 1),
              {"x": normal(1, 3, 7, 7).round()}, operation="maxPool", kernel=3, stride=2, padding=1)

    for name, size in (("resize_up", (7, 8)), ("resize_down", (2, 3)), ("resize_mixed", (9, 2))):
        cases.add(name, lambda x: F.interpolate(x, size, mode="bilinear", align_corners=False),
                  {"x": normal(2, 3, 4, 5)}, operation="resizeBilinear", size=size)

    extreme = torch.tensor([80.0, -80.0, 0.0, 79.0, -79.0, 1.0]).view(1, 6, 1, 1)
    for name, x in (("normal", normal(2, 6, 3, 5, scale=2)), ("extreme", extreme)):
        cases.add(f"softmax_{name}", lambda x: F.softmax(x, 1), {"x": x}, operation="softmax")
        cases.add(f"log_softmax_{name}", lambda x: F.log_softmax(x, 1), {"x": x}, operation="logSoftmax")
        cases.add(f"softplus_{name}", lambda x: F.softplus(x), {"x": x}, operation="softplus")
        cases.add(f"relu_{name}", lambda x: F.relu(x), {"x": x}, operation="relu")
    cases.add("cross_entropy", lambda logits, labels: F.cross_entropy(logits, labels).reshape(1),
              {"logits": normal(4, 7, scale=2)}, {"labels": torch.tensor([6, 0, 3, 3])}, operation="crossEntropy")
    write("operations.safetensors", cases.tensors, cases.cases)


def joint_map(f, a, prior):
    """p(y,z|x): the paper's softplus prior, or the official code's ReLU with a detached sum."""
    if prior == "softplus":
        h = F.softplus(a)
        h = h / h.sum((1, 2, 3), keepdim=True)
    else:
        h = F.relu(a)
        h = h / h.sum((1, 2, 3), keepdim=True).detach()
    return F.softmax(f, 1) * h


def calm_losses(f, a, labels, prior):
    """ML (eq. 4) and EM (eq. 6) losses, means over the batch, in log space."""
    if prior == "softplus":
        s = F.softplus(a).log()
        log_h = s - torch.logsumexp(s.flatten(1), 1).view(-1, 1, 1, 1)
    else:
        z = F.relu(a)
        h = z / z.sum((1, 2, 3), keepdim=True).detach()
        log_h = torch.where(h < 1e-8, h + 1e-8, h).log()
    log_joint = (F.log_softmax(f, 1) + log_h)[torch.arange(len(labels)), labels].flatten(1)
    joint = joint_map(f, a, prior)[torch.arange(len(labels)), labels].flatten(1)
    posterior = (joint / joint.sum(1, keepdim=True)).detach()
    return -joint.sum(1).log().mean().reshape(1), -(posterior * log_joint).sum(1).mean().reshape(1)


def calm_head():
    """In float64: the head's values, stored as float32."""
    cases = Cases()
    for classes in (2, 5, 12):
        for height, width in ((1, 1), (3, 5), (8, 8)):
            for prior in ("softplus", "relu"):
                f = normal(2, classes, height, width, scale=2).double()
                a = normal(2, 1, height, width, scale=2).double()
                if prior == "relu":
                    a = a + 1  # so that no picture's prior is zero everywhere
                    a[:, :, 0, 0] = 0.75
                labels = torch.tensor([1, 0])
                name = f"{prior}_{classes}_{height}x{width}"
                cases.add(name + "_joint", lambda f, a: joint_map(f, a, prior), {"f": f, "a": a},
                          operation="joint", prior=prior)
                for k, method in ((0, "ml"), (1, "em")):
                    cases.add(f"{name}_{method}",
                              lambda f, a, labels: calm_losses(f, a, labels, prior)[k],
                              {"f": f, "a": a}, {"labels": labels}, operation=method, prior=prior)
    write("calm_head.safetensors", cases.tensors, cases.cases)


class Block(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.downsample = None
        if stride != 1 or inputs != outputs:
            self.downsample = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x):
        shortcut = x if self.downsample is None else self.downsample(x)
        return F.relu(self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x))))) + shortcut)


class SmallResNet(nn.Module):
    """model/small_resnet.ts with the heads of model/classifier.ts."""

    def __init__(self, classes, method):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 16, 3, 2, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(16)
        self.layer1, self.layer2, self.layer3 = Block(16, 16, 1), Block(16, 32, 2), Block(32, 64, 1)
        self.conv_last = nn.Conv2d(64, classes, 1)
        if method != "cam":
            self.attention = nn.Sequential(nn.Conv2d(64, 1, 1))

    def forward(self, x):
        u = self.layer3(self.layer2(self.layer1(F.relu(self.bn1(self.conv1(x))))))
        return self.conv_last(u), self.attention(u) if hasattr(self, "attention") else None


def train(method, initial, images, labels, dtype):
    """Ten steps of the official recipe's optimiser on two alternating batches."""
    torch.manual_seed(0)
    net = SmallResNet(5, method)
    net.load_state_dict({k: initial[k] for k in net.state_dict() if "num_batches" not in k}, strict=False)
    net = net.to(dtype)
    feature = lambda name: any(part in name for part in ("conv1", "layer1", "layer2", "layer3"))
    groups = [{"params": [p for n, p in net.named_parameters() if feature(n)], "lr": 0.01},
              {"params": [p for n, p in net.named_parameters() if not feature(n)], "lr": 0.1}]
    optimiser = torch.optim.SGD(groups, momentum=0.9, nesterov=True, weight_decay=1e-4)
    losses = []
    for step in range(10):
        f, a = net(images[step % 2].to(dtype))
        y = labels[step % 2]
        if method == "cam":
            loss = F.cross_entropy(f.mean((2, 3)), y)
        else:
            loss = calm_losses(f, a, y, "softplus")[method == "calm-em"].sum()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    net.eval()
    f, a = net(images[0].to(dtype))
    p = F.softmax(f.mean((2, 3)), 1) if a is None else joint_map(f, a, "softplus").sum((2, 3))
    return losses, net.state_dict(), p


class ReluDistance:
    """Records how close to zero any input of a ReLU comes."""

    def __enter__(self):
        self.smallest, self.relu = float("inf"), F.relu

        def spy(x, inplace=False):
            self.smallest = min(self.smallest, x.detach().abs().min().item())
            return self.relu(x)

        F.relu = spy
        return self

    def __exit__(self, *_):
        F.relu = self.relu


def training():
    """The first seed for which no activation comes so close to a ReLU's kink that rounding decides
    its side: past the kink two correct float32 programs part by far more than their rounding."""
    for seed in range(1000):
        GENERATOR.manual_seed(seed)
        torch.manual_seed(seed)
        reference = SmallResNet(5, "calm-em")
        for module in reference.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.xavier_uniform_(module.weight)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
        initial = {k: v for k, v in reference.state_dict().items() if "num_batches" not in k}
        images = [normal(4, 3, 20, 20) for _ in range(2)]
        labels = [torch.tensor([0, 1, 2, 3]), torch.tensor([4, 3, 0, 0])]
        with ReluDistance() as distance:
            runs = {m: train(m, initial, images, labels, torch.float64) for m in ("cam", "calm-ml", "calm-em")}
        if distance.smallest > 5e-6:
            break
    print(f"training: seed {seed}, closest to a ReLU's kink {distance.smallest:.1e}")
    tensors = {f"initial/{k}": v for k, v in initial.items()}
    for i in range(2):
        tensors.update({f"images{i}": images[i], f"labels{i}": labels[i]})
    cases = {}
    for method, (losses, state, p) in runs.items():
        losses32, state32, _ = train(method, initial, images, labels, torch.float32)
        state = {k: v for k, v in state.items() if "num_batches" not in k}
        worst = max((state[k] - state32[k]).abs().max().item() for k in state)
        print(f"{method}: float32 against float64: loss {max(abs(a - b) for a, b in zip(losses, losses32)):.1e}, "
              f"weights {worst:.1e}")
        cases[method] = {"losses": losses}
        # One slice of every tensor is enough to see an error, and keeps the file small.
        tensors.update({f"{method}/{k}": v.flatten()[:256] for k, v in state.items()})
        tensors[f"{method}/probabilities"] = p
    write("training.safetensors", tensors, cases)


if __name__ == "__main__":
    torch.set_num_threads(1)
    operations()
    calm_head()
    training()
