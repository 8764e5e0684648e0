"""Packs blocks of text with zlib.

refused: the time is in a library
because: zlib|C libraries|extension modules
"""

import zlib


def blocks(count):
    for i in range(count):
        yield "".join(f"{(i * 7919 + k * k) % 10007} " for k in range(4000)).encode()


def pack(block):
    packed = zlib.compress(block, 9)
    return len(packed), zlib.crc32(packed)


def main():
    total = check = 0
    for block in blocks(30):
        for _ in range(2):
            size, crc = pack(block)
            total += size
            check ^= crc
    print(total, check)


main()
