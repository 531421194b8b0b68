"""The module atlink as Python on the device sees it: scripts in the real build, a host beside."""

from __future__ import annotations

import select
import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests_host.c.atlinkdevice import Device
from tests_host.c.netscript import FLAVOURS


@pytest.fixture(params=FLAVOURS)
def device(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Device]:
    module = Device(request.param, tmp_path)
    yield module
    module.close()


@pytest.fixture
def run(device: Device) -> Callable[[str], list[str]]:
    """Run a script that needs no host."""
    return lambda source: device.start(source).finish()


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_echo_and_answer_leave_in_one_write(flavour: str, tmp_path: Path) -> None:
    device = Device(flavour, tmp_path, socket.SOCK_SEQPACKET)  # keeps what is written apart
    device.start("""
port = uart()
port.listen()
for _ in range(2):
    assert event(port) == atlink.LINE
    print(port.line())
    port.write(b"\\r\\nOK\\r\\n")
    port.echo(False)
    port.listen()
wait(0, 0)
""")
    device.host.send(b"AT\r\n")
    assert device.host.recv(100) == b"AT\r\n\r\nOK\r\n"
    device.host.send(b"AT+GMR\r\n")
    assert device.host.recv(100) == b"\r\nOK\r\n"
    assert device.finish() == ["b'AT'", "b'AT+GMR'"]
    device.close()


def test_a_slow_typist_sees_each_byte(device: Device) -> None:
    device.start("port = uart(); port.listen(); print(event(port, -1), port.line())")
    for byte in b"AT\r\n":
        device.host.send(bytes([byte]))
        if byte != ord("\n"):
            assert device.hears(bytes([byte]))
    assert device.finish() == ["1 b'AT'"]


def test_a_payload_its_surplus_and_what_follows(device: Device) -> None:
    device.host.send(b"AT+X=8\r\n" + b"12345678\r\n\r")
    device.start("""
port = uart()
port.listen()
print(event(port), port.line())
port.data(8)
print(event(port), port.remaining(), port.read(3), port.remaining())
some = bytearray(10)
print(port.readinto(some), some[:5], port.remaining(), port.read(5), port.poll())
port.busy()
print(event(port), port.line(), port.fragment(), port.fragment())
port.listen()
print(event(port), port.line())
port.flush(0)
""")
    assert [device.printed() for _ in range(4)] == [
        "1 b'AT+X=8'",
        "4 8 b'123' 5",
        "5 bytearray(b'45678') 0 b'' 0",
        "3 b'' True False",
    ]
    device.host.send(b"\nAT\r\n")  # the LF of the CR that was dropped, and a command
    assert device.finish() == ["1 b'AT'"]
    assert device.hears(b"AT+X=8\r\nAT\r\n")


def test_a_payload_that_nobody_wants_is_skipped(device: Device) -> None:
    device.host.send(b"AT+X=8\r\n" + b"12345678" + b"AT\r\n")
    device.start("""
port = uart()
port.listen()
print(event(port), port.line())
port.data(8)
print(event(port), port.read(3), port.skip(), port.remaining(), port.skip())
port.listen()
print(event(port), port.line())
port.data(9)
port.busy()
print(port.remaining(), port.skip())
""")
    assert device.finish() == ["1 b'AT+X=8'", "4 b'123' 5 0 0", "1 b'AT'", "0 0"]


def test_hot_calls_do_not_allocate(device: Device) -> None:
    device.host.send(b"AT\r\nabcdeAT+RST\r\n")
    device.start("""
def work(port, buf):  # locals, so that the script itself needs no memory
    micropython.heap_lock()
    ready = wait(5000, UART_RX | UART_TX | EVENT)
    first = port.poll()
    port.data(5)
    second = port.poll()
    count = port.readinto(buf)
    port.skip()
    port.busy()
    third = port.poll()
    port.write(b"OK")
    port.room()
    port.pending()
    port.remaining()
    port.fragment()
    port.listen()
    port.echo(True)
    wait(0, UART_RX)
    port.flush(0)
    micropython.heap_unlock()
    print(ready, first, second, count, bytes(buf), third, port.line())

port = uart()
port.listen()
work(port, bytearray(5))
""")
    assert device.finish() == ["3 1 4 5 b'abcde' 3 b'AT+RST'"]
    assert device.hears(b"AT\r\nOK")


