"""An event loop whose tasks sleep, and a call that blocks it now and then. Each stretch is timed by the program itself."""

import asyncio
import json
import sys
import time

BLOCKS = 4
seconds = {"sleeps": 0.0, "blocks": 0.0}
done = asyncio.Event()


def burn(turns):
    s = 0
    for i in range(turns):
        s += i % 7
    return s


async def sleeps():
    while not done.is_set():
        begin = time.perf_counter()
        await asyncio.sleep(0.005)
        seconds["sleeps"] += time.perf_counter() - begin


async def blocks(turns):
    for _ in range(BLOCKS):
        await asyncio.sleep(0.05)
        begin = time.perf_counter()
        burn(turns)
        seconds["blocks"] += time.perf_counter() - begin
    done.set()


async def main(turns):
    await asyncio.gather(*(sleeps() for _ in range(10)), blocks(turns))


asyncio.run(main(1000 * int(sys.argv[1]) // BLOCKS))
print(json.dumps({"seconds": seconds}))
