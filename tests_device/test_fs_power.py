"""AT+FS and the supply: a power cut at any write to flash leaves the old file or the new one."""

import re
from collections.abc import Iterator

import pytest

from tests_device.rig import Rig
from tools.host.atclient import Module

OLD = b"old " * 300
HEAD = b"0123456789abcdef" * 60
NEW = HEAD + OLD[len(HEAD) :]
_MOST_WRITES = 300  # to flash, of any command here
_PROMPT = re.compile(rb"\r\n(>|ready\r\n)")
_RESULT = re.compile(rb"\r\n(OK|ready)\r\n")


@pytest.fixture
def bench(rig: Rig) -> Iterator[Rig]:
    if not rig.simulated:
        pytest.skip("the supply of a real module is not ours to cut")
    rig.fresh().echo_off()
    yield rig
    rig.close()


def put(module: Module, offset: int, data: bytes) -> bool:
    """Write into the file; return whether the supply lasted."""
    module.send(f'AT+FS=0,1,"file",{offset},{len(data)}')
    if b"ready" in module.read_until(_PROMPT):
        return False
    module.write(data)
    return b"ready" not in module.read_until(_RESULT)


def content(module: Module) -> bytes | None:
    """Return what the file holds, None if there is none."""
    if module.ok('AT+FS=0,4,"."') == []:
        return None
    module.send('AT+FS=0,2,"file",0,4096')
    length = int(module.read_until(b",").removeprefix(b"+FS:").removesuffix(b","))
    data = module.read_exactly(length)
    module.expect(b"\r\nOK\r\n")
    return data


def seen_after_cuts(
    rig: Rig, before: bytes | None, offset: int, data: bytes
) -> list[bytes | None]:
    """Cut a write of `data` at each flash write in turn; return what the file held each time."""
    seen = []
    for number in range(1, _MOST_WRITES):
        if content(rig.module) != before:
            rig.module.command('AT+FS=0,0,"file"')
            assert before is None or put(rig.module, 0, before)
        rig.act(f"power_cut {number}")
        if put(rig.module, offset, data):
            return seen
        rig.module.resync()
        rig.module.echo_off()
        seen.append(content(rig.module))
    pytest.fail(f"more than {_MOST_WRITES} writes to flash")


def test_a_new_file_is_there_as_a_whole_or_not_at_all(bench: Rig) -> None:
    seen = seen_after_cuts(bench, None, 0, HEAD)
    assert len(seen) > 3
    assert set(seen) <= {None, HEAD}


def test_a_file_that_is_written_into_has_the_old_content_or_the_new(bench: Rig) -> None:
    seen = seen_after_cuts(bench, OLD, 0, HEAD)
    assert len(seen) > 3
    assert set(seen) <= {OLD, NEW}


def test_a_deleted_file_is_there_or_gone(bench: Rig) -> None:
    module = bench.module
    assert put(module, 0, OLD)
    for number in range(1, _MOST_WRITES):
        bench.act(f"power_cut {number}")
        module.send('AT+FS=0,0,"file"')
        if b"ready" not in module.read_until(_RESULT):
            assert number > 1, "deleting does not write to flash"
            return
        module.echo_off()
        assert content(module) in (None, OLD)
        if content(module) is None:
            assert put(module, 0, OLD)
    pytest.fail(f"more than {_MOST_WRITES} writes to flash")
