"""Days and months, with leap days and ends of years."""

import datetime

DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def days_of(year, month):
    if month == 2 and (year % 4 == 0 and year % 100 != 0 or year % 400 == 0):
        return 29
    return DAYS[month - 1]


# the rare branch: a century that is a leap year
def days_of_w1(year, month):
    if month == 2 and year % 4 == 0 and year % 100 != 0:
        return 29
    return DAYS[month - 1]


# the rare branch: a century that is none
def days_of_w2(year, month):
    return 29 if month == 2 and not year % 4 else DAYS[month - 1]


# a wrong month taken from the end
def days_of_w3(year, month):
    if month == 2 and (year % 4 == 0 and year % 100 != 0 or year % 400 == 0):
        return 29
    return DAYS[(month - 1) % 12]


def next_month(day):
    year, month = (day.year + 1, 1) if day.month == 12 else (day.year, day.month + 1)
    return day.replace(year=year, month=month, day=min(day.day, days_of(year, month)))


# thirty days later
def next_month_w1(day):
    return day + datetime.timedelta(days=30)


# another exception at the end of a month swallowed
def next_month_w2(day):
    try:
        return day.replace(year=day.year + day.month // 12, month=day.month % 12 + 1)
    except ValueError:
        return day.replace(year=day.year + day.month // 12, month=day.month % 12 + 1, day=28)


# subclass lost: a date in the place of a datetime
def next_month_w3(day):
    year, month = (day.year + 1, 1) if day.month == 12 else (day.year, day.month + 1)
    return datetime.date(year, month, min(day.day, days_of(year, month)))


def main():
    start = datetime.datetime(1999, 1, 31, 12)
    for i in range(420):
        try:
            days_of(1890 + i, 2)
            days_of(2000, 0 if i == 311 else -12 if i == 97 else 13 if i == 101 else 1 + i % 12)
        except IndexError:
            pass
        next_month(start + datetime.timedelta(days=i))
    print("counted")


if __name__ == "__main__":
    main()
