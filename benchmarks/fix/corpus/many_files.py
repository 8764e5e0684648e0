"""Writes small files and makes sure that each is on the disk.

refused: it waits for the disk
because: no change of this source makes faster|no function of the program's own code holds enough
"""

import os
import tempfile


def store(folder, count):
    size = 0
    for i in range(count):
        path = os.path.join(folder, f"{i:05}.txt")
        fd = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC)
        size += os.write(fd, b"measurement %d\n" % i)
        os.fsync(fd)
        os.close(fd)
    for name in sorted(os.listdir(folder)):
        os.unlink(os.path.join(folder, name))
    return size


def main():
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(3):
            print(store(folder, 200))


main()
