"""Letters to be sent, one long text a city, that grows in a dictionary.

cause: join for text in an attribute
line: letters[city] += f"{number:06} {name:<20} {street:<20}\\n"
cure: the lines in a list, joined once a city
gain: 5x
"""


def people(city, count):
    return [(i, f"name {i * 31 % 977}", f"street {i % 83}") for i in range(len(city), count)]


def write_letters(cities, count):
    letters = {}
    for city in cities:
        letters[city] = f"To all in {city}\n"
        for number, name, street in people(city, count):
            letters[city] += f"{number:06} {name:<20} {street:<20}\n"
    return letters


def main():
    for round_ in range(2):
        letters = write_letters(["Ulm", "Jena", "Worms", "Celle", "Goslar"], 5000 + round_)
        for city, text in letters.items():
            print(city, len(text), text.count("\n"), sum(text[::997].encode()))


main()
