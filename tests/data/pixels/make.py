#!/usr/bin/env python3
"""Writes the small images beside it, one of every kind of pixel, and what Pillow reads from each (NAME.ppm, after it is turned upright by EXIF).
The tests only read what it wrote; it runs again where a kind is added. Needs Pillow and numpy."""
import io
import pathlib
import struct
import zlib

import numpy as np
from PIL import Image, ImageOps

HERE = pathlib.Path(__file__).parent
H, W = 10, 12
y, x = np.mgrid[:H, :W]
rgb = np.stack([20 + 18 * y, 200 - 12 * x, (40 + 9 * x + 7 * y)], -1).astype(np.uint8)  # no symmetry
picture = Image.fromarray(rgb)
grey = Image.fromarray(rgb[:, :, 0] // 2 + rgb[:, :, 1] // 3)
sixteen = (rgb.astype(np.uint16) * 257) ^ 0x0035


def keep(name, data, expected=None):
    (HERE / name).write_bytes(data)
    image = ImageOps.exif_transpose(Image.open(io.BytesIO(data))) if expected is None else expected
    (HERE / (name + ".ppm")).write_bytes(b"P6 %d %d 255\n" % image.size + image.convert("RGB").tobytes())


def saved(image, kind, **options):
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(depth, colour, rows, extra=b"", size=(W, H)):
    body = b"".join(b"\0" + row for row in rows)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", *size, depth, colour, 0, 0, 0)) + extra +
            chunk(b"IDAT", zlib.compress(body, 9)) + chunk(b"IEND", b""))


def packed(values, bits):
    rows = []
    for row in values:
        number = "".join(format(int(v), f"0{bits}b") for v in row)
        number += "0" * (-len(number) % 8)
        rows.append(bytes(int(number[i:i + 8], 2) for i in range(0, len(number), 8)))
    return rows


def exif(orientation, big=False):
    end = ">" if big else "<"
    mark = b"MM\0*" if big else b"II*\0"
    return mark + struct.pack(end + "IH", 8, 2) + struct.pack(end + "HHIHH", 0x0100, 3, 1, 7, 0) + \
        struct.pack(end + "HHIHH", 0x0112, 3, 1, orientation, 0) + struct.pack(end + "I", 0)


