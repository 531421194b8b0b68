"""AT+FS and a power cut at every flash operation: the old or the new content, never neither."""

import re

import pytest

from tests_host.firmware.filesbench import Host

OLD, NEW = b"old " * 300, b"new!" * 200
MIXED = NEW + OLD[len(NEW) :]
END = re.compile(rb"\r\n(ready|OK\r\n\r\n>|OK|ERROR)\r\n|>$")


def blank(host):
    """Make fatfs blank: the first write makes the file system."""
    host.vacate()


def present(host):
    """Have the file, and another one, in fatfs."""
    host.write("other", b"x")
    if host.read("f") is not None:
        host.delete("f")
    host.write("f", OLD)


def in_the_old_place(host):
    """Have the file where all files were once, and fatfs blank."""
    host.vacate()
    host.occupy()
    if host.read("f") is not None:
        host.delete("f")
    host.write("f", OLD)
    host.vacate()


def write(host):
    host.module.send(f'AT+FS=0,1,"f",0,{len(NEW)}')
    found = host.module.read_until(re.compile(rb"ready\r\n|>"))
    if found.endswith(b">"):
        host.module.write(NEW)
        found = host.module.read_until(END)
    return found


def delete(host):
    host.module.send('AT+FS=0,0,"f"')
    return host.module.read_until(END)


@pytest.mark.parametrize(
    ("prepare", "change", "old", "new"),
    [
        (blank, write, None, NEW),
        (present, write, OLD, MIXED),
        (present, delete, OLD, None),
        (in_the_old_place, write, OLD, MIXED),
        (in_the_old_place, delete, OLD, None),
    ],
)
def test_a_power_cut_at_any_operation_leaves_old_or_new(simulate, prepare, change, old, new):
    host = Host(simulate())
    seen = set()
    for operations in range(1, 100):
        prepare(host)
        host.cut_after(operations)
        is_cut = b"ready" in change(host)
        if is_cut:
            host.module.resync()
            host.module.echo_off()
        found = host.read("f")
        seen.add(found)
        assert seen <= {old, new}, operations
        if not is_cut:
            break
        if found is not None:
            host.delete("f")
            assert host.read("f") is None, "an older one came back"
    host.module.close()
    assert operations > 1, "nothing was written"
    assert seen == {old, new}
    assert host.simulator.act("status")["crashes"] == 0
