"""Where AT+FS keeps files: fatfs blank, with a FAT volume, with something else; the old place."""

import hashlib
from collections.abc import Callable, Iterator

import pytest

from tests_device.haste import HASTE
from tests_host.firmware import filesbench
from tests_host.firmware.filesbench import FATFS, LEVELLED, SECTOR, Host
from tests_host.firmware.secondtable import AT as TABLE_AT
from tests_host.firmware.secondtable import table
from tests_host.firmware.webbench import SNIFF
from tests_host.firmware.webbench import Bench as WebBench
from tools.host.simprocess import Simulator
from tools.peers import webclient

Start = Callable[..., Host]
# How a FAT volume may lie there: sector size, rounds and moves of wear levelling or None.
VOLUMES = [(512, None), (4096, None), (4096, (0, 0)), (4096, (3, 140)), (512, (0, 7))]


@pytest.fixture
def start(simulate: Callable[..., Simulator]) -> Iterator[Start]:
    """Return a function that starts a module with something in its flash."""
    hosts: list[Host] = []

    def begin(
        data: bytes = b"", address: int = FATFS.offset, user: str = "", **options: object
    ) -> Host:
        simulator = simulate(**options)
        if data or user:
            simulator.stop()
            filesbench.put(simulator, data, address)
            if user:
                simulator.put_user_file("user.py", user)
            simulator.start()
        hosts.append(Host(simulator))
        return hosts[-1]

    yield begin
    for host in hosts:
        host.module.close()