# PNG
for bits in (1, 2, 4):
    values = (x + y) % (1 << bits)
    levels = Image.fromarray((values * (255 // ((1 << bits) - 1))).astype(np.uint8))
    keep(f"grey{bits}.png", png(bits, 0, packed(values, bits)), levels)
keep("grey8.png", saved(grey, "PNG"))
keep("grey16.png", png(16, 0, [row.astype(">u2").tobytes() for row in sixteen[:, :, 0]]), Image.fromarray(((sixteen[:, :, 0] / 257 + 0.5)).astype(np.uint8)))
keep("rgb8.png", saved(picture, "PNG"))
keep("rgb16.png", png(16, 2, [row.astype(">u2").tobytes() for row in sixteen]), Image.fromarray((sixteen / 257 + 0.5).astype(np.uint8)))
palette = [(255, 0, 0), (0, 200, 10), (9, 30, 255), (250, 250, 90)] + [(i, 255 - i, 128) for i in range(4, 16)]
for bits in (1, 2, 4, 8):
    colours = min(1 << bits, 16)
    keep(f"palette{bits}.png", png(bits, 3, packed((x * 2 + y) % colours, bits), chunk(b"PLTE", bytes(sum(map(list, palette[:colours]), [])))))
keep("palette_clear.png", png(4, 3, packed((x * 2 + y) % 16, 4), chunk(b"PLTE", bytes(sum(map(list, palette), []))) + chunk(b"tRNS", b"\0\xff\0")),
     Image.fromarray(np.array([(0, 0, 0) if i in (0, 2) else palette[i] for i in range(16)], np.uint8)[(x * 2 + y) % 16]))
alpha = np.where((x + y) % 3 == 0, 0, 255).astype(np.uint8)
keep("rgba_clear.png", saved(Image.fromarray(np.dstack([rgb, alpha])), "PNG"), Image.fromarray(rgb * (alpha[:, :, None] > 0)))
keep("grey_alpha_clear.png", saved(Image.merge("LA", (grey, Image.fromarray(alpha))), "PNG"), Image.fromarray(np.array(grey) * (alpha > 0)))


def on_black(alpha):  # in linear light
    value = rgb / 255
    light = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4) * (alpha[:, :, None] / 255)
    seen = np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)
    return Image.fromarray((255 * seen + 0.5).astype(np.uint8))


half = (20 + 19 * x).astype(np.uint8)
keep("rgba_half.png", saved(Image.fromarray(np.dstack([rgb, half])), "PNG"), on_black(half))
keep("rgb_named_clear.png", png(8, 2, [row.tobytes() for row in rgb], chunk(b"tRNS", struct.pack(">3H", *rgb[2, 3]))),
     Image.fromarray(np.where((rgb == rgb[2, 3]).all(-1)[:, :, None], 0, rgb).astype(np.uint8)))
linear = ((np.where(rgb / 255 <= 0.04045, rgb / 255 / 12.92, ((rgb / 255 + 0.055) / 1.055) ** 2.4)) * 255 + 0.5).astype(np.uint8)
value = linear / 255
keep("gamma.png", png(8, 2, [row.tobytes() for row in linear], chunk(b"gAMA", struct.pack(">I", 100000))),
     Image.fromarray((255 * np.where(value <= 0.0031308, value * 12.92, 1.055 * value ** (1 / 2.4) - 0.055) + 0.5).astype(np.uint8)))
keep("turned6.png", png(8, 2, [row.tobytes() for row in rgb], chunk(b"eXIf", exif(6, True))))
# JPEG
keep("grey.jpg", saved(grey, "JPEG", quality=92))
keep("rgb444.jpg", saved(picture, "JPEG", quality=92, subsampling=0))
keep("rgb420.jpg", saved(picture, "JPEG", quality=92, subsampling=2))
keep("progressive.jpg", saved(picture, "JPEG", quality=92, progressive=True))
inks = picture.convert("CMYK").point(lambda v: v // 2 + 10)
keep("cmyk.jpg", saved(inks, "JPEG", quality=95))
data = bytearray(saved(inks, "JPEG", quality=95))
at = data.find(b"Adobe")
data[at + 11] = 2
keep("ycck.jpg", bytes(data))
data = saved(inks, "JPEG", quality=95)
at = data.find(b"\xff\xee")
keep("cmyk_plain.jpg", data[:at] + data[at + 2 + int.from_bytes(data[at + 2:at + 4], "big"):])
data = bytearray(saved(picture, "JPEG", quality=95, subsampling=0))
at = data.find(b"\xff\xe0")
size = 2 + int.from_bytes(data[at + 2:at + 4], "big")
keep("adobe_rgb.jpg", bytes(data[:at]) + b"\xff\xee\0\x0eAdobe\0\x64\0\0\0\0\0" + bytes(data[at + size:]))
for orientation in range(1, 9):
    keep(f"turned{orientation}.jpg", saved(picture, "JPEG", quality=92, exif=b"Exif\0\0" + exif(orientation, orientation % 2 == 0)))
# BMP
keep("rgb24.bmp", saved(picture, "BMP"))
keep("grey8.bmp", saved(grey, "BMP"))
keep("bits1.bmp", saved(Image.fromarray((x + y) % 3 == 0), "BMP"))
keep("palette8.bmp", saved(picture.quantize(32), "BMP"))
keep("rgb32.bmp", saved(Image.fromarray(np.dstack([rgb, half])), "BMP"), picture)


def bmp(bits, rows, packing=0, extra=b"", height=H):
    body = b"".join(row + b"\0" * (-len(row) % 4) for row in rows)
    first = 54 + len(extra)
    return b"BM" + struct.pack("<IHHI", first + len(body), 0, 0, first) + struct.pack("<IiiHHIIiiII", 40, W, height, 1, bits, packing, len(body), 0, 0, 0, 0) + extra + body


sixteenths = [b"".join(struct.pack("<H", int(p[0]) >> 3 << 11 | int(p[1]) >> 2 << 5 | int(p[2]) >> 3) for p in row) for row in rgb]
keep("rgb565.bmp", bmp(16, sixteenths[::-1], 3, struct.pack("<III", 0xf800, 0x07e0, 0x001f)))
fifteen = [b"".join(struct.pack("<H", int(p[0]) >> 3 << 10 | int(p[1]) >> 3 << 5 | int(p[2]) >> 3) for p in row) for row in rgb]
keep("rgb555.bmp", bmp(16, fifteen[::-1]))
keep("from_above.bmp", bmp(24, [row[:, ::-1].tobytes() for row in rgb], height=-H))
keep("palette4.bmp", bmp(4, packed((x * 2 + y) % 16, 4)[::-1], 0, b"".join(bytes((b, g, r, 0)) for r, g, b in palette)))
# WebP
keep("lossy.webp", saved(picture, "WEBP", quality=80))
keep("lossless.webp", saved(picture, "WEBP", lossless=True))
keep("alpha.webp", saved(Image.fromarray(np.dstack([rgb, half])), "WEBP", lossless=True, exact=True), on_black(half))
keep("turned8.webp", saved(picture, "WEBP", lossless=True, exif=b"Exif\0\0" + exif(8)))
