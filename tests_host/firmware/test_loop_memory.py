"""A task that has ended holds no memory, whoever still waits."""

# The first sleeps less than those who come after it, so they are below it in asyncio's heap.
KEPT = """
import asyncio
import gc

from at.command import command

KEPT = command("+KEPT", "Bytes kept of tasks that have ended")


async def waits(event):
    await asyncio.sleep_ms(10)
    await event.wait()


async def ends(size, last):
    data = bytearray(size)
    await asyncio.sleep_ms(20 + len(data) % 10)
    if len(data) == 2004:
        last.set()


def begin(last):
    for extra in range(5):
        asyncio.create_task(ends(2000 + extra, last))


@KEPT.query
async def kept_query(at):
    event = asyncio.Event()
    task = asyncio.create_task(waits(event))
    await asyncio.sleep_ms(1)
    gc.collect()
    before = gc.mem_alloc()
    last = asyncio.Event()
    begin(last)
    await last.wait()
    await asyncio.sleep_ms(0)  # this task was in the heap as well
    gc.collect()
    at.reply(gc.mem_alloc() - before)
    event.set()
    await task
"""


def test_tasks_that_have_ended_are_not_kept_by_one_that_waits(simulate):
    simulator = simulate(bits=32)
    simulator.stop()
    simulator.put_user_file("user.py", KEPT)
    with simulator.start().module() as module:
        kept = module.ok("AT+KEPT?")[-1].removeprefix("+KEPT:")
        assert int(kept) < 500
