"""PNG files for the tests of programs, without a library for images."""
import struct
import zlib


def png(side, byte, channels=3):
    """A square image of 1 or 3 channels; byte(x, y) is byte x of row y, modulo 256."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    rows = b"".join(b"\0" + bytes(byte(x, y) % 256 for x in range(channels * side)) for y in range(side))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, {1: 0, 3: 2}[channels], 0, 0, 0)) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def pattern(side, number):
    """An image unlike that of any other number."""
    return png(side, lambda x, y: x * y * number + 7 * x + 3 * y * number)
