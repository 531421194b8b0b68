"""Flash that takes its time, and one owner of a partition at a time.

The simulator counts how long flash keeps the firmware from its loop (`loop_silence_ms`); what a
PC needs for the rest does not count here, so nothing depends on how busy it is.
"""

import threading

import pytest

from tests_host.firmware import filesbench
from tests_host.firmware.updatebench import IMAGE, Bench, Running
from tests_host.firmware.webbench import Bench as WebBench
from tools.peers import espimage, webclient

ERASE_MS = 45  # of a sector, as the simulated flash takes it
MOST_MS = 100  # what may lie between a line and its answer


def flash_ms(simulator):
    return simulator.act("status")["loop_silence_flash_ms"]


@pytest.fixture
def slow(simulate):
    simulator = simulate(options=("--slow",))
    with simulator.module(timeout_s=60) as module:
        bench = Bench(simulator, module)
        simulator.act("forget_silence")
        yield bench


@pytest.fixture
def server(tmp_path):
    folder = tmp_path / "store" / "v1"
    folder.mkdir(parents=True)
    (folder / "ota.bin").write_bytes(IMAGE)
    (folder / "fatfs.bin").write_bytes(b"user data " * 10_000)
    (folder / "mfg_nvs.bin").write_bytes(b"\xff" * 0x10000)
    running = Running(folder.parent)
    yield running
    running.close()


def test_the_simulator_counts_the_time_that_flash_takes(slow):
    slow.module.ok('AT+SYSFLASH=0,"fatfs",0,4096')
    assert 45 <= flash_ms(slow.simulator) < 46


def test_partitions_are_erased_and_written_without_keeping_anybody_waiting(slow):
    module = slow.module
    module.ok('AT+SYSFLASH=0,"fatfs",0,81920')
    module.prompt('AT+SYSFLASH=1,"fatfs",0,40000')
    module.write(b"0123456789" * 4000)
    assert module.finish().ok
    assert flash_ms(slow.simulator) <= MOST_MS


def test_a_line_is_answered_while_a_partition_is_erased(slow):
    slow.module.send('AT+SYSFLASH=0,"fatfs"')
    slow.module.send("AT")
    slow.module.read_until(b"\r\nbusy p...\r\n")
    assert slow.module.finish(timeout_s=60).ok


@pytest.mark.parametrize("what", ["ota", "fatfs"])
def test_an_update_leaves_others_their_turn(slow, server, what):
    slow.use(server)
    slow.simulator.act("forget_silence")
    slow.module.ok(f'AT+CIUPDATE=0,"v1","{what}",1')
    for _ in range(10):
        assert slow.module.command("AT").ok
    slow.module.read_until(b"+CIPUPDATE:4\r\n", timeout_s=60)
    assert flash_ms(slow.simulator) <= MOST_MS


def test_userota_leaves_others_their_turn(slow, server):
    address = f"{server.url}/odd/plain".encode()
    slow.module.prompt(f"AT+USEROTA={len(address)}")
    slow.module.write(address)
    assert slow.module.finish(timeout_s=60).ok
    slow.module.wait_ready()
    assert flash_ms(slow.simulator) <= MOST_MS


@pytest.mark.parametrize(("sector", "count"), [(None, 60), (512, 3), (4096, 3)])
def test_files_are_written_read_listed_and_deleted(simulate, tmp_path, sector, count):
    """One call of littlefs or of the FAT driver may erase three sectors: a turn for each."""
    simulator = simulate(options=("--slow",))
    if sector:
        filesbench.put_fat(simulator, tmp_path / "volume", sector)
    host = filesbench.Host(simulator)
    with host.module:
        simulator.act("forget_silence")
        use_files(host, count)
        assert 0 < flash_ms(simulator) < 2 * ERASE_MS


def use_files(host, count):
    for size in (10, 5000, 30_000, 5000):
        for name in "abc":
            host.write(name, b"x" * size)
    for n in range(count):
        host.write(f"a rather long name {n}", b"y" * 20)
    for offset, size in ((0, 4), (60_000, 10), (50_000, 4)):  # copies, and fills a gap
        host.write("a", b"z" * size, offset)
    assert host.module.ok('AT+FS=0,3,"a"') == ["+FS:60010"]
    assert len(host.names()) == count + 3
    for n in range(count):
        host.delete(f"a rather long name {n}")


def test_values_are_kept(slow):
    module = slow.module
    module.ok("AT+CWMODE=3")
    for n in range(60):
        module.ok(f'AT+CWSAP="name {n}","12345678",{n % 11 + 1},3')
        module.ok(f"AT+CIPRECONNINTV={n + 1}")
    for n in range(60):
        slow.mfg("space", f"key {n % 7}", 8, bytes([n]) * (40 * n + 1))
    assert flash_ms(slow.simulator) <= MOST_MS


