"""A rolling hash of 32 bits, with signed shifts."""

MASK = 0xFFFFFFFF


def mix(h, text):
    for c in text:
        h ^= ord(c)
        h = (h * 16777619) & MASK
        h ^= h >> 15
    return h - (1 << 32) if h & 0x80000000 else h


# signed shift
def mix_w1(h, text):
    for c in text:
        h ^= ord(c)
        h = (h * 16777619) & MASK
        if h & 0x80000000:
            h -= 1 << 32
        h ^= h >> 15
    return h


# never negative
def mix_w2(h, text):
    for c in text:
        h ^= ord(c)
        h = (h * 16777619) & MASK
        h ^= h >> 15
    return h


# int overflow: masked at the end alone, after the shift
def mix_w3(h, text):
    for c in text:
        h ^= ord(c)
        h *= 16777619
        h ^= h >> 15
    h &= MASK
    return h - (1 << 32) if h & 0x80000000 else h


# string against bytes: encoded
def mix_w4(h, text):
    for c in text.encode():
        h ^= c
        h = (h * 16777619) & MASK
        h ^= h >> 15
    return h - (1 << 32) if h & 0x80000000 else h


# encoding: what is beyond Latin-1 is lost
def mix_w5(h, text):
    for c in text.encode("latin-1", "ignore"):
        h ^= c
        h = (h * 16777619) & MASK
        h ^= h >> 15
    return h - (1 << 32) if h & 0x80000000 else h


# the last character left out
def mix_w6(h, text):
    for c in text[:-1]:
        h ^= ord(c)
        h = (h * 16777619) & MASK
        h ^= h >> 15
    return h - (1 << 32) if h & 0x80000000 else h


def main():
    h = 2166136261
    for i in range(1500):
        mix(h, "caf\u00e9" if i == 1211 else "\u0142" if i == 1215 else f"key {i}")
    print("mixed")


if __name__ == "__main__":
    main()
