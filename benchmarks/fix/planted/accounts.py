"""Bookings into accounts, kept in place: one booking in two thousand overdraws and is refused."""

accounts = {}
refused = []
fee_total = 0


def book(account, amount):
    global fee_total
    entry = accounts.setdefault(account, {"balance": 0, "count": 0})
    if entry["balance"] + amount < 0:
        refused.append((account, amount))
        fee_total += 5
        return False
    entry["balance"] += amount
    entry["count"] += 1
    return True


# off by one on the rare branch
def book_w1(account, amount):
    global fee_total
    entry = accounts.setdefault(account, {"balance": 0, "count": 0})
    if entry["balance"] + amount < -1:
        refused.append((account, amount))
        fee_total += 5
        return False
    entry["balance"] += amount
    entry["count"] += 1
    return True


# lost mutation on the rare branch
def book_w2(account, amount):
    global fee_total
    entry = accounts.setdefault(account, {"balance": 0, "count": 0})
    if entry["balance"] + amount < 0:
        fee_total += 5
        return False
    entry["balance"] += amount
    entry["count"] += 1
    return True


# changed global on the rare branch
def book_w3(account, amount):
    entry = accounts.setdefault(account, {"balance": 0, "count": 0})
    if entry["balance"] + amount < 0:
        refused.append((account, amount))
        return False
    entry["balance"] += amount
    entry["count"] += 1
    return True


# the rare branch also counts
def book_w4(account, amount):
    global fee_total
    entry = accounts.setdefault(account, {"balance": 0, "count": 0})
    entry["count"] += 1
    if entry["balance"] + amount < 0:
        refused.append((account, amount))
        fee_total += 5
        return False
    entry["balance"] += amount
    return True


# the entry is made only by a booking that succeeds
def book_w5(account, amount):
    global fee_total
    entry = accounts.get(account, {"balance": 0, "count": 0})
    if entry["balance"] + amount < 0:
        refused.append((account, amount))
        fee_total += 5
        return False
    accounts[account] = {"balance": entry["balance"] + amount, "count": entry["count"] + 1}
    return True


# a list in the place of a tuple
def book_w6(account, amount):
    global fee_total
    entry = accounts.setdefault(account, {"balance": 0, "count": 0})
    if entry["balance"] + amount < 0:
        refused.append([account, amount])
        fee_total += 5
        return False
    entry["balance"] += amount
    entry["count"] += 1
    return True


def main():
    for i in range(2000):
        if i == 1337:
            book("late", -1)
        else:
            book(f"a{i % 7}", 3 + i % 5)
    print("booked")


if __name__ == "__main__":
    main()
