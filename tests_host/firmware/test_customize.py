"""A second partition table at 0x20000: what AT+SYSFLASH serves of it, and what the log says."""

import pytest

from tests_host.firmware.secondtable import AT, table
from tools.host.atclient import Module

OURS = [(1, 2, 0x21000, 0x1C000, "mfg_nvs"), (1, 0x81, 0x70000, 0x90000, "fatfs")]
SMALL = (1, 0x81, 0x70000, 0x80000, "fatfs")
SPARE = (0x40, 15, 0xF0000, 0x2000, "spare")


@pytest.fixture
def customized(simulate):
    """Return a function that starts a module with a table in flash: (simulator, module)."""
    modules: list[Module] = []

    def start(data):
        simulator = simulate()
        simulator.stop()
        with (simulator.folder / "flash" / "flash.img").open("r+b") as flash:
            flash.seek(AT)
            flash.write(data)
        simulator.start()
        modules.append(simulator.module())
        modules[-1].echo_off()
        return simulator, modules[-1]

    yield start
    for module in modules:
        module.close()


def listed(module):
    return [line.removeprefix("+SYSFLASH:") for line in module.ok("AT+SYSFLASH?")]


def left_out(simulator):
    lines = simulator.log_text().split("\n")
    return [line.split("at_customize: ")[1].strip() for line in lines if "at_customize: " in line]


def test_partitions_in_the_room_of_fatfs_are_served(customized):
    simulator, at = customized(table([OURS[0], SPARE, SMALL]))
    assert listed(at) == [
        '"mfg_nvs",1,2,0x21000,0x1c000',
        '"fatfs",1,129,0x70000,0x80000',
        '"spare",64,15,0xf0000,0x2000',
    ]
    assert left_out(simulator) == []
    at.ok('AT+SYSFLASH=0,"spare"')
    at.prompt('AT+SYSFLASH=1,"spare",4094,4')
    at.write(b"abcd")
    assert at.finish().ok
    at.send('AT+SYSFLASH=2,"spare",4093,6')
    at.expect(b"+SYSFLASH:6,\xffabcd\xff\r\nOK\r\n")
    for line in (
        'AT+SYSFLASH=0,"spare",0,12288',
        'AT+SYSFLASH=2,"spare",8190,3',
        'AT+SYSFLASH=2,"fatfs",0x7ffff,2',
        'AT+SYSFLASH=2,"at_customize",0,1',
    ):
        at.error(line)
    at.ok('AT+SYSFLASH=0,"fatfs"')  # all of fatfs is erased, and nothing of its neighbour
    at.send('AT+SYSFLASH=2,"spare",4093,6')
    at.expect(b"+SYSFLASH:6,\xffabcd\xff\r\nOK\r\n")
    at.ok("AT")


def test_the_log_says_what_is_left_out_and_why(customized):
    rows = [
        *OURS,
        (0x40, 15, 0x3D000, 0x1000, "test"),  # the manual's example: our file system is there
        (0x40, 15, 0x80000, 0x1000, "inside"),
        (0x40, 15, 0x9000, 0x1000, "before"),
        (0x40, 15, 0xF0100, 0x1000, "crooked"),
        (1, 2, 0xF0000, 0x1000, "nvs"),
    ]
    simulator, at = customized(table(rows))
    assert [row.split(",")[0] for row in listed(at)] == ['"mfg_nvs"', '"fatfs"']
    assert left_out(simulator) == [
        "test is left out: it overlaps vfs",
        "inside is left out: it overlaps fatfs",
        "before is left out: it is outside of fatfs",
        "crooked is left out: it begins or ends inside a sector of 4096 bytes",
        "nvs is left out: the name is the module's own",
    ]


def test_of_two_that_overlap_the_first_is_served(customized):
    other = (0x40, 16, 0xF1000, 0x2000, "other")
    simulator, at = customized(table([SMALL, SPARE, other], has_sum=False))
    assert [row.split(",")[0] for row in listed(at)] == ['"mfg_nvs"', '"fatfs"', '"spare"']
    assert left_out(simulator) == ["other is left out: it overlaps spare or has its name"]


@pytest.mark.parametrize("data", [table([SMALL, SPARE], sum_of=b"x"), bytes(0xC00)])
def test_a_damaged_table_is_not_used(customized, data):
    simulator, at = customized(data)
    assert listed(at) == ['"mfg_nvs",1,2,0x21000,0x1c000', '"fatfs",1,129,0x70000,0x90000']
    assert left_out(simulator) == ["the table is damaged, it is not used"]
