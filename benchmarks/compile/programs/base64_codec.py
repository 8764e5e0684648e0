"""Base64 by hand, there and back."""

from __future__ import annotations

KIND = "containers"
PEERS = ("cython", "mypyc", "pypy")
SMALL = [0, 1, 2, 3, 30]
LARGE = 300_000
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


def given(size: int) -> tuple[bytes]:
    return (bytes(i * i // 3 % 256 for i in range(size)),)


def encode(data: bytes) -> str:
    pieces: list[str] = []
    for at in range(0, len(data) - 2, 3):
        group = data[at] << 16 | data[at + 1] << 8 | data[at + 2]
        pieces.append(ALPHABET[group >> 18] + ALPHABET[group >> 12 & 63] + ALPHABET[group >> 6 & 63] + ALPHABET[group & 63])
    left = len(data) % 3
    if left == 1:
        group = data[-1] << 16
        pieces.append(ALPHABET[group >> 18] + ALPHABET[group >> 12 & 63] + "==")
    elif left == 2:
        group = data[-2] << 16 | data[-1] << 8
        pieces.append(ALPHABET[group >> 18] + ALPHABET[group >> 12 & 63] + ALPHABET[group >> 6 & 63] + "=")
    return "".join(pieces)


def decode(text: str) -> bytes:
    values = {letter: value for value, letter in enumerate(ALPHABET)}
    data = bytearray()
    bits = 0
    count = 0
    for letter in text:
        if letter == "=":
            break
        bits = (bits << 6 | values[letter]) & 0xFFFFFF
        count += 6
        if count >= 8:
            count -= 8
            data.append(bits >> count & 255)
    return bytes(data)


def main(data: bytes) -> tuple[str, bool]:
    text = encode(data)
    return text[-8:], decode(text) == data
