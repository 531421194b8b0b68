"""AT+FS while flash refuses calls, or there is no memory for them: the old or the new content."""

import re
from collections.abc import Iterator

import pytest

from tests_host.firmware import filesbench
from tests_host.firmware.filesbench import Host

FAILED = -1  # ESP_FAIL
PROMPT = re.compile(rb">|ERROR\r\n")
END = re.compile(rb"(OK|ERROR)\r\n")
OLD, NEW = b"old " * 50, b"new!" * 300


def write(host: Host, data: bytes) -> bool:
    """Write a file; return whether that was said to be done."""
    host.module.send(f'AT+FS=0,1,"f",0,{len(data)}')
    if host.module.read_until(PROMPT).endswith(b"\r\n"):
        return False
    host.module.write(data)
    return host.module.read_until(END).endswith(b"OK\r\n")


def walk(host: Host, calls: str, error: object, step: int) -> Iterator[bool]:
    """Let every step-th call to flash fail while NEW is written over OLD; yield if that was done.

    Ends when all calls were made.
    """
    for skip in range(0, 2000, step):
        host.write("f", OLD)
        host.delete("f")
        host.write("f", OLD)
        fault = {"call": f"esp32.Partition.{calls}", "error": error, "skip": skip}
        host.simulator.act({"do": "fault", **fault})
        is_done = write(host, NEW)
        is_met = host.simulator.act({"do": "fault"})["hits"]
        assert host.module.command("AT").ok
        yield is_done
        if not is_met:
            assert is_done
            return
    raise AssertionError("the write does not come to its end")


# Each call for the first: littlefs trusts its cache after a read that failed.
@pytest.mark.parametrize(("error", "step"), [(FAILED, 1), ("MemoryError", 3)])
def test_a_call_that_fails_leaves_old_or_new(simulate, error, step):
    host = Host(simulate(bits=32))
    seen = {(is_done, host.read("f")) for is_done in walk(host, "*", error, step)}
    assert seen <= {(True, NEW), (False, OLD), (False, NEW)}
    assert {(True, NEW), (False, OLD)} <= seen


@pytest.fixture(params=[None, 512, 4096])
def host(request, simulate, tmp_path):
    """A module whose fatfs is blank, or a FAT volume."""
    simulator = simulate(bits=32)
    if request.param:
        filesbench.put_fat(simulator, tmp_path / "volume", request.param)
    return Host(simulator)


def test_a_file_system_outlives_reads_that_fail(host):
    for is_done in walk(host, "readblocks", FAILED, 1):
        assert not is_done or host.read("f") == NEW


@pytest.mark.parametrize(
    ("call", "error"), [("esp32.Partition.readblocks", FAILED), ("heap.python", "MemoryError")]
)
@pytest.mark.parametrize("line", ['AT+FS=0,4,"."', 'AT+FS=0,5,"f"', "AT+FS=0,6"])
def test_no_answer_is_wrong_whatever_fails(host, line, call, error):
    for name in ("f", "another", "a third"):
        host.write(name, NEW)
    right = tuple(host.module.ok(line))
    for skip in range(2000):
        host.simulator.act({"do": "fault", "call": call, "error": error, "skip": skip})
        reply = host.module.command(line)
        is_met = host.simulator.act({"do": "fault"})["hits"]
        assert not reply.ok or reply.lines == right, skip
        assert host.module.command("AT").ok
        if not is_met:
            return
    raise AssertionError("the command does not come to its end")
