"""The C core of atlink: its unit tests, and random input given to it and to its Python twin."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests_host.c import atlinkharness, oracle
from tests_host.c.atlinkharness import Harness, compile_c

UNITS = {
    "test_rx": ["core/rx.c"],
    "test_filter": ["core/filter.c"],
    "test_line": ["core/line.c"],
    "test_mqtt": ["core/mqtt.c"],
    "test_framer": ["core/framer.c"],
    "test_ring": ["core/ring.c"],
    "test_small": ["core/ipd.c", "core/unescape.c", "core/settings.c"],
    "test_news": ["../atchip/news.c"],
    "test_websocket": ["core/websocket.c"],
    "test_record": [],
    "test_uart": ["uart.c", "core/rx.c"],
    "test_port_unix": ["port_unix.c", "core/ring.c", "core/settings.c"],
}
CORE = [f"core/{name}.c" for name in ("rx", "filter", "framer", "unescape", "settings")]


@pytest.mark.parametrize("unit", UNITS)
def test_unit(unit: str, tmp_path: Path) -> None:
    program = compile_c(tmp_path / unit, unit, UNITS[unit])
    done = subprocess.run([program], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


def test_sleep_of_the_chip(tmp_path: Path) -> None:
    """Run the chip's wait on threads: a lost wake-up never ends."""
    declarations = atlinkharness.ROOT / "tests_host/chip/idf_decls"
    program = compile_c(
        tmp_path / "wait",
        "test_port_wait",
        ["port_esp32_wait.c", "port_esp32_wake.c"],
        *("-pthread", f"-I{declarations}", "-Wl,--wrap=select"),
    )
    done = subprocess.run([program], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


def test_uart_of_the_chip(tmp_path: Path) -> None:
    """Open the chip's port over a driver that takes notes, and that fails when it is told to."""
    declarations = atlinkharness.ROOT / "tests_host/chip/idf_decls"
    sources = ["port_esp32.c", "core/ring.c", "core/settings.c"]
    program = compile_c(tmp_path / "uart", "test_port_esp32", sources, f"-I{declarations}")
    done = subprocess.run([program], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def core(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Harness]:
    harness = Harness(compile_c(tmp_path_factory.mktemp("core") / "harness", "harness", CORE))
    yield harness
    assert harness.close() == 0


# Bytes that lines are made of, the special ones often; long runs reach the limit of a line.
PIECES = st.one_of(
    st.sampled_from([b"\r", b"\n", b"\r\n", b"AT\r\n", b"AT", b"+", b"\0", b"\xff", b"x" * 100]),
    st.binary(max_size=6),
    st.integers(250, 258).map(lambda n: b"y" * n),
)
STEPS = st.one_of(
    st.tuples(st.just("feed"), PIECES),
    st.tuples(st.just("feed"), PIECES),
    st.sampled_from([("listen",), ("busy",), ("stream",), ("fetch",), ("fragment",)]),
    st.sampled_from([("listen",), ("fetch",), ("wants",), ("line",), ("forget_rest",)]),
    st.tuples(st.just("data"), st.integers(0, 20)),
    st.tuples(st.just("echo"), st.booleans()),
)


@given(st.lists(STEPS, max_size=40))
def test_receiver_does_what_its_twin_does(core: Harness, steps: list[tuple]) -> None:
    twins = atlinkharness.Receiver(core), oracle.Receiver()
    for name, *arguments in steps:
        ours, expected = (getattr(twin, name)(*arguments) for twin in twins)
        assert ours == expected, (name, arguments)
        assert twins[0].line() == twins[1].line()
        if twins[1].wants():
            taken = min(3, twins[1].wants())
            for twin in twins:
                twin.took(taken)


def converse(receiver, pieces: list[bytes]) -> list[object]:
    """Serve a host as a session does; return all that the host and the session saw.

    A line `D<n>` is followed by a payload of n bytes, `B` by one line that is dropped.
    """
    seen: list[object] = []
    echo = bytearray()
    payload = bytearray()
    receiver.listen()
    for piece in pieces:
        rest = piece
        while rest:
            wants = receiver.wants()
            if wants:
                payload += rest[:wants]
                receiver.took(len(rest[:wants]))
                rest = rest[wants:]
                if not receiver.wants():
                    receiver.listen()
                continue
            used, back = receiver.feed(rest)
            rest = rest[used:]
            echo += back
            event = receiver.fetch()
            if event:
                seen.append((event, receiver.line(), bytes(echo), bytes(payload)))
                command = receiver.line()
                if event == oracle.LINE and command[:1] == b"D" and command[1:].isdigit():
                    receiver.data(int(command[1:]))
                    if receiver.wants():
                        continue
                    receiver.listen()
                elif event == oracle.LINE and command == b"B":
                    receiver.busy()
                else:
                    receiver.listen()
    return [*seen, bytes(echo), bytes(payload), receiver.wants()]


def split(data: bytes, cuts: list[int]) -> list[bytes]:
    """Cut data at these places (taken modulo its length)."""
    places = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    return [data[a:b] for a, b in pairwise(places)]


CONVERSATION = st.lists(
    st.one_of(PIECES, st.sampled_from([b"D7\r\n", b"D300\r\n", b"B\r\n", b"B\r\nAT\r\n"])),
    max_size=20,
).map(b"".join)


@given(CONVERSATION, st.lists(st.integers(0, 10_000), max_size=20))
def test_lines_do_not_depend_on_how_they_arrive(
    core: Harness, data: bytes, cuts: list[int]
) -> None:
    expected = converse(oracle.Receiver(), [data])
    for pieces in ([data], split(data, cuts), [data[i : i + 1] for i in range(len(data))]):
        assert converse(atlinkharness.Receiver(core), pieces) == expected


DELAYS = st.sampled_from([0, 1, 100, 5000, 10_000, 19_999, 20_000, 20_001, 30_000, 1_000_000])
PLUSES = st.sampled_from([b"+", b"++", b"+++", b"++++", b"x", b"+x", b"x+++", b"abcdefgh"])
FRAMER_STEPS = st.one_of(
    st.tuples(st.just("fed"), PLUSES, DELAYS),
    st.tuples(st.just("idle"), st.booleans(), DELAYS),
    st.tuples(st.just("idle"), st.just(True), DELAYS),
    st.tuples(st.just("send"), st.integers(0, 10), DELAYS),
)


@given(
    st.integers(1, 6),
    st.sampled_from([0, 10, 20, 1000]),
    st.sampled_from([oracle.UNCOUNTED, 0, 5, 12]),
    st.lists(FRAMER_STEPS, max_size=30),
)
@example(4, 0, oracle.UNCOUNTED, [("idle", True, 20_001), ("fed", b"+++", 0)])
def test_framer_does_what_its_twin_does(
    core: Harness, chunk: int, interval_ms: int, total: int, steps: list[tuple]
) -> None:
    now = 5_000_000
    options = (24, chunk, interval_ms, total, now)
    twins = atlinkharness.Framer(core, *options), oracle.Framer(*options)
    came = bytearray()
    left = bytearray()
    for name, argument, delay in steps:
        now += delay
        if name == "fed":
            room, free = (twin.space() for twin in twins)
            assert room <= free and (room > 0 or free == 0)  # there may be room at both ends
            data = argument[:room]
            came += data
            for twin in twins:
                twin.fed(data, now)
        elif name == "idle":
            for twin in twins:
                twin.idle(now if argument else now - 7000)  # what was seen a while ago
        else:
            chunks = {twin.chunk(now) for twin in twins}
            assert len(chunks) == 1
            taken = chunks.pop()[:argument]
            left += taken
            for twin in twins:
                twin.sent(len(taken))
        assert twins[0].state() == twins[1].state(), (name, argument)
    ended, waiting, _ = twins[0].state()
    assert left == came[: len(left)]
    assert len(left) + waiting == len(came) - 3 * ended


ARRIVALS = st.lists(st.tuples(DELAYS, st.sampled_from(b"+++x")), max_size=24)


@given(ARRIVALS, st.lists(st.integers(0, 3), min_size=24, max_size=24), st.integers(1, 9))
@example([(30_000, 43), (1, 43), (1, 43)], [0] * 24, 4)
@example([(30_000, 43), (0, 43), (0, 43), (0, 120)], [1, 2, 3] * 8, 4)
def test_escape_is_found_however_it_is_read(
    core: Harness, gaps: list[tuple[int, int]], lateness: list[int], chunk: int
) -> None:
    """Bytes arrive one by one; the pump sleeps until each, or reads a few together."""
    begin = clock = 1_000_000
    arrivals = []
    for gap, byte in gaps:
        clock += gap
        arrivals.append((clock, byte))
    end = oracle.escape_ends(arrivals, begin)
    expected = bytes(byte for _, byte in arrivals[:end])
    framer = atlinkharness.Framer(core, 64, chunk, 0, oracle.UNCOUNTED, begin)
    sent = bytearray()

    def drain(now: int) -> None:
        while data := framer.chunk(now):
            sent.extend(data)
            framer.sent(len(data))

    i = 0
    while i < len(arrivals) and not framer.state()[0]:
        now = arrivals[i][0]
        framer.idle(now)  # the pump slept until this byte woke it
        if framer.state()[0]:
            break
        together = 1  # bytes that came at the same time may be read in one go, or not
        while together <= lateness[i] and arrivals[i + together : i + together + 1]:
            if arrivals[i + together][0] != now:
                break
            together += 1
        framer.fed(bytes(byte for _, byte in arrivals[i : i + together]), now)
        i += together
        drain(now)
    framer.idle(clock + 30_000)
    drain(clock + 30_000)
    assert (framer.state()[0], bytes(sent)) == (end is not None, expected)


ESCAPED = st.lists(
    st.sampled_from([b"\\", b"\\\\", b"0", b"\\0", b"\\\\0", b"a", b"\r\n", b"\0"]), max_size=12
).map(b"".join)


@given(ESCAPED, st.lists(st.integers(0, 50), max_size=8), st.integers(1, 5))
def test_escapes_do_not_depend_on_how_they_arrive(
    core: Harness, data: bytes, cuts: list[int], room: int
) -> None:
    expected, end = oracle.unescape(data)
    unescaper = atlinkharness.Unescaper(core)
    out = b""
    taken = 0
    ended = False
    for piece in split(data, cuts):
        rest = piece
        while rest and not ended:
            used, ended, decoded = unescaper.decode(rest, room)
            assert len(decoded) <= room
            rest = rest[used:]
            taken += used
            out += decoded
    assert out == expected
    assert (ended, taken) == ((True, end) if end else (False, len(data)))


ATOMS = st.sampled_from([b"a", b"b", b".", b"[ab]", b"[^a]", b"+", b"?", b"("])
EXPRESSIONS = st.tuples(
    st.sampled_from([b"", b"^"]),
    st.lists(st.tuples(ATOMS, st.sampled_from([b"", b"*"])).map(b"".join), min_size=1, max_size=4)
    .map(b"".join),
    st.sampled_from([b"", b"$"]),
).map(b"".join)  # fmt: skip
MESSAGES = st.lists(st.sampled_from(list(b"aab+?(\r\n\0")), max_size=10).map(bytes)


@given(EXPRESSIONS, st.one_of(st.just(b""), EXPRESSIONS), MESSAGES)
def test_filter_cuts_what_head_and_tail_match(
    core: Harness, head: bytes, tail: bytes, message: bytes
) -> None:
    table = atlinkharness.Filter(core)
    assert table.add(head, tail) == 0
    first = oracle.regex_cut(head, message)
    second = oracle.regex_cut(tail, message) if tail else (0, 0)
    expected = message
    if first and second:
        gone = {*range(*first), *range(*second)}
        expected = bytes(byte for i, byte in enumerate(message) if i not in gone)
    assert table.cut(message) == expected


@settings(max_examples=300)
@given(st.binary(max_size=64), st.binary(max_size=64), st.binary(max_size=40))
def test_filter_survives_any_expression(
    core: Harness, head: bytes, tail: bytes, message: bytes
) -> None:
    table = atlinkharness.Filter(core)
    if table.add(head, tail) == 0:
        rest = iter(message)
        assert all(byte in rest for byte in table.cut(message))  # a part of it, in order
    else:
        assert table.cut(message) == message


@pytest.mark.parametrize(
    ("asked", "real"), [(80, 80), (9600, 9600), (115200, 115201), (3000000, 3004694)]
)
def test_baud_rate_reads_back_from_the_divider(core: Harness, asked: int, real: int) -> None:
    assert core("baud", asked) == [str(real)]
    divider = 80_000_000 * 16 // asked
    assert real == 80_000_000 * 16 // divider
