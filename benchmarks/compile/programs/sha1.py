"""SHA-1 of a message, by the letter of the standard."""

from __future__ import annotations

KIND = "numeric"
PEERS = ("cython", "mypyc", "pypy")
SMALL = [(b"",), (b"abc",), (b"The quick brown fox jumps over the lazy dog" * 3,)]
LARGE = (b"All happy families are alike; each unhappy family is unhappy in its own way. " * 1200,)


def rotate(x: int, count: int) -> int:
    return ((x << count) | (x >> (32 - count))) & 0xFFFFFFFF


def main(message: bytes) -> str:
    padded = message + b"\x80" + b"\x00" * ((55 - len(message)) % 64) + (8 * len(message)).to_bytes(8, "big")
    h0, h1, h2, h3, h4 = 0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0
    w = [0] * 80
    for start in range(0, len(padded), 64):
        for i in range(16):
            at = start + 4 * i
            w[i] = padded[at] << 24 | padded[at + 1] << 16 | padded[at + 2] << 8 | padded[at + 3]
        for i in range(16, 80):
            w[i] = rotate(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1)
        a, b, c, d, e = h0, h1, h2, h3, h4
        for i in range(80):
            if i < 20:
                f = (b & c) | (~b & d)
                k = 0x5A827999
            elif i < 40:
                f = b ^ c ^ d
                k = 0x6ED9EBA1
            elif i < 60:
                f = (b & c) | (b & d) | (c & d)
                k = 0x8F1BBCDC
            else:
                f = b ^ c ^ d
                k = 0xCA62C1D6
            a, b, c, d, e = (rotate(a, 5) + f + e + k + w[i]) & 0xFFFFFFFF, a, rotate(b, 30), c, d
        h0 = (h0 + a) & 0xFFFFFFFF
        h1 = (h1 + b) & 0xFFFFFFFF
        h2 = (h2 + c) & 0xFFFFFFFF
        h3 = (h3 + d) & 0xFFFFFFFF
        h4 = (h4 + e) & 0xFFFFFFFF
    return "%08x%08x%08x%08x%08x" % (h0, h1, h2, h3, h4)
