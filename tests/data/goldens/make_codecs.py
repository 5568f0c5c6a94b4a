#!/usr/bin/python3
"""Writes codecs.json beside itself with Pillow and cjpeg, both on libjpeg-turbo.

    apt-get install python3-pil python3-numpy libjpeg-turbo-progs
    /usr/bin/python3 tests/data/goldens/make_codecs.py

"files" are small picture files in base64 with the SHA-256 of Pillow's RGB pixels. "orientations"
are files with EXIF data. "resized" are SHA-256 of what Image.resize(BILINEAR) makes of the
picture `(7 y² + 13 x y + 29 c x) mod 256`.
"""
import base64
import hashlib
import io
import json
import pathlib
import struct
import subprocess
import zlib

import numpy as np
from PIL import Image

rng = np.random.default_rng(5)
y, x = np.mgrid[0:13, 0:17]
waves = np.stack([127 + 90 * np.sin(x / (3 + c) + y / (5 - c)) for c in range(3)], -1)
rgb = Image.fromarray((waves + rng.normal(0, 9, waves.shape)).clip(0, 255).astype(np.uint8))


def sha256(array):
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()


def encode(image, kind, **options):
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def png16(colour_type, samples):
    """A PNG file of 16-bit samples, which Pillow reads but cannot write in colour."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    height, width = samples.shape[:2]
    header = struct.pack(">IIBBBBB", width, height, 16, colour_type, 0, 0, 0)
    lines = b"".join(b"\0" + line.astype(">u2").tobytes() for line in samples)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(lines))
        + chunk(b"IEND", b"")
    )


def golden(data, pixels=None):
    if pixels is None:
        pixels = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
    return {"base64": base64.b64encode(data).decode(), "sha256": sha256(pixels)}


# Every ink from none to full, along both axes.
cmyk = Image.merge("CMYK", [Image.fromarray((v % 256).astype(np.uint8)) for v in (15 * x, 20 * y, 255 - 15 * x, 90 + 20 * y)])
ramp = Image.merge("RGBA", [*rgb.split(), cmyk.split()[3]])
samples = rng.integers(0, 2**16, (5, 7, 4), dtype=np.uint16)
grey = samples[..., 0]
cjpeg = ["cjpeg", "-restart", "1B"]  # a restart marker after each block
restarting = subprocess.run(cjpeg, input=encode(rgb, "PPM"), capture_output=True, check=True).stdout


def segments(data):
    """The segments of a JPEG file from its beginning to its scan, and what follows."""
    at, found = 2, []
    while data[at + 1] != 0xDA:
        end = at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        found.append(data[at:end])
        at = end
    return found, data[at:]


def inks(transform, **options):
    """A JPEG file of four components that says it is CMYK (0), YCCK (2), or nothing (None)."""
    found, rest = segments(encode(cmyk, "JPEG", **options))
    adobe = b"\xff\xee\0\x0eAdobe\0\x64\0\0\0\0"
    found = [segment for segment in found if segment[:2] != b"\xff\xee"]
    if transform is not None:
        found.insert(0, adobe + bytes([transform]))
    return b"\xff\xd8" + b"".join(found) + rest


files = {
    "jpeg": golden(encode(rgb, "JPEG", quality=90)),
    "jpeg_grey": golden(encode(rgb.convert("L"), "JPEG", quality=90)),
    "jpeg_with_restarts": golden(restarting),
    "jpeg_cmyk": golden(inks(0, quality=90)),
    "jpeg_cmyk_without_adobe": golden(inks(None, quality=60)),
    "jpeg_ycck": golden(inks(2, quality=90)),
    "jpeg_ycck_progressive_420": golden(inks(2, quality=75, progressive=True, subsampling=2)),
    "jpeg_ycck_422": golden(inks(2, quality=75, subsampling=1)),
    "webp": golden(encode(rgb, "WEBP", quality=60)),
    "webp_alpha": golden(encode(ramp, "WEBP", quality=60)),
    "webp_lossless": golden(encode(rgb, "WEBP", lossless=True)),
    "webp_lossless_alpha": golden(encode(ramp, "WEBP", lossless=True, exact=True)),
    "png_16_bit": golden(png16(2, samples[..., :3])),
    "png_16_bit_alpha": golden(png16(6, samples)),
    # Pillow cuts grey levels over 255 off; the upper 8 bits are what was meant.
    "png_16_bit_grey": golden(png16(0, grey), np.stack([grey >> 8] * 3, -1).astype(np.uint8)),
    "png_1_bit": golden(encode(rgb.convert("1"), "PNG")),
    "png_palette_alpha": golden(encode(rgb.quantize(8), "PNG", transparency=bytes(range(0, 240, 30)))),
    "png_grey_alpha": golden(encode(Image.fromarray((samples[..., :2] >> 8).astype(np.uint8), "LA"), "PNG")),
}



def oriented(kind, orientation):
    """A file that says how it was held, behind another tag."""
    exif = Image.Exif()
    exif[0x010F] = "maker"
    exif[0x0112] = orientation
    data = encode(Image.new("RGB", (5, 3)), kind, exif=exif.tobytes())
    return {"base64": base64.b64encode(data).decode(), "orientation": orientation}


orientations = [oriented("JPEG", 6), oriented("PNG", 3), oriented("WEBP", 8)]

resized = []
for (width, height), (to_width, to_height) in [
    ((500, 333), (256, 256)),
    ((333, 500), (224, 224)),
    ((128, 128), (64, 64)),
    ((31, 47), (224, 225)),
    ((5, 3), (1, 9)),
    ((1, 1), (7, 4)),
]:
    v, u, c = np.ogrid[0:height, 0:width, 0:3]
    source = Image.fromarray(((7 * v * v + 13 * u * v + 29 * c * u) % 256).astype(np.uint8))
    pixels = np.asarray(source.resize((to_width, to_height), Image.BILINEAR))
    resized.append({"from": [width, height], "to": [to_width, to_height], "sha256": sha256(pixels)})

path = pathlib.Path(__file__).parent / "codecs.json"
path.write_text(json.dumps({"files": files, "orientations": orientations, "resized": resized}, indent=2) + "\n")