def test_wait_returns_in_time(run: Callable) -> None:
    assert run("""
port = uart()
port.listen()
begin = time.ticks_us()
print(wait(30, UART_RX), time.ticks_diff(time.ticks_us(), begin) >= 30000)
print(wait(0, 0), wait(0, UART_RX | EVENT), wait(-1, UART_RX | UART_TX) == UART_TX)
print(failing(wait, "1", 0))
""") == ["0 True", "0 0 True", "('TypeError', \"can't convert str to int\")"]


def test_events_of_the_chip_wake(device: Device) -> None:
    device.start("""
port = uart()
port.listen()
print("ready")
print(wait(-1, UART_RX | EVENT) == EVENT, wait(0, UART_RX) == 0)
""")
    assert device.printed() == "ready"
    device.chip.send(b'{"ev":"gpio"}')
    assert device.finish() == ["True True"]


def test_an_interrupt_ends_the_wait(device: Device) -> None:
    device.start("""
port = uart()
for pause in (lambda: wait(-1, UART_RX), lambda: port.flush(-1)):
    port.write(b"x")  # which nobody takes
    print("ready")
    try:
        pause()
    except KeyboardInterrupt:
        print("interrupted")
""")
    for _ in range(2):
        assert device.printed() == "ready"
        waiting = True
        while waiting:  # a signal just before it blocks is seen by the next one
            device.process.send_signal(signal.SIGINT)
            waiting = not select.select([device.process.stdout], [], [], 0.2)[0]
        assert device.printed() == "interrupted"
    device.finish()


def test_a_full_ring_waits_for_the_host(device: Device) -> None:
    device.host.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    device.uart.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    device.start("""
port = uart()
total = 0
while True:
    done = port.write(bytes(1000))
    total += done
    if done < 1000:
        break
print(port.room(), port.write(b"x"), wait(20, UART_TX), port.pending() >= 4096, total)
print(wait(-1, UART_TX) == UART_TX, port.room() >= 4096)
port.write(b"end")
print(port.flush(5000), port.pending())
""")
    first = device.printed().split()
    assert first[:4] == ["0", "0", "0", "True"]
    heard = b""
    while not heard.endswith(b"end"):
        heard += device.host.recv(10000)
    assert len(heard) == int(first[4]) + 3
    assert device.finish() == ["True True", "True 0"]


def test_flush_waits_for_the_far_end(device: Device) -> None:
    device.start("""
port = uart()
port.write(b"answer")
print(port.flush(20), port.pending() > 0)
print(port.flush(5000), port.pending())
""")
    assert device.printed() == "False True"
    assert device.host.recv(100) == b"answer"
    assert device.finish() == ["True 0"]


def test_line_settings_reach_the_far_end(device: Device) -> None:
    device.start("""
port = uart()
print(port.settings())
port.config(921600, 8, 3, 2, 3)
print(port.settings())
for wrong in ((79, 8, 1, 0, 0), (9600, 4, 1, 0, 0), (9600, 8, 0, 0, 0), (9600, 8, 1, 3, 0),
              (9600, 8, 1, 0, 4), (-1, 8, 1, 0, 0), (9600, 8 + 256, 1, 0, 0), (9600, -8, 1, 0, 0)):
    print(failing(port.config, *wrong)[0])
print(failing(uart(-1).config, 9600, 8, 1, 0, 2), failing(port.config, 9600, "8", 1, 0, 0)[0])
print(port.settings())
""")
    assert device.finish() == [
        "(115201, 8, 1, 0, 0)",
        "(922190, 8, 3, 2, 3)",
        *["ValueError"] * 8,
        "('OSError', 22) TypeError",
        "(115201, 8, 1, 0, 0)",
    ]
    assert device.chip.recv(100) == b'{"uart":[922190,8,3,2,3]}'


