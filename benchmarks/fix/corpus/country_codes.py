"""Parcels by zone: which countries are in the customs union is a literal behind `in`.

cause: set literal for membership
line: if country in ["AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK"]:
cure: braces for the brackets
gain: 1.8x
"""

COUNTRIES = ["US", "GB", "CH", "NO", "CN", "JP", "SK", "SE", "BR", "SI", "IN", "ZA", "AU", "CA", "PT", "TR"]


def parcels(count):
    for i in range(count):
        yield COUNTRIES[i * 7 % 16], 100 + i * 37 % 4900


def duties(rows):
    inside = outside = 0
    for country, grams in rows:
        if country in ["AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK"]:
            inside += grams
        else:
            outside += grams * 3 // 2
    return inside, outside


def main():
    rows = list(parcels(100000))
    total_inside = total_outside = 0
    for _day in range(12):
        inside, outside = duties(rows)
        total_inside += inside
        total_outside += outside
    print(total_inside, total_outside)


main()
