"""UART1 as TCP port, and at the speed of its line: pacing, overrun, RTS, CTS.

Nothing here is compared with a clock: speeds are compared with one another.
"""

import os
import signal
import socket
import statistics
import time

import pytest

from tools.simulator import pacing

RING, FIFO = 2048, 128


@pytest.fixture
def tcp(simulate):
    """Return a simulator that serves TCP, and its address."""
    simulator = simulate(options=("--tcp", "127.0.0.1:0"))
    host, port = simulator.act("status")["tcp"].split(":")
    return simulator, (host, int(port))


def connect(address):
    sock = socket.create_connection(address)
    sock.settimeout(20)
    return sock


def read_until(sock, mark):
    data = b""
    while mark not in data:
        piece = sock.recv(4096)
        assert piece, data
        data += piece
    return data


# TCP.


def test_a_tcp_client_talks_to_the_module(tcp):
    with connect(tcp[1]) as sock:
        sock.sendall(b"AT\r\n")
        assert read_until(sock, b"OK\r\n") == b"AT\r\n\r\nOK\r\n"


def test_pyserial_opens_it_by_its_url(tcp):
    import serial

    with serial.serial_for_url("socket://{}:{}".format(*tcp[1]), timeout=20) as port:
        port.write(b"AT\r\n")
        assert port.read_until(b"OK\r\n").endswith(b"OK\r\n")


def test_all_hear_the_module_and_all_may_speak(tcp):
    simulator, address = tcp
    with connect(address) as one, connect(address) as two, simulator.module() as module:
        one.sendall(b"AT+SYSMSG?\r\n")
        for sock in (one, two):
            assert b"+SYSMSG:0\r\n\r\nOK\r\n" in read_until(sock, b"OK\r\n")
        assert b"+SYSMSG:0" in module.read_until(b"OK\r\n")
        module.send("AT+CMD?")
        for sock in (one, two):
            assert b"+CMD:" in read_until(sock, b"OK\r\n")


def test_the_connection_outlives_restarts(tcp):
    simulator, address = tcp
    with connect(address) as sock:
        sock.sendall(b"AT+RST\r\n")
        read_until(sock, b"\r\nready\r\n")
        simulator.act("power_cycle")
        read_until(sock, b"\r\nready\r\n")
        os.kill(simulator.act("status")["pid"], signal.SIGKILL)
        read_until(sock, b"\r\nready\r\n")
        sock.sendall(b"AT\r\n")
        read_until(sock, b"OK\r\n")


def test_clients_come_and_go(tcp):
    for _ in range(30):
        with connect(tcp[1]) as sock:
            sock.sendall(b"AT\r\n")
    with connect(tcp[1]) as sock:
        time.sleep(0.1)
        sock.sendall(b"\r\nAT\r\n")
        read_until(sock, b"\r\nOK\r\n")


def test_a_pty_that_nobody_reads_does_not_stop_tcp(tcp):
    with connect(tcp[1]) as sock:
        for _ in range(40):
            sock.sendall(b"AT+CMD?\r\n")
            assert read_until(sock, b"\r\nOK\r\n").count(b"+CMD:") > 20


def test_a_tcp_client_gets_every_byte_however_slowly_it_reads(tcp):
    with connect(tcp[1]) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sock.sendall(b'ATE0\r\nAT+SYSFLASH=0,"fatfs",0,65536\r\n')
        read_until(sock, b"OK\r\n\r\nOK\r\n")
        sock.sendall(b'AT+SYSFLASH=2,"fatfs",0,65536\r\n')
        time.sleep(0.3)
        data = read_until(sock, b"\r\nOK\r\n")
        assert data == b"+SYSFLASH:65536," + b"\xff" * 65536 + b"\r\nOK\r\n"


# The speed of the line.


@pytest.fixture
def paced(simulate):
    """Return a simulator with --baud-timing."""
    return simulate(options=("--baud-timing",))


def set_line(module, settings):
    module.ok(f"AT+UART_CUR={settings}")
    module.quiet(150)


def seconds_for(module, command, mark):
    """Return how long the answer to a command takes from its first byte to its last."""
    module.send(command)
    module.read_until(b",")
    start = time.perf_counter()
    module.read_until(mark)
    return time.perf_counter() - start


def duration(module, settings):
    """Return how long 1000 bytes take from the module to us."""
    set_line(module, settings)
    return seconds_for(module, 'AT+SYSFLASH=2,"fatfs",0,1000', b"\r\nOK\r\n")


def is_once(measure, wanted, tolerance):
    """Tell whether a ratio of times comes out as wanted; a busy PC may spoil some of them."""
    return any(measure() == pytest.approx(wanted, rel=tolerance) for _ in range(10))


@pytest.mark.parametrize(
    ("frame", "bits"),
    [((8, 1, 0), 10), ((8, 1, 2), 11), ((8, 3, 1), 12), ((5, 1, 0), 7), ((5, 2, 1), 8.5)],
)
def test_a_byte_takes_all_its_bits(frame, bits):
    assert pacing.byte_seconds(9600, *frame) == bits / 9600


def test_speed_follows_the_settings_of_the_line(paced):
    with paced.module() as module:
        module.echo_off()

        def compared(settings):
            return duration(module, settings) / duration(module, "9600,8,1,0,0")

        assert is_once(lambda: compared("19200,8,1,0,0"), 1 / 2, 0.2)
        assert is_once(lambda: compared("9600,8,3,1,0"), 12 / 10, 0.14)
        assert is_once(lambda: compared("9600,5,1,0,0"), 7 / 10, 0.2)