def test_one_port_and_its_pins(run: Callable) -> None:
    assert run("""
print(uart() is atlink.UART(port=1, tx=17, rx=21))
print(failing(atlink.UART, 1, 17, 17), failing(atlink.UART, 1, 99, 21)[0])
print(failing(atlink.UART, 0, 17, 21), failing(atlink.UART, 1)[0])
port = uart()
print(failing(port.data, -1)[0], failing(port.data, 1 << 31)[0] in ("ValueError", "OverflowError"))
print(failing(port.read, -1)[0])
print(port.poll(), port.line(), port.read(4), port.remaining(), port.fragment(), port.room())
print(port.write(b""), port.readinto(bytearray()), failing(port.write, 1)[0])
port.data(0x7fffffff)
print(port.remaining(), port.readinto(bytearray(3)))
""") == [
        "True",
        "('ValueError', 'no such pins') ValueError",
        "('OSError', 19) TypeError",
        "ValueError True",
        "ValueError",
        "0 b'' b'' 0 False 4096",
        "0 0 TypeError",
        "2147483647 0",
    ]


def test_without_a_descriptor_there_is_no_port(device: Device) -> None:
    device.start("print(failing(uart)); print(wait(1, UART_RX | EVENT))", wired=False)
    assert device.finish() == ["('OSError', 19)", "0"]


def test_the_filter(run: Callable) -> None:
    assert run("""
from atlink import filter_add as add, filter_cut as cut
message = b"+HTTPCGET:5,a\\0b\\r\\n"
print(cut(message) is message, cut(bytearray(b"x")), atlink.filter_list())
add(b"^+HTTPCGET:[0-9]*,", b"\\r\\n$")
add(b"", b"\\r\\nOK\\r\\n$")
print(cut(message), cut(b"\\r\\nOK\\r\\n"), cut(memoryview(b"\\r\\nERROR\\r\\n")), cut(b""))
print(atlink.filter_list())
print(atlink.filter_delete(b"", b"nothing"), atlink.filter_delete(b"", b"\\r\\nOK\\r\\n$"))
print(failing(add, b"", b""), failing(add, b"[", b"")[0], failing(add, b"x" * 65, b"")[0])
for i in range(15):
    add(b"a", b"b")
print(failing(add, b"a", b"b"), failing(add, 1, b"b")[0], failing(cut, None)[0])
atlink.filter_clear()
print(atlink.filter_list(), cut(message) == message)
""") == [
        "True b'x' []",
        "b'a\\x00b' b'' b'\\r\\nERROR\\r\\n' b''",
        "[(b'^+HTTPCGET:[0-9]*,', b'\\r\\n$', 0), (b'', b'\\r\\nOK\\r\\n$', 0)]",
        "False True",
        "('ValueError', 'malformed filter') ValueError ValueError",
        "('OSError', 12) TypeError TypeError",
        "[] True",
    ]


def test_masking_and_texts(run: Callable) -> None:
    assert run("""
data, key = bytearray(b"0123456789"), b"\\x01\\x02\\x03\\x04"
atlink.mask(memoryview(data)[:4], key)
atlink.mask(memoryview(data)[4:], key, 4)
print(bytes(data))
atlink.mask(data, key)
print(bytes(data), failing(atlink.mask, data, b"abc")[0], failing(atlink.mask, data, key, -1)[0])
print(failing(atlink.mask, b"fixed", key)[0], failing(atlink.utf8, b"", 99)[0])
state = atlink.utf8(b"a\\xe2\\x82")
print(atlink.utf8(b"abc"), state > 0, atlink.utf8(memoryview(b"\\xac"), state))
print(atlink.utf8(b"\\xff"), atlink.utf8(b"", -1), failing(atlink.utf8, "text", "no")[0])
""") == [
        "b'131757539;'",
        "b'0123456789' ValueError ValueError",
        "TypeError ValueError",
        "0 True 0",
        "-1 -1 TypeError",
    ]


def test_the_typings_name_what_there_is(run: Callable) -> None:
    import ast

    path = Path(__file__).resolve().parents[2] / "firmware" / "typings" / "atlink.pyi"
    names: dict[str, set[str]] = {"atlink": set(), "UART": set()}
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.AnnAssign):
            names["atlink"].add(node.target.id)
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            names["atlink"].add(node.name)
        if isinstance(node, ast.ClassDef):
            methods = {item.name for item in node.body if isinstance(item, ast.FunctionDef)}
            names["UART"] = methods - {"__init__"}
    out = run("""
for names in (dir(atlink), dir(atlink.UART)):
    print(" ".join(name for name in names if not name.startswith("_")))
""")
    assert [set(line.split()) for line in out] == [names["atlink"], names["UART"]]
