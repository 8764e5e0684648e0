"""Threads that count into one list under one lock; each looks the list through.

refused: other threads run at every call
because: thread
"""

import threading


class Counter:
    def __init__(self):
        self.lock = threading.Lock()
        self.seen = []

    def note(self, numbers):
        for number in numbers:
            with self.lock:
                if number not in self.seen:
                    self.seen.append(number)


def work(counter, first):
    counter.note([(first + i * 7919) % 5003 for i in range(3000)])


def main():
    counter = Counter()
    threads = [threading.Thread(target=work, args=(counter, k * 1250)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(len(counter.seen), sum(counter.seen))


main()
