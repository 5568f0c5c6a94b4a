#!/usr/bin/python3
"""Writes tests/goldens/metrics.safetensors: evaluation metrics by numpy, OpenCV and Pillow.

    apt-get install python3-numpy python3-opencv python3-pil python3-torch
    /usr/bin/python3 tests/goldens/make_metrics.py
"""
import cv2
import numpy
import torch
from PIL import Image

from make_goldens import write

random = numpy.random.RandomState(7)


def edges(kind, step=0.001):
    """Bin edges of the official evaluators."""
    if kind == "log":
        steps = [10 ** -t for t in numpy.arange(0, 7, step * 7)[::-1]]
    else:
        steps = list(numpy.arange(0, 1, step))
    return numpy.append(steps, [1.0, 2.0, 3.0])


def average_precision(scores, mask, bins):
    """Pixel-wise average precision over numpy's histograms."""
    hits = numpy.histogram(scores[mask == 1], bins)[0][::-1].cumsum().astype(float)
    misses = numpy.histogram(scores[mask == 0], bins)[0][::-1].cumsum().astype(float)
    with numpy.errstate(invalid="ignore"):
        precision, recall = hits / (hits + misses), hits / hits[-1]
    steps = precision[1:] * numpy.diff(recall)
    return 100 * steps[(hits + misses)[1:] != 0].sum()


def score_maps():
    shape = (3, 16, 16)
    smooth = numpy.stack([cv2.resize(random.rand(4, 4), (16, 16)) for _ in range(3)])
    one_hot = numpy.zeros(shape)
    one_hot[:, 5, 9] = 1
    yield "random", random.rand(*shape)
    yield "smooth", smooth
    yield "tiny", smooth * 1e-5  # mostly below the first log threshold
    yield "sparse", numpy.where(random.rand(*shape) < 0.7, 0, smooth)
    yield "one_hot", one_hot
    yield "constant", numpy.full(shape, 0.25)
    yield "zeros", numpy.zeros(shape)
    yield "ones", numpy.ones(shape)
    yield "ties", numpy.floor(random.rand(*shape) * 4) / 4
    yield "edges", random.choice(edges("even")[:1000], shape)


tensors, cases = {}, {}
mask = (random.rand(3, 16, 16) < 0.3).astype(numpy.float64)
tensors["mask"] = torch.from_numpy(mask)
for name, scores in score_maps():
    scores = scores.astype(numpy.float32)
    tensors[f"scores/{name}"] = torch.from_numpy(scores)
    values = scores.astype(numpy.float64)
    all_log = numpy.append(0, edges("log"))
    cases[name] = {"even": average_precision(values, mask, edges("even")), "log": average_precision(values, mask, all_log),
                   "log_dropped": average_precision(values, mask, edges("log")),
                   "even_coarse": average_precision(values, mask, edges("even", 0.07)),
                   "log_coarse": average_precision(values, mask, numpy.append(0, edges("log", 0.07)))}
    print(name, cases[name])

picture = random.randint(0, 256, (40, 30)).astype(numpy.uint8)
picture[random.rand(40, 30) < 0.6] = 0
tensors["bicubic/source"] = torch.from_numpy(picture).float()
for width, height in ((24, 33), (50, 61), (30, 17)):
    resized = numpy.asarray(Image.fromarray(picture).resize((width, height), Image.BICUBIC))
    tensors[f"bicubic/{width}x{height}"] = torch.from_numpy(resized.copy()).float()
feature_map = random.rand(7, 5).astype(numpy.float32)
tensors["upscale/source"] = torch.from_numpy(feature_map)
tensors["upscale/32"] = torch.from_numpy(cv2.resize(feature_map, (32, 32), interpolation=cv2.INTER_LINEAR))
tensors["upscale/cubic"] = torch.from_numpy(cv2.resize(feature_map, (32, 32), interpolation=cv2.INTER_CUBIC))
# The official code's blurred baseline: a 31x31 Gaussian over a picture with reflected edges.
picture = torch.from_numpy(random.randn(1, 3, 40, 40))
position = torch.arange(31, dtype=torch.float64) - 15
kernel = torch.exp(-((position[:, None] / 15) ** 2 + (position[None] / 15) ** 2) / 2)
kernel = (kernel / kernel.sum()).repeat(3, 1, 1, 1).double()
padded = torch.nn.functional.pad(picture, [15] * 4, mode="reflect")
tensors["blur/source"] = picture
tensors["blur/output"] = torch.nn.functional.conv2d(padded, kernel, groups=3)
def contour_boxes(scores, threshold):
    """Boxes of all contours, and of the largest, as the WSOL benchmark finds them."""
    levels = (scores * 255).astype(numpy.uint8)[:, :, None]
    _, binary = cv2.threshold(levels, int(threshold * levels.max()), 255, cv2.THRESH_BINARY)
    contours = cv2.findContours(binary, cv2.RETR_TREE, cv2.CHAIN_APPROX_SIMPLE)[0]

    def box(contour):
        x, y, w, h = cv2.boundingRect(contour)
        return [x, y, min(x + w, scores.shape[1] - 1), min(y + h, scores.shape[0] - 1)]

    if len(contours) == 0:
        return {"all": [[0, 0, 0, 0]], "largest": [0, 0, 0, 0]}
    return {"all": sorted(set(map(tuple, map(box, contours)))), "largest": box(max(contours, key=cv2.contourArea))}


boxes = {}
for name, scores in score_maps():
    scores = cv2.resize(scores[0].astype(numpy.float32), (32, 32), interpolation=cv2.INTER_LINEAR)
    for kind, own in (("wide", scores), ("small", random.rand(12, 12).astype(numpy.float32) * (scores[:12, :12] > 0))):
        own = numpy.clip(own, 0, 1)
        tensors[f"boxes/{name}_{kind}"] = torch.from_numpy(own.astype(numpy.float64))
        boxes[f"{name}_{kind}"] = [contour_boxes(own, t) for t in numpy.arange(0, 1, 0.05)]
write("metrics.safetensors", tensors, {"ap": cases, "boxes": boxes})
