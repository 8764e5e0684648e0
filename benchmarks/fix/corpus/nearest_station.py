"""The nearest weather station of each farm, found by sorting all stations.

cause: min or max for sorting
line: nearest = sorted(stations, key=lambda s: (s[1] - x) ** 2 + (s[2] - y) ** 2)[0]
cure: min with the same key
gain: 1.6x
"""


def make_stations(count):
    return [(f"station {i}", i * 7919 % 1009, i * 104729 % 1013) for i in range(count)]


def assign(farms, stations):
    found = {}
    for x, y in farms:
        nearest = sorted(stations, key=lambda s: (s[1] - x) ** 2 + (s[2] - y) ** 2)[0]
        found[nearest[0]] = found.get(nearest[0], 0) + 1
    return found


def main():
    stations = make_stations(400)
    totals = {}
    for region in range(10):
        farms = [((i * 37 + region) % 1000, (i * 91 + region * 7) % 1000) for i in range(400)]
        for name, count in assign(farms, stations).items():
            totals[name] = totals.get(name, 0) + count
    for name, count in sorted(totals.items(), key=lambda item: (-item[1], item[0]))[:5]:
        print(name, count)


main()
