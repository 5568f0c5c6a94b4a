#!/usr/bin/python3
"""Writes tests/goldens/resnets.safetensors: torchvision's other residual networks, as make_backbones.py
has ResNet50.

    apt-get install python3-torch python3-torchvision
    /usr/bin/python3 tests/goldens/make_resnets.py        (about ten minutes)
"""
import torch
import torch.nn as nn
import torchvision

from make_backbones import Net, gradients, maps, photograph
from make_goldens import write

# Architecture -> channels of its features, the last norm of its blocks, and first, middle and last
# weights whose gradients are compared.
NETS = {
    "resnet18": (512, "bn2", ["conv1.weight", "layer3.0.downsample.0.weight", "layer4.1.bn2.bias"]),
    "resnet34": (512, "bn2", ["conv1.weight", "layer3.5.conv1.weight", "layer4.2.bn2.bias"]),
    "resnet101": (2048, "bn3", ["conv1.weight", "layer3.22.conv2.weight", "layer4.2.bn3.bias"]),
}


def resnet(arch, large):
    features, last_norm, _ = NETS[arch]
    net = getattr(torchvision.models, arch)()
    for block in [net.layer4[0]] + [net.layer3[0]] * large:
        strided = block.conv2 if last_norm == "bn3" else block.conv1
        strided.stride = (1, 1)
        if block.downsample:
            block.downsample[0].stride = (1, 1)
    layers = [m for n, m in net.named_children() if n not in ("avgpool", "fc")]
    del net.fc, net.avgpool
    net.forward = nn.Sequential(*layers).forward
    found = Net(net, features)
    if last_norm == "bn2":
        # As small as `weight` makes bn3: many residual additions stay in range.
        with torch.no_grad():
            for name, parameter in found.named_parameters():
                if name.endswith("bn2.weight"):
                    parameter *= 0.25
    return found


if __name__ == "__main__":
    torch.set_num_threads(2)
    tensors, cases, x = {}, {}, photograph()
    for arch, (_, last_norm, layers) in NETS.items():
        for large in (False, True):
            prefix = f"{arch}/{'large' if large else 'small'}"
            case = {"arch": arch, "large": large, "layers": layers, "quarter": "bn2.weight" if last_norm == "bn2" else ""}
            cases[prefix] = case
            build = lambda large: resnet(arch, large)
            maps(build(large).double().eval(), x.double(), tensors, case, prefix)
            gradients(build, layers, large, x, tensors, case, prefix)
    write("resnets.safetensors", tensors, cases)