def test_both_directions_have_the_speed_of_the_line(paced):
    with paced.module() as module:
        module.echo_off()
        set_line(module, "9600,8,1,0,0")
        module.ok('AT+SYSFLASH=0,"fatfs",0,4096')

        def towards_and_back():
            module.prompt('AT+SYSFLASH=1,"fatfs",0,1000')
            start = time.perf_counter()
            module.write(bytes(1000))
            module.read_until(b"\r\nOK\r\n")
            towards = time.perf_counter() - start
            return towards / seconds_for(module, 'AT+SYSFLASH=2,"fatfs",0,1000', b"\r\nOK\r\n")

        assert is_once(towards_and_back, 1, 0.2)


def test_the_new_speed_begins_when_the_answer_has_left(paced):
    with paced.module() as module:
        module.echo_off()
        for baud in (300, 115200, 2400, 921600):
            module.ok(f"AT+UART_CUR={baud},8,1,0,0")
            assert module.quiet(300) == b""
            assert module.command("AT").raw == b"\r\nOK\r\n"


def hold(simulator):
    """Stop the firmware's process, so that it reads nothing; return its number."""
    pid = simulator.act("status")["pid"]
    os.kill(pid, signal.SIGSTOP)
    return pid


def flood(simulator, flow):
    """Send 6000 bytes of short lines to a firmware that does not read; return what got lost."""
    with simulator.module() as module:
        module.echo_off()
        set_line(module, f"921600,8,1,0,{flow}")
        pid = hold(simulator)
        written = os.open(simulator.link, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        try:
            sent, idle = 0, 0
            while sent < 6000 and idle < 40:
                try:
                    sent += os.write(written, b"AT\r\n" * 25)
                    idle = 0
                except BlockingIOError:
                    idle += 1
                time.sleep(0.01)
            time.sleep(0.3)
            os.kill(pid, signal.SIGCONT)
            while sent < 6000:
                try:
                    sent += os.write(written, b"AT\r\n" * 25)
                except BlockingIOError:
                    time.sleep(0.01)
                module.pump()
        finally:
            os.close(written)
        answers = module.quiet(500)
        return simulator.act("status")["uart"], answers


def test_without_flow_control_what_the_receiver_cannot_hold_is_lost(paced):
    uart, _ = flood(paced, 0)
    assert 0 < uart["overruns"] <= 6000 - RING - FIFO


def test_rts_stops_the_host_and_nothing_is_lost(paced):
    uart, answers = flood(paced, 1)
    assert uart["overruns"] == 0
    assert answers.count(b"OK\r\n") + answers.count(b"busy p...\r\n") == 1500


def test_cts_holds_the_module_back_and_nothing_is_lost(paced):
    with paced.module() as module:
        module.echo_off()
        set_line(module, "921600,8,1,0,2")
        paced.act({"do": "uart", "cts": 0})
        module.send('AT+SYSFLASH=2,"fatfs",0,30000')
        module.expect_silence(300)
        paced.act({"do": "uart", "cts": 1})
        module.expect(b"+SYSFLASH:30000," + b"\xff" * 30000 + b"\r\nOK\r\n")
        assert paced.act("status")["uart"]["lost"] == 0


def test_a_host_that_does_not_read_holds_the_module_back_with_cts_only(paced):
    for flow, all_there in ((2, True), (0, False)):
        with paced.module() as module:
            module.echo_off()
            set_line(module, f"3000000,8,1,0,{flow}")
            module.send('AT+SYSFLASH=2,"fatfs",0,60000')
            time.sleep(1)
            data = module.read_until(b"\r\nOK\r\n") if all_there else module.quiet(300)
            assert (len(data) >= 60000) is all_there
            assert (paced.act("status")["uart"]["lost"] == 0) is all_there
            paced.act("power_cycle")
            module.wait_ready()


def test_without_cts_flow_control_a_host_that_is_not_ready_loses_bytes(paced):
    with paced.module() as module:
        module.echo_off()
        module.quiet(150)  # the end of `ready` may still be on the slow line
        paced.act({"do": "uart", "cts": 0})
        module.send("AT")
        module.expect_silence(300)
        paced.act({"do": "uart", "cts": 1})
        assert module.command("AT").raw == b"\r\nOK\r\n"
        assert paced.act("status")["uart"]["lost"] == 6


def test_power_up_settings_hold_again_after_a_reset(paced):
    with paced.module() as module:
        module.echo_off()
        normal = statistics.median(duration(module, "115200,8,1,0,0") for _ in range(3))
        set_line(module, "9600,8,1,0,0")
        module.ok("AT+RST")
        module.wait_ready()
        module.echo_off()
        command = 'AT+SYSFLASH=2,"fatfs",0,1000'
        assert is_once(lambda: seconds_for(module, command, b"\r\nOK\r\n") / normal, 1, 0.4)


def test_tcp_clients_are_paced_too(simulate):
    simulator = simulate(options=("--baud-timing", "--tcp", "127.0.0.1:0"))
    host, port = simulator.act("status")["tcp"].split(":")
    with connect((host, int(port))) as sock:
        sock.sendall(b"ATE0\r\nAT+UART_CUR=9600,8,1,0,0\r\n")
        read_until(sock, b"OK\r\n\r\nOK\r\n")
        time.sleep(0.2)
        sock.sendall(b"AT\r\n")
        assert read_until(sock, b"OK\r\n") == b"\r\nOK\r\n"
        assert simulator.act("status")["uart"]["baud"] in range(9590, 9611)