def test_an_upload_leaves_others_their_turn(simulate):
    simulator = simulate(options=("--slow",))
    with simulator.module(timeout_s=60) as module:
        bench = WebBench(simulator, module)
        simulator.act("forget_silence")
        for partition, data in (("fatfs", b"z" * 200_000), ("ota", IMAGE)):
            done = []
            upload = threading.Thread(
                target=lambda data=data, name=partition, done=done: done.append(
                    bench.page.upload(data, name)
                )
            )
            upload.start()
            bench.hear("+WEBSERVERRSP:3")
            for _ in range(10):
                assert module.command("AT").ok
            upload.join(60)
            assert done[0].status == 200
        assert flash_ms(simulator) <= MOST_MS


# Owners.


def refused(module, line):
    reply = module.command(line)
    assert reply.result == "ERROR"
    return next(text for text in reply.lines if text.startswith("REASON:"))


def test_manufacturing_data_is_not_read_while_it_is_written(simulate):
    """NVS repairs what it finds: reading a half-written partition would change it."""
    simulator = simulate()
    with simulator.module(timeout_s=60) as module:
        bench = WebBench(simulator, module)
        image = bytes(range(256)) * 256
        fields = {**webclient.OWN, "Object": "mfg_nvs"}
        head = bench.page.head("POST", "/setotadata", fields, len(image))
        with webclient.connect(bench.place) as sock:
            sock.sendall(head + image[:40_000])
            bench.hear("+WEBSERVERRSP:3")
            for line in (
                "AT+SYSMFG?",
                'AT+SYSMFG=1,"factory_param"',
                'AT+SYSMFG=1,"factory_param","uart_port"',
                'AT+SYSMFG=2,"x","y",1,1',
                'AT+SYSMFG=0,"factory_param"',
                "AT+CIPFWVER?",
            ):
                assert "is being written" in refused(module, line), line
            for line in ('AT+SYSFLASH=0,"mfg_nvs",0,4096', 'AT+SYSFLASH=2,"mfg_nvs",0,10'):
                assert "in use" in refused(module, line), line
            sock.sendall(image[40_000:])
            assert webclient.read_answer(sock).status == 200
        bench.hear("+WEBSERVERRSP:4")
        module.send(f'AT+SYSFLASH=2,"mfg_nvs",0,{len(image)}')
        module.expect(b"+SYSFLASH:%d," % len(image))
        assert module.read_exactly(len(image)) == image
        assert module.finish().ok


def test_a_client_that_leaves_gives_the_partition_back(simulate):
    simulator = simulate()
    with simulator.module(timeout_s=60) as module:
        bench = WebBench(simulator, module)
        for _ in range(2):
            fields = {**webclient.OWN, "Object": "mfg_nvs"}
            with webclient.connect(bench.place) as sock:
                sock.sendall(bench.page.head("POST", "/setotadata", fields, 9000) + b"\xff" * 5000)
                bench.hear("+WEBSERVERRSP:3")
            bench.hear("+WEBSERVERRSP:5")
        module.ok('AT+SYSFLASH=0,"mfg_nvs"')
        bench.module.prompt('AT+SYSMFG=2,"new","key",7,3')
        module.write(b"abc")
        assert module.finish().ok
        assert module.ok('AT+SYSMFG=1,"new","key"') == ['+SYSMFG:"new","key",7,3,abc']


def test_a_host_that_writes_keeps_an_upload_out(simulate):
    simulator = simulate()
    with simulator.module(timeout_s=60) as module:
        bench = WebBench(simulator, module)
        module.prompt('AT+SYSFLASH=1,"fatfs",0,100')
        module.write(b"x" * 50)
        answer = bench.page.upload(b"z" * 100, "fatfs")
        assert answer.status in (409, 422)
        assert "in use" in answer.json["error"]
        module.write(b"x" * 50)
        assert module.read_until(b"OK\r\n").endswith(b"\r\nOK\r\n")
        assert bench.page.upload(b"z" * 100, "fatfs").status == 200


def test_the_other_slot_is_not_chosen_while_an_update_writes_it(simulate):
    simulator = simulate()
    with simulator.module(timeout_s=60) as module:
        bench = WebBench(simulator, module)
        image = espimage.compose([espimage.describe("v9.9.9", filling=90_000)])
        fields = {**webclient.OWN, "Object": "ota"}
        with webclient.connect(bench.place) as sock:
            head = bench.page.head("POST", "/setotadata", fields, len(image))
            sock.sendall(head + image[:40_000])
            bench.hear("+WEBSERVERRSP:3")
            assert module.command("AT").ok
            assert "ota is in use" in refused(module, "AT+SYSROLLBACK")


def test_a_blank_fatfs_gets_its_file_system_one_erasure_at_a_time(simulate):
    simulator = simulate(bits=32, options=("--slow",))
    with simulator.module(timeout_s=60) as module:
        simulator.act("forget_silence")
        module.ok('AT+FS=0,4,"."')
        assert 0 < simulator.act("status")["loop_silence_flash_ms"] < 2 * ERASE_MS
