"""The 40 KB of the chip: declarations come and go, and running out of memory is survived."""

import pytest

from tools.catalogue import declarations
from tools.host.simprocess import Simulator

_PRINT_FREE = """
import asyncio, gc
from at.command import command

FREE = command("+HEAPFREE", "Bytes of the GC heap that are free")


@FREE.query
def free_query(at):
    gc.collect()
    at.reply(gc.mem_free())


HOG = command("+HEAPHOG", "Hold so many bytes", (("int", "size", 0, 100000),))
held = []


@HOG.set
def hog_set(at, size):
    held.clear()
    while size > 0:
        held.append(bytearray(min(size, 1000)))
        size -= 1000


WASTE = command("+HEAPWASTE", "Leave garbage but for so many bytes", (("int", "rest", 0, 99999),))
KEEP = command("+HEAPKEEP", "Take long over it, and leave something small that stays")
LARGEST = command("+HEAPLARGEST", "The largest piece of the GC heap that can be had")
kept = []


@WASTE.set
def waste_set(at, rest):
    while gc.mem_free() > rest:
        bytearray(100)


@KEEP.run
async def keep_run(at):
    kept.append(bytearray(50))


@LARGEST.query
def largest_query(at):
    gc.collect()
    size = gc.mem_free()
    while True:
        try:
            bytearray(size)
            break
        except MemoryError:
            size -= 500
    at.reply(size)
"""


@pytest.fixture
def module(tmp_path):
    simulator = Simulator(tmp_path, bits=32)
    simulator.put_user_file("heap.py", _PRINT_FREE)
    simulator.start()
    with simulator.module() as module:
        module.echo_off()
        yield module
    simulator.stop()


def free(module):
    return int(module.ok("AT+HEAPFREE?")[0].split(":")[1])


def test_using_every_command_leaves_room_to_work(module):
    names = [c.name for c in declarations.all_commands() if "test" in c.forms]
    for _ in range(3):
        for name in names:
            module.ok(f"AT{name}=?")
        assert free(module) > 20000
    today = [command for command in declarations.all_commands() if not command.old]
    assert len(module.ok("AT+CMD?")) == len(today) + _PRINT_FREE.count(" = command(")


def test_what_stays_does_not_cut_the_heap_to_pieces(module):
    for rest in range(4000, free(module), 2000):
        module.ok(f"AT+HEAPWASTE={rest}")
        module.ok("AT+HEAPKEEP")
    largest = int(module.ok("AT+HEAPLARGEST?")[0].split(":")[1])
    assert largest > 12000


def test_a_module_without_memory_answers_and_recovers(module):
    room = free(module)
    module.command(f"AT+HEAPHOG={room - 3000}")
    for line in ("AT+CWLAPOPT=?", "AT+CIPSTART=?", "AT+MQTTCONN?", 'AT+SYSMFG=1,"client_cert"'):
        assert module.command(line).result in ("OK", "ERROR")
        module.ok("AT")
    module.ok("AT+HEAPHOG=0")
    assert module.ok("AT+CWMODE?") == ["+CWMODE:1"]
    module.ok("AT+CIPSTART=?")
    assert free(module) > room // 2
