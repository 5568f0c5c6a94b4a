#!/usr/bin/python3
"""Writes tests/goldens/backbones.safetensors: the paper's backbones in PyTorch and torchvision.

    apt-get install python3-torch python3-torchvision
    /usr/bin/python3 tests/goldens/make_backbones.py        (about ten minutes)

Weights are a function of their name (`hashed`), which tests/reference/hashed_weights.ts computes,
too, so that only slices of results are stored. Everything runs in float64. The picture is
photograph.jpg, a 224x224 cut of the public-domain portrait of Grace Hopper (US Navy) that
matplotlib ships as grace_hopper.jpg.
"""
import math

import numpy
import torch
import torch.nn as nn
import torch.nn.functional as F
import torchvision
from PIL import Image

from make_goldens import HERE, calm_losses, joint_map, write

CLASSES = 20
SLICE = 96
VGG = [64, 64, "M", 128, 128, "M", 256, 256, 256, "M", 512, 512, 512, "M", 512, 512, 512]


def hashed(name, count):
    """`count` numbers in [-1, 1): a 32-bit hash of their index, begun with FNV-1a of the name."""
    with numpy.errstate(over="ignore"):
        seed = numpy.uint32(0x811C9DC5)
        for byte in name.encode():
            seed = (seed ^ numpy.uint32(byte)) * numpy.uint32(0x01000193)
        x = numpy.arange(count, dtype=numpy.uint32) * numpy.uint32(0x9E3779B9) + seed
        x ^= x >> numpy.uint32(16)
        x *= numpy.uint32(0x7FEB352D)
        x ^= x >> numpy.uint32(15)
        x *= numpy.uint32(0x846CA68B)
        x ^= x >> numpy.uint32(16)
    return (x >> numpy.uint32(8)).astype(numpy.float64) * 2**-23 - 1


def weight(name, shape):
    """The float32 value of a tensor of a state dict."""
    u = hashed(name, math.prod(shape))
    if len(shape) == 4:
        u = u * (math.sqrt(6 / math.prod(shape[1:])))
    elif name.endswith("running_var"):
        u = u * 0.5 + 1
    elif name.endswith("bn3.weight"):
        u = u * 0.1 + 0.25  # small last gains keep sixteen residual additions in range
    elif name.endswith(".weight"):
        u = u * 0.25 + 1
    else:
        u = u * 0.125
    return torch.from_numpy(u.astype(numpy.float32)).view(shape)


class Net(nn.Module):
    """`body` with torchvision's names, and the heads."""

    def __init__(self, body, features):
        super().__init__()
        for name, child in body.named_children():
            self.add_module(name, child)
        self.conv_last = nn.Conv2d(features, CLASSES, 1)
        self.attention = nn.Sequential(nn.Conv2d(features, 1, 1))
        self.body = [body.forward]
        state = self.state_dict()
        self.load_state_dict({k: v if "num_batches" in k else weight(k, v.shape) for k, v in state.items()})

    def forward(self, x):
        u = self.body[0](x)
        return self.conv_last(u), self.attention(u)


def resnet50(large):
    net = torchvision.models.resnet50()
    for block in [net.layer4[0]] + [net.layer3[0]] * large:
        block.conv2.stride = block.downsample[0].stride = (1, 1)
    layers = [m for n, m in net.named_children() if n not in ("avgpool", "fc")]
    del net.fc, net.avgpool
    net.forward = nn.Sequential(*layers).forward
    return Net(net, 2048)


def vgg16(large, batch_norm):
    configuration = list(VGG)
    if large:
        del configuration[13]
    body = nn.Module()
    body.features = torchvision.models.vgg.make_layers(configuration, batch_norm)
    body.conv6 = nn.Conv2d(512, 1024, 3, padding=1)
    if batch_norm:
        body.bn6 = nn.BatchNorm2d(1024)
    after = body.bn6 if batch_norm else nn.Identity()
    body.forward = lambda x: F.relu(after(body.conv6(body.features(x))))
    return Net(body, 1024)


