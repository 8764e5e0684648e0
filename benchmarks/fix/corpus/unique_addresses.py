"""Addresses of a mailing list, each once, in the order in which they came.

cause: set for membership
line: if address not in kept:
cure: a set beside the list of what is kept
gain: 20x
"""


def addresses(count):
    for i in range(count):
        name = f"user{i * 7919 % 5003}"
        yield f"  {name.upper() if i % 3 else name}@example.org " if i % 11 else "# comment"


def unique(lines):
    kept = []
    skipped = 0
    for line in lines:
        address = line.strip().lower()
        if not address or address.startswith("#"):
            skipped += 1
            continue
        if address not in kept:
            kept.append(address)
    return kept, skipped


def main():
    kept, skipped = unique(addresses(16000))
    print(len(kept), "addresses,", skipped, "comments")
    for address in kept[:3] + kept[-3:]:
        print(address)


main()
