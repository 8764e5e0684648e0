"""Packs a log and checks that it unpacks to the same.

Nearly all of its time is spent inside zlib, which no change of this file makes faster.

    python examples/not_worth_fixing.py [MEGABYTES]

It checks SHA-256 against the published value for a million letters a (FIPS 180-2, appendix B.3).
"""

import hashlib
import sys
import zlib

MILLION_A = "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
BLOCK_BYTES = 1 << 20


def make_block(seed):
    """A megabyte of lines that compress as logs do."""
    digest = hashlib.sha256(str(seed).encode()).hexdigest()
    line = f"2026-01-{seed % 28 + 1:02d} INFO request {digest} served in {seed % 97} ms\n".encode()
    noise = hashlib.shake_128(digest.encode()).digest(BLOCK_BYTES // 2)
    lines = line * (BLOCK_BYTES // 2 // len(line) + 1)
    return noise + lines[: BLOCK_BYTES // 2]


def pack(block):
    packed = zlib.compress(block, 9)
    assert zlib.decompress(packed) == block, "the block does not unpack to what it was"
    return packed


def main():
    megabytes = int(sys.argv[1]) if len(sys.argv) > 1 else 150
    assert hashlib.sha256(b"a" * 1_000_000).hexdigest() == MILLION_A
    packed_bytes = 0
    total = hashlib.sha256()
    for seed in range(megabytes):
        packed = pack(make_block(seed))
        packed_bytes += len(packed)
        total.update(packed)
    print(f"{megabytes} MB packed into {packed_bytes / 1e6:.1f} MB")
    assert 0.4 < packed_bytes / (megabytes * BLOCK_BYTES) < 0.6, "half of it is noise, which does not compress"
    print("check: ok")


if __name__ == "__main__":
    main()
