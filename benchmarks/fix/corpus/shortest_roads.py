"""Shortest roads between all towns (Floyd and Warshall).

cause: compile
line: if through < roads[i][j]:
cure: @jit
gain: 10x
"""


def make_roads(count):
    roads = [[1000000] * count for _ in range(count)]
    for i in range(count):
        roads[i][i] = 0
        for step in (1, 7, 31):
            j = (i * step + step) % count
            roads[i][j] = min(roads[i][j], 5 + i * 13 % 37 + step)
    return roads


def close(roads, count):
    for k in range(count):
        for i in range(count):
            first = roads[i][k]
            for j in range(count):
                through = first + roads[k][j]
                if through < roads[i][j]:
                    roads[i][j] = through
    return roads[0][count - 1]


def main():
    for count in (60, 130, 190):
        roads = make_roads(count)
        print(count, close(roads, count), sum(map(sum, roads)))


main()
