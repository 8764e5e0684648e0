"""Questions to a database in memory.

refused: the time is in a library
because: sqlite|execute|fetch|C libraries|extension modules
"""

import sqlite3


def fill(database, count):
    database.execute("create table booking (account integer, amount integer)")
    database.executemany("insert into booking values (?, ?)", ((i * 7919 % 501, i % 97 - 40) for i in range(count)))


def balances(database, least):
    rows = database.execute("select account, sum(amount), count(distinct amount) from booking group by account "
                            "having sum(amount) > ? order by 2 desc, 1", (least,)).fetchall()
    return rows[:3]


def main():
    database = sqlite3.connect(":memory:")
    fill(database, 120000)
    for least in range(8):
        print(balances(database, least * 100))


main()