def inception(large, batch_norm, skip_6e):
    full = torchvision.models.inception_v3(init_weights=False, aux_logits=False)
    body = nn.Module()
    for name, child in full.named_children():
        if name.startswith("Conv2d") or name[:7] in ("Mixed_5", "Mixed_6"):
            body.add_module(name, child)
    body.Conv2d_1a_3x3.conv.padding = (1, 1)
    first = body.Mixed_6a
    for conv in (first.branch3x3.conv, first.branch3x3dbl_3.conv):
        conv.stride, conv.padding = (1, 1), (1, 1)
    first._forward = lambda x: [first.branch3x3(x), first.branch3x3dbl_3(first.branch3x3dbl_2(first.branch3x3dbl_1(x))),
                                F.max_pool2d(x, 3, 1, 1)]
    for name, inputs in (("A3_1b", 768), ("A3_2b", 1024)):
        norm = [nn.BatchNorm2d(1024)] if batch_norm else []
        body.add_module(name, nn.Sequential(nn.Conv2d(inputs, 1024, 3, padding=1), *norm, nn.ReLU()))

    def forward(x):
        x = body.Conv2d_2b_3x3(body.Conv2d_2a_3x3(body.Conv2d_1a_3x3(x)))
        x = F.max_pool2d(x, 3, 2, 1, ceil_mode=True)
        x = body.Conv2d_4a_3x3(body.Conv2d_3b_1x1(x))
        x = F.max_pool2d(x, 3, 2, 1, ceil_mode=True)
        x = body.Mixed_5d(body.Mixed_5c(body.Mixed_5b(x)))
        x = x if large else F.max_pool2d(x, 3, 2, ceil_mode=True)
        x = body.Mixed_6d(body.Mixed_6c(body.Mixed_6b(body.Mixed_6a(x))))
        x = x if skip_6e else body.Mixed_6e(x)
        return body.A3_2b(body.A3_1b(x))

    body.forward = forward
    return Net(body, 1024)


# Architecture -> what builds it, and first, middle and last weights whose gradients are compared.
NETS = {
    "resnet50": (resnet50, ["conv1.weight", "layer3.2.conv2.weight", "layer4.2.bn3.bias"]),
    "vgg16": (lambda large: vgg16(large, False), ["features.0.weight", "features.14.weight", "conv6.bias"]),
    "vgg16_bn": (lambda large: vgg16(large, True), ["features.0.weight", "features.20.weight", "bn6.weight"]),
    "inception_v3": (lambda large: inception(large, False, False),
                     ["Conv2d_1a_3x3.conv.weight", "Mixed_6a.branch3x3dbl_2.conv.weight", "A3_2b.0.weight"]),
    "inception_v3_bn": (lambda large: inception(large, True, True),
                        ["Conv2d_1a_3x3.conv.weight", "Mixed_5c.branch5x5_2.bn.weight", "A3_2b.1.bias"]),
}


def photograph():
    """[1, 3, 224, 224], normalised in float32 as data/transform.ts does."""
    pixels = numpy.asarray(Image.open(HERE / "photograph.jpg").convert("RGB"), dtype=numpy.float64)
    mean, deviation = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
    picture = ((pixels / 255 - mean) / deviation).astype(numpy.float32)
    return torch.from_numpy(picture).permute(2, 0, 1)[None]


def losses(f, a, labels):
    """Training losses by method."""
    marginal, expected = calm_losses(f, a, labels, "softplus")
    return {"cam": F.cross_entropy(f.mean((2, 3)), labels), "calm-ml": marginal.sum(), "calm-em": expected.sum()}


def maps(net, x, tensors, case, prefix):
    """Predictions of the photograph, and the maps of its likeliest class."""
    with torch.no_grad():
        f, a = net(x)
    # So that a ReLU prior is zero in half of the places: all of them would be no distribution.
    case["attention_shift"] = round(-a.median().item(), 2)
    a = a + case["attention_shift"]
    tensors[f"{prefix}/logits"] = f.mean((2, 3))
    tensors[f"{prefix}/cam/probabilities"] = F.softmax(f.mean((2, 3)), 1)
    for prior in ("softplus", "relu"):
        joint = joint_map(f, a, prior)
        p = joint.sum((2, 3))
        label = p[0].argmax()
        tensors[f"{prefix}/{prior}/probabilities"] = p
        tensors[f"{prefix}/{prior}/joint"] = joint[:, label]
        tensors[f"{prefix}/{prior}/saliency"] = joint.sum(1)
        tensors[f"{prefix}/{prior}/conditional"] = F.softmax(f, 1)[:, label]
        print(f"{prefix} {prior}: {tuple(f.shape)}, p({label}) = {p[0, label]:.3f}, logits {f.min():.1f} to {f.max():.1f}, "
              f"largest joint {joint.max():.2e}, zero saliency {(joint.sum(1) == 0).double().mean():.2f}")


