#!/usr/bin/python3
"""Writes masks.json beside itself with OpenCV.

    apt-get install python3-opencv
    /usr/bin/python3 tests/eval/goldens/make_masks.py

"grey": PNG files of every colour type and depth in base64, and what imread(IMREAD_GRAYSCALE) makes of
them, in base64. "nearest": for each width from 1 to 1200 the columns that resize(INTER_NEAREST) to
224 takes, as the SHA-256 of all of them (little-endian uint16), and for some widths as they are.
"""
import base64
import hashlib
import json
import os
import pathlib
import struct
import tempfile
import zlib

import cv2
import numpy as np

rng = np.random.default_rng(11)


def png(colour_type, depth, samples, extra=b""):
    """A PNG file of samples, height × width × channels, without filters."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    height, width, channels = samples.shape
    rows = samples.reshape(height, width * channels)
    if depth == 16:
        lines = [row.astype(">u2").tobytes() for row in rows]
    else:
        bits = (rows[..., None] >> np.arange(depth - 1, -1, -1)) & 1
        lines = [np.packbits(row.reshape(-1)).tobytes() for row in bits]
    header = struct.pack(">IIBBBBB", width, height, depth, colour_type, 0, 0, 0)
    data = zlib.compress(b"".join(b"\0" + line for line in lines))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + extra_chunks(extra, chunk) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def extra_chunks(palette, chunk):
    return chunk(b"PLTE", palette) if palette else b""


def near_black(depth, channels):
    """Samples of which a third is dark, so that the rounding of weights shows."""
    high = rng.integers(0, 2**depth, (9, 12, channels))
    low = rng.integers(0, 2 ** (depth // 2), (9, 12, channels))
    samples = np.where(rng.random((9, 12, 1)) < 0.5, high, low)
    # Pure colours.
    for c in range(min(channels, 3)):
        for i, level in enumerate((1, 2, 3, 4, 8, 9, 10, 2**depth - 1)):
            samples[c, i, :3] = 0
            samples[c, i, c] = level
    return samples.astype(np.uint32)


files = {}
for depth in (1, 2, 4, 8, 16):
    files[f"grey of {depth} bits"] = png(0, depth, rng.integers(0, 2**depth, (5, 13, 1)).astype(np.uint32))
for depth in (8, 16):
    files[f"colour of {depth} bits"] = png(2, depth, near_black(depth, 3))
    files[f"colour and alpha of {depth} bits"] = png(6, depth, near_black(depth, 4))
    files[f"grey and alpha of {depth} bits"] = png(4, depth, rng.integers(0, 2**depth, (5, 13, 2)).astype(np.uint32))
for depth in (1, 4, 8):
    colours = near_black(8, 3).reshape(-1, 3)[: 2**depth].astype(np.uint8)
    indices = rng.integers(0, len(colours), (5, 13, 1)).astype(np.uint32)
    files[f"palette of {depth} bits"] = png(3, depth, indices, colours.tobytes())

grey = {}
with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "a.png")
    for name, data in files.items():
        pathlib.Path(path).write_bytes(data)
        levels = cv2.imread(path, cv2.IMREAD_GRAYSCALE)
        encode = lambda b: base64.b64encode(b).decode()
        grey[name] = {"file": encode(data), "shape": levels.shape, "levels": encode(levels.tobytes())}

columns = [
    cv2.resize(np.float32(np.arange(width))[None], (224, 1), interpolation=cv2.INTER_NEAREST)[0].astype("<u2")
    for width in range(1, 1201)
]
nearest = {
    "sha256": hashlib.sha256(np.concatenate(columns).tobytes()).hexdigest(),
    "differ": sum(
        bool((own != np.arange(224) * width // 224).any()) for width, own in enumerate(columns, 1)
    ),
}
path = pathlib.Path(__file__).parent / "masks.json"
path.write_text(json.dumps({"grey": grey, "nearest": nearest}, indent=1) + "\n")
print(nearest)
