#!/usr/bin/python3
"""Writes tests/goldens/pictures.safetensors with Pillow (Debian's python3-pil, on libjpeg-turbo).

    apt-get install python3-pil python3-numpy
    /usr/bin/python3 tests/goldens/make_pictures.py

Files ("<name>/file") are stored byte by byte; pixels ("<name>/pixels") as height × width × 3.
"""
import io
import json
import pathlib
import struct

import numpy as np
from PIL import Image

rng = np.random.default_rng(7)
tensors = {}


def smooth(height, width, channels):
    """A picture with slow and fast changes, so that both filters and codecs have work."""
    y, x = np.mgrid[0:height, 0:width]
    waves = [127 + 90 * np.sin(x / (3 + c) + y / (5 - c)) for c in range(channels)]
    noisy = np.stack(waves, -1) + rng.normal(0, 20, (height, width, channels))
    return noisy.clip(0, 255).astype(np.uint8)


def add(name, image, kind, **options):
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    tensors[f"{name}/file"] = np.frombuffer(buffer.getvalue(), np.uint8)
    tensors[f"{name}/pixels"] = np.asarray(Image.open(io.BytesIO(buffer.getvalue())).convert("RGB"))


rgb = Image.fromarray(smooth(41, 37, 3))
add("jpeg", rgb, "JPEG", quality=90)
add("jpeg_progressive_420", rgb, "JPEG", quality=75, progressive=True, subsampling=2)
add("jpeg_grey", rgb.convert("L"), "JPEG", quality=90)
add("png", rgb, "PNG")
add("png_grey", rgb.convert("L"), "PNG")
add("png_palette", rgb.quantize(16), "PNG")
add("png_alpha", Image.fromarray(smooth(9, 11, 4), "RGBA"), "PNG")

source = Image.fromarray(smooth(45, 61, 3))
tensors["source/pixels"] = np.asarray(source)
for width, height in ((16, 16), (64, 64), (61, 20), (23, 45), (7, 90), (60, 44), (1, 1)):
    tensors[f"resize_{width}x{height}/pixels"] = np.asarray(source.resize((width, height), Image.BILINEAR))

header, blobs, offset = {"__metadata__": {"cases": "{}"}}, [], 0
for key, array in tensors.items():
    blob = array.astype("<i4").tobytes()
    header[key] = {"dtype": "I32", "shape": list(array.shape), "data_offsets": [offset, offset + len(blob)]}
    blobs.append(blob)
    offset += len(blob)
text = json.dumps(header).encode()
text += b" " * (-len(text) % 8)
path = pathlib.Path(__file__).parent / "pictures.safetensors"
path.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(blobs))
print(path.name, path.stat().st_size, "bytes")
