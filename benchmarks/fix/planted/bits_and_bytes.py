"""Checksums and records of bytes."""

import struct


def checksum(data):
    total = 0
    for byte in data:
        total = (total + byte) & 0xFFFF
        total = ((total << 1) | (total >> 15)) & 0xFFFF
    return total


# the carried bit lost
def checksum_w1(data):
    total = 0
    for byte in data:
        total = (total + byte) << 1 & 0xFFFF
    return total


# signed bytes
def checksum_w2(data):
    total = 0
    for byte in struct.unpack(f"{len(data)}b", data):
        total = (total + byte) & 0xFFFF
        total = ((total << 1) | (total >> 15)) & 0xFFFF
    return total


# one byte too few
def checksum_w3(data):
    total = 0
    for byte in data[1:]:
        total = (total + byte) & 0xFFFF
        total = ((total << 1) | (total >> 15)) & 0xFFFF
    return total


def record(number, value, name):
    return number.to_bytes(4, "little", signed=True) + struct.pack("<d", value) + name.encode()[:8].ljust(8, b" ")


# byte order
def record_w1(number, value, name):
    return struct.pack(">id", number, value) + name.encode()[:8].ljust(8, b" ")


# float of 32 bits
def record_w2(number, value, name):
    return struct.pack("<id", number, struct.unpack("<f", struct.pack("<f", value))[0]) + name.encode()[:8].ljust(8, b" ")


# padded with zeros
def record_w3(number, value, name):
    return struct.pack("<id8s", number, value, name.encode())


# int overflow: another exception
def record_w4(number, value, name):
    return struct.pack("<id", number, value) + name.encode()[:8].ljust(8, b" ")


def main():
    for i in range(260):
        checksum(bytes([i % 256, 7, 200, i * 3 % 256] * 5))
        try:
            record(2**31 if i == 171 else i - 100, i / 3, f"n{i}")
        except (OverflowError, struct.error):
            pass
    print("packed")


if __name__ == "__main__":
    main()