def content(seed: int, size: int) -> bytes:
    return (hashlib.sha256(bytes([seed])).digest() * (size // 32 + 1))[:size]


def test_blank_fatfs_takes_half_a_megabyte(start):
    host = start(bits=32)
    files = {f"file {n}": content(n, 100_000) for n in range(5)}
    for name, data in files.items():
        host.write(name, data)
    free, total = host.space()
    assert total == FATFS.size
    assert 20_000 < free < 60_000
    assert host.names() == sorted(files)
    for name, data in files.items():
        digest = hashlib.md5(data).hexdigest()
        assert host.module.ok(f'AT+FS=0,5,"{name}"') == [f"+FS:{digest}"]
    host.fails('AT+FS=0,1,"more",0,100000', "the file would grow by 100000 bytes")
    host.module.prompt('AT+FS=0,1,"file 0",5,90000')
    host.module.write(bytes(90_000))  # what stands behind needs a copy, for which there is no room
    assert not host.module.finish().ok
    assert host.read("file 0") == files["file 0"]
    host.delete("file 2")
    host.write("more", files["file 2"])
    host.module.ok("AT+RST")
    host.module.wait_ready()
    host.module.echo_off()
    assert host.read("more") == files["file 2"]
    assert host.read("File 1") is None, "names in a littlefs have a case"


def test_files_cost_no_memory_once_a_command_is_over(start):
    host = start(bits=32, user=SNIFF)

    def free() -> int:
        return int(host.module.ok("AT+HEAPFREE?")[0].removeprefix("+HEAPFREE:"))

    host.write("a", b"x" * 5000)
    before = free()
    for n in range(5):
        host.write(f"name {n}", b"x" * 5000)
        assert host.read("a") == b"x" * 5000
        assert len(host.names()) == n + 2
    assert free() >= before - 100


@pytest.mark.parametrize(("sector", "levelling"), VOLUMES)
def test_a_fat_volume_is_used_as_it_is(start, tmp_path, sector, levelling):
    files = {"Read Me.txt": b"made elsewhere", "BIG.BIN": content(1, 50_000)}
    image = tmp_path / "volume"
    volume = filesbench.fat(image, LEVELLED if levelling else FATFS.size, sector, files)
    host = start(filesbench.levelled(volume, *levelling) if levelling else volume, bits=32)
    assert host.names() == list(files)
    assert host.read("READ me.TXT") == b"made elsewhere", "names are compared as FAT does"
    assert host.read("big.bin") == files["BIG.BIN"]
    host.write("read me.txt", b"M")
    host.write("big.bin", b"tail", offset=60_000)
    host.write("new one", content(2, 30_000))
    host.write("gone", b"x")
    host.delete("GONE")
    host.fails('AT+FS=0,1,"huge",0,600000', "would grow by 600000")
    host.fails('AT+FS=0,1,"a:b",0,1', "a:b")
    assert host.names() == [*files, "new one"]
    host.simulator.stop()
    data = filesbench.partition(host.simulator)
    if levelling:
        kept = filesbench.levelled(volume, *levelling)
        assert data[-3 * SECTOR :] == kept[-3 * SECTOR :], "its state is not for us to change"
        data = filesbench.unlevelled(data, *levelling)
    assert filesbench.fat_files(image, data) == {
        "Read Me.txt": b"Made elsewhere",
        "BIG.BIN": files["BIG.BIN"] + bytes(10_000) + b"tail",
        "new one": content(2, 30_000),
    }


def test_folders_of_a_fat_volume_are_not_files(start, tmp_path):
    image = tmp_path / "volume"
    filesbench.fat(image, FATFS.size, 4096, {"file": b"1"})
    filesbench.mtools(image, "mmd", "::folder")
    host = start(image.read_bytes())
    assert host.names() == ["file"]
    host.fails('AT+FS=0,3,"folder"', "there is no file folder")
    host.fails('AT+FS=0,1,"folder",0,1', "folder cannot be written")


def test_what_is_no_file_system_is_left_alone(start):
    host = start()
    host.occupy()
    host.write("kept", b"before")
    assert host.space()[1] == 204 * 1024
    host.module.send(f'AT+SYSFLASH=2,"fatfs",{FATFS.size - 6},6')
    host.module.expect(b"+SYSFLASH:6,\xff\xffmine\r\nOK\r\n")
    host.module.prompt('AT+FS=0,1,"kept",0,4')
    host.module.write(b"bEFO")
    assert host.module.finish().ok
    assert host.read("kept") == b"bEFOre"


def test_files_of_the_old_place_are_found_and_move_when_they_are_written(start):
    host = start()
    host.occupy()
    host.write("one", content(1, 9000))
    host.write("two", content(2, 9000))
    host.vacate()
    assert host.space()[1] == FATFS.size
    assert host.names() == ["one", "two"]
    assert host.read("one") == content(1, 9000)
    host.write("three", b"3")
    host.write("one", b"middle", offset=4000)
    changed = content(1, 4000) + b"middle" + content(1, 9000)[4006:]
    assert host.read("one") == changed
    assert sorted(host.names()) == ["one", "three", "two"]
    host.delete("two")
    host.write("one", bytes(400_000))
    assert len(host.read("one") or b"") == 400_000, "it has the room of fatfs now"
    host.delete("one")
    assert host.names() == ["three"]
    host.occupy()  # over what littlefs never used
    assert host.names() == ["three"]


@pytest.mark.parametrize(("size", "room"), [(0x50000, 0x50000), (0x10000, 204 * 1024)])
def test_a_second_table_may_make_fatfs_smaller(start, size, room):
    host = start(table([(1, 0x81, 0x70000, size, "fatfs")]), TABLE_AT)
    assert host.space()[1] == room, "the larger of the two places"
    host.write("a", content(3, 100_000))
    host.fails('AT+FS=0,1,"b",0,250000', "would grow by 250000")
    assert host.read("a") == content(3, 100_000)
    host.simulator.stop()
    image = filesbench.partition(host.simulator)
    assert image[size:] == b"\xff" * (FATFS.size - size)


def test_one_owner_at_a_time(start):
    host = start()
    bench = WebBench(host.simulator, host.module)
    host.write("a", b"content")
    host.module.prompt('AT+FS=0,1,"b",0,100')
    host.module.write(b"x" * 50)
    answer = bench.page.upload(b"z" * 100, "fatfs")
    assert answer.status in (409, 422)
    assert "in use" in answer.json["error"]
    host.module.write(b"x" * 50)
    host.module.read_until(b"OK\r\n")
    head = bench.page.head("POST", "/setotadata", {**webclient.OWN, "Object": "fatfs"}, 20_000)
    with webclient.connect(bench.place) as sock:
        sock.sendall(head + bytes(10_000))
        bench.hear("+WEBSERVERRSP:3")
        for line in ('AT+FS=0,4,"."', "AT+FSMOUNT=1", 'AT+FS=0,1,"a",0,3'):
            host.fails(line, "fatfs is in use")
        sock.sendall(bytes(10_000))
        assert webclient.read_answer(sock).status == 200
    bench.hear("+WEBSERVERRSP:4")
    assert host.names() == [], "what was uploaded is no file system"


@pytest.mark.parametrize("old", [b"", content(4, 3000)])
def test_a_write_that_is_given_up_changes_nothing(start, old):
    host = start(user=HASTE)
    if old:
        host.write("f", old)
    host.module.prompt('AT+FS=0,1,"f",100,2900')
    host.module.write(bytes(2000))
    host.module.read_until(b"ERROR\r\n", timeout_s=60)  # after a tenth of 20 s of silence
    assert (host.read("f") or b"") == old
    host.write("g", content(5, 3000))
    assert (host.read("f") or b"") == old
    assert host.read("g") == content(5, 3000)


@pytest.mark.parametrize("size", [0, 19_000])
@pytest.mark.parametrize("sector", [512, 4096])
def test_a_write_to_a_fat_volume_that_is_given_up_costs_no_room(start, tmp_path, sector, size):
    host = start(filesbench.fat(tmp_path / "volume", FATFS.size, sector, {}), user=HASTE)
    host.write("old", b"1")
    free = host.space()
    host.module.prompt('AT+FS=0,1,"new",0,20000')
    host.module.write(bytes(size))
    host.module.read_until(b"ERROR\r\n", timeout_s=60)  # after a tenth of 20 s of silence
    assert host.names() == ["old"]
    assert host.space() == free