def gradients(build, layers, large, x, tensors, case, prefix):
    """One backward pass for each loss on two 64x64 cuts of the photograph: the first for which float64
    and float32, also with slightly moved inputs, agree. Where an activation is so near zero that rounding decides its ReLU, two correct
    programs differ by far more than their rounding. Batch statistics make that likelier with depth:
    where five pairs of cuts fail, the batch norms use their running statistics."""
    labels = torch.tensor([3, 11])
    random = numpy.random.RandomState(0)
    for attempt in range(100):
        case["training"] = attempt < 5
        case["cuts"] = random.randint(0, 160, (2, 2)).tolist()
        cuts = torch.cat([x[:, :, top:top + 64, left:left + 64] for top, left in case["cuts"]])
        runs = []
        for dtype, noise in ((torch.float64, 0), (torch.float32, 0), (torch.float32, 1e-6), (torch.float32, -1e-6)):
            net = build(large).to(dtype).train(case["training"])
            parameters, found = dict(net.named_parameters()), {}
            for method, loss in losses(*net((cuts * (1 + noise)).to(dtype)), labels).items():
                net.zero_grad()
                loss.backward(retain_graph=True)
                found[method] = loss.reshape(1), {k: parameters[k].grad.clone() for k in layers}
            runs.append(found)
        worst = max(((run[m][1][k] - g).abs().max() / g.abs().max()).item()
                    for run in runs[1:] for m, (_, grads) in runs[0].items() for k, g in grads.items())
        print(f"{prefix} {case}: float32 against float64 gradients {worst:.1e}", flush=True)
        if worst < 2e-4:
            break
    assert worst < 2e-4, "no cuts were found"
    for method, (loss, grads) in runs[0].items():
        tensors[f"{prefix}/{method}/loss"] = loss
        for k, gradient in grads.items():
            tensors[f"{prefix}/{method}/{k}.gradient"] = gradient.flatten()[:SLICE]


def training_step(x, tensors, cases):
    """One step of CALM_EM: ResNet50, 224x224, large feature map, the photograph and its mirror image.
    With batch statistics some activations of 70 million lie where rounding decides a ReLU: how far
    PyTorch's own float32 changes weights otherwise than its float64 is stored, too."""
    batch, labels = torch.cat([x, x.flip(3)]), torch.tensor([3, 11])
    changes = []
    for dtype in (torch.float32, torch.float64):
        net = resnet50(True).to(dtype).train()
        feature = lambda name: any(part in name for part in ("conv1", "layer1", "layer2", "layer3"))
        groups = [{"params": [p for n, p in net.named_parameters() if feature(n)], "lr": 0.01},
                  {"params": [p for n, p in net.named_parameters() if not feature(n)], "lr": 0.1}]
        optimiser = torch.optim.SGD(groups, momentum=0.9, nesterov=True, weight_decay=1e-4)
        loss = losses(*net(batch.to(dtype)), labels)["calm-em"]
        loss.backward()
        optimiser.step()
        changes.append({k: (v - weight(k, v.shape)).flatten()[:16].double() for k, v in net.named_parameters()})
        print(f"training step {dtype}: loss {loss.item():.6f}")
    errors = {k: ((changes[0][k] - v).abs().max() / v.abs().max()).item() for k, v in changes[1].items()}
    cases["step"] = {"float32_error": max(errors.values())}
    print("float32 against float64 changes of weights, the worst:", sorted(errors.items(), key=lambda e: -e[1])[:5])
    tensors["step/loss"] = loss.reshape(1)
    for k, v in net.state_dict().items():
        if "num_batches" not in k:
            tensors[f"step/{k}"] = v.flatten()[:16]
    for k, v in changes[1].items():
        tensors[f"step/{k}.change"] = v


if __name__ == "__main__":
    torch.set_num_threads(2)
    tensors, cases, x = {}, {}, photograph()
    for arch, (build, layers) in NETS.items():
        for large in (False, True):
            prefix = f"{arch}/{'large' if large else 'small'}"
            cases[prefix] = case = {"arch": arch, "large": large, "layers": layers}
            maps(build(large).double().eval(), x.double(), tensors, case, prefix)
            gradients(build, layers, large, x, tensors, case, prefix)
    training_step(x, tensors, cases)
    write("backbones.safetensors", tensors, cases)
