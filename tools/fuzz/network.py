"""Bursts that use the network: links, servers, names, time, sockets, files, with the peers awry.

Protocols above links are those of tools/fuzz/protocols.py.
Each function fills a burst; what the peers then do is part of it, as acts before the lines.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from tools.fuzz import wild
from tools.fuzz.burst import Burst
from tools.fuzz.harm import cut, payload
from tools.fuzz.phases import World

_EDITS = ("xor", "xor", "xor", "insert", "drop", "end", "reset", "stall")
PATHS = (
    *("bytes/10", "bytes/3000", "close/700", "old/9", "chunked/3000/100", "status/302", "head"),
    *("odd/binary", "odd/bad-chunk", "odd/half-head", "odd/endless-head", "odd/two-lengths"),
    *("cut/100", "early/400", "get", "drip/40/9/5"),
)
_HARMLESS = ("AT", "AT+CIPSTATE?", "AT+CIPSTATUS", "ATE0", "AT+CIFSR", "AT+SYSRAM?")
_CUTTING = ("AT+CWQAP", "AT+CIPCLOSE=5", "AT+CIPCLOSE", "AT+CWMODE=0", "AT+MQTTCLEAN=0")
_PLAIN = ("echo", "bad_echo", "source", "bad_source", "script")
_SECURE = ("tls", "bad_tls", "script_tls", "script", "tls_mutual")


def say(rng: random.Random, burst: Burst, text: str, pause_ms: int = 0) -> None:
    """Add a line; most often the host waits for its answer, as real ones do."""
    burst.line(text, pause_ms)
    if rng.random() < 0.85:
        burst.act(host="answer", ms=3000)


def join(rng: random.Random, burst: Burst, world: World, chance: float = 0.6) -> None:
    """Join the access point, most often for nothing because it is joined already."""
    if rng.random() < chance:
        burst.act(host="join", line=f'AT+CWJAP="{world.ssid}","{world.password}"')


def mangle(rng: random.Random, burst: Burst, most: int = 3) -> None:
    """Prepare accidents for what goes to and comes from the servers behind relays."""
    edits = []
    for _ in range(rng.randint(0, most)):
        what = rng.choice(_EDITS)
        more: int | str = rng.randint(1, 255)
        if what == "insert":
            more = payload(rng, rng.choice((1, 4, 200))).hex()
        elif what == "drop":
            more = rng.choice((1, 2, 50))
        offset = rng.choice((rng.randrange(10), rng.randrange(200), rng.randrange(6000)))
        edits.append([rng.randrange(2), offset, what, more])
    burst.act(peer="mangle", edits=edits)


def some_server(
    rng: random.Random, burst: Burst, names: tuple[str, ...], steps: wild.Steps
) -> str:
    """Choose a server by name and prepare how it misbehaves; return its port as written."""
    name = rng.choice(names)
    if name.startswith("script"):
        burst.act(peer="script", steps=steps)
    elif name.startswith("bad_"):
        mangle(rng, burst)
    return f"<{name}>"


def meanwhile(rng: random.Random, burst: Burst) -> None:
    """Let something happen to the world or the connections, or a line come, at a random time."""
    pause = rng.choice((0, 5, 30, 100))
    match rng.randrange(8):
        case 0:
            burst.act(pause, peer="cut")
        case 1:
            burst.act(pause, do="ap_down", ssid="espressif")
            burst.act(rng.choice((0, 50)), do="ap_up", ssid="espressif")
        case 2:
            say(
                rng,
                burst,
                rng.choice(("AT", "AT+CIPSTATE?", "AT+CIPSTATUS", "ATE0", "AT+CIFSR")),
                pause,
            )
        case 3:
            say(
                rng,
                burst,
                rng.choice(("AT+CWQAP", "AT+CIPCLOSE=5", "AT+CIPCLOSE", "AT+CWMODE=0")),
                pause,
            )
        case _:
            return


def links(rng: random.Random, burst: Burst, world: World) -> None:
    """Open links, one or several, and use them while data comes in and peers go."""
    join(rng, burst, world)
    mux = rng.randrange(2)
    if rng.random() < 0.6:
        say(rng, burst, "AT+CIPMODE=0")
        say(rng, burst, "AT+CIPCLOSE=5" if mux else "AT+CIPCLOSE")
        say(rng, burst, f"AT+CIPMUX={mux}", 5)
    if rng.random() < 0.3:
        say(
            rng, burst, f"AT+CIPRECVTYPE={rng.choice(('5,', '')) if mux else ''}{rng.randrange(2)}"
        )
    for _ in range(rng.randint(1, 3)):
        link = f"{rng.randrange(5)}," if mux else ""
        _open(rng, burst, link)
        say(rng, burst, "AT", rng.choice((0, 20, 60)))
        for _ in range(rng.randint(0, 3)):
            _use(rng, burst, link)
            meanwhile(rng, burst)


def _open(rng: random.Random, burst: Burst, link: str) -> None:
    kind = rng.choice(("TCP", "TCP", "SSL", "UDP"))
    if kind == "UDP":
        packets = [payload(rng, rng.choice((0, 1, 1400, 9000))).hex() for _ in range(3)]
        burst.act(peer="datagrams", packets=packets)
        port = rng.choice(("<udp_echo>", "<script_udp>"))
        tail = rng.choice(("", f",{rng.randint(20000, 60000)},{rng.randrange(3)}"))
    else:
        port = some_server(rng, burst, _SECURE if kind == "SSL" else _PLAIN, wild.junk(rng))
        tail = rng.choice(("", "", f",{rng.choice((1, 60, 7200))}"))
    if kind == "SSL" and rng.random() < 0.3:
        say(
            rng,
            burst,
            f"AT+CIPSSLCCONF={link}{rng.randrange(4)},{rng.randrange(2)},{rng.randrange(2)}",
        )
    host = rng.choice(("127.0.0.1", "127.0.0.1", "peer.test"))
    say(rng, burst, f'AT+CIPSTART={link}"{kind}","{host}",{port}{tail}', rng.choice((0, 10)))


def _use(rng: random.Random, burst: Burst, link: str) -> None:
    size = rng.choice((1, 4, 100, 1460, 2048, 8192))
    match rng.randrange(6):
        case 0 | 1:
            command = rng.choice(("CIPSEND", "CIPSENDEX", "CIPSENDL"))
            say(rng, burst, f"AT+{command}={link}{size}", rng.choice((0, 20)))
            for piece in cut(rng, payload(rng, max(0, size + rng.choice((0, 0, 0, -1, 5))))):
                burst.add(piece, rng.choice((0, 0, 5)))
        case 2:  # the server "source" sends so much
            text = f"{rng.choice((10, 3000, 200000))} {rng.choice((1, 100, 4096))}\n".encode()
            say(rng, burst, f"AT+CIPSEND={link}{len(text)}", 10)
            burst.add(text, 20)
        case 3:
            say(rng, burst, f"AT+CIPRECVDATA={link}{rng.choice((1, 100, 8192))}", 20)
        case 4:
            say(rng, burst, rng.choice(("AT+CIPRECVLEN?", "AT+CIPSTATE?", "AT+CIPDINFO=1")))
        case _:
            say(rng, burst, f"AT+CIPCLOSE{'=' + link[:1] if link else ''}", rng.choice((0, 20)))


def server(rng: random.Random, burst: Burst, world: World) -> None:
    """Start the module's server and let odd clients in."""
    join(rng, burst, world)
    port = rng.randint(20000, 60000)
    kind = rng.choice(("", "", ',"TCP"', ',"SSL"', ',"SSL",1'))
    say(rng, burst, "AT+CIPMODE=0")
    say(rng, burst, "AT+CIPMUX=1")
    say(rng, burst, f"AT+CIPSERVER=1,{port}{kind}", 10)
    for _ in range(rng.randint(1, 6)):
        tls = "SSL" in kind and rng.random() < 0.7
        burst.act(rng.choice((5, 40)), peer="dial", port=port, tls=tls, steps=wild.junk(rng))
        if rng.random() < 0.5:
            _use(rng, burst, f"{rng.randrange(5)},")
        meanwhile(rng, burst)
    say(rng, burst, rng.choice(("AT+CIPSERVER=0", "AT+CIPSERVER=0,1", "AT")), 60)


def names(rng: random.Random, burst: Burst, world: World) -> None:
    """Ask for names and the time, with servers that answer anything."""
    join(rng, burst, world)
    name = rng.choice(("x.fuzz.test", "garbage.odd.test", "loop.odd.test", "f" * 60 + ".test"))
    burst.act(do="dns_servers", replies=wild.dns(rng, name))
    burst.act(do="time_servers", replies=wild.sntp(rng))
    for _ in range(rng.randint(1, 3)):
        say(
            rng,
            burst,
            rng.choice(
                (
                    f'AT+CIPDOMAIN="{name}",{rng.randint(1, 3)}',
                    f'AT+CIPDOMAIN="{name}",1,1000',
                    f"AT+WDOMAIN={name}",
                    f'AT+PING="{name}"',
                    f'AT+CIPSTART="TCP","{name}",<echo>',
                    'AT+CIPSNTPCFG=1,8,"time.test","pool.ntp.org"',
                    "AT+CIPSNTPCFG=0",
                    "AT+CIPSNTPTIME?",
                )
            ),
        )
        say(rng, burst, "AT", rng.choice((20, 200)))
        meanwhile(rng, burst)


def update(rng: random.Random, burst: Burst, world: World) -> None:
    """Ask for new firmware from a server that has none, or hardly."""
    join(rng, burst, world)
    port = some_server(rng, burst, ("script", "script", "bad_web", "web"), wild.http(rng))
    url = f"http://127.0.0.1:{port}/{rng.choice(PATHS)}"
    say(rng, burst, f"AT+USEROTA={len(url)}")
    burst.add(url.encode(), 20)
    meanwhile(rng, burst)
    say(rng, burst, "AT", 200)


def sockets(rng: random.Random, burst: Burst, world: World) -> None:
    """Use the sockets of the second dialect."""
    join(rng, burst, world)
    if rng.random() < 0.5:
        for number in range(1, 6):
            say(rng, burst, f"AT+SOCKETDEL={number}")
    if rng.random() < 0.3:
        say(rng, burst, f"AT+SOCKETRECVCFG={rng.randrange(2)}")
    for _ in range(rng.randint(1, 3)):
        kind = rng.choice((1, 2, 3, 4, 4, 6, 7))
        if kind in (1, 3, 6):
            own = rng.randint(20000, 60000)
            say(rng, burst, f"AT+SOCKET={kind},{own}")
            if kind != 1:
                burst.act(40, peer="dial", port=own, tls=kind == 6, steps=wild.junk(rng))
        elif kind == 2:
            say(rng, burst, "AT+SOCKET=2,127.0.0.1,<udp_echo>")
        else:
            port = some_server(rng, burst, _SECURE if kind == 7 else _PLAIN, wild.junk(rng))
            say(rng, burst, f"AT+SOCKET={kind},127.0.0.1,{port}")
        for _ in range(rng.randint(0, 3)):
            _use_socket(rng, burst)
            meanwhile(rng, burst)


def _use_socket(rng: random.Random, burst: Burst) -> None:
    number, size = rng.randint(1, 5), rng.choice((1, 100, 1024, 5000))
    match rng.randrange(6):
        case 0 | 1:
            say(rng, burst, f"AT+SOCKETSEND={number},{size}", 20)
            burst.add(payload(rng, size + rng.choice((0, 0, -1, 3))), rng.choice((0, 10)))
        case 2:
            say(rng, burst, f"AT+SOCKETREAD={number}", 20)
        case 3:
            say(rng, burst, rng.choice(("AT+SOCKET?", f"AT+SOCKETDEL={number}")))
        case 4:
            say(rng, burst, f"AT+SOCKETSENDLINE={number},3,abcdef", 10)
        case _:
            say(rng, burst, rng.choice(("AT+SOCKETTT", "AT+SOCKETTT=2")), 20)
            burst.add(payload(rng, size), 20)
            burst.add(b"+++", 60)


def files(rng: random.Random, burst: Burst, _world: World) -> None:
    """Write, read and delete files until there is no room, with the power cut now and then."""
    if rng.random() < 0.2:
        burst.act(do="power_cut_after_flash_writes", n=rng.randint(1, 30))
    for _ in range(rng.randint(1, 4)):
        name = rng.choice(("a", "b", "c/d", "..", "user/x.py", "n" * 60))
        size = rng.choice((1, 100, 4096, 8192))
        offset = rng.choice((0, 0, 1, 4096, 1 << 20))
        line, body = rng.choice(
            (
                (f'AT+FS=0,1,"{name}",{offset},{size}', payload(rng, size)),
                (f'AT+FS=0,1,"{name}",0,{size}', payload(rng, size)),
                (f'AT+FS=0,2,"{name}",{offset},{size}', b""),
                (f'AT+FS=0,0,"{name}"', b""),
                (f'AT+FS=0,3,"{name}"', b""),
                ('AT+FS=0,4,"."', b""),
                (f"AT+FSMOUNT={rng.randrange(2)}", b""),
                (f"AT+SYSSTORE={rng.randrange(2)}", b""),
                (f'AT+CWHOSTNAME="h{rng.randrange(99)}"', b""),
            )
        )
        say(rng, burst, line, rng.choice((0, 10)))
        burst.add(body, rng.choice((0, 20)))


def disturbed(rng: random.Random, burst: Burst, world: World) -> None:
    """Let the world change while the module joins, scans, serves stations, sleeps."""
    say(rng, burst, f"AT+CWMODE={rng.randint(1, 3)}")
    for _ in range(rng.randint(1, 5)):
        say(
            rng,
            burst,
            rng.choice(
                (
                    f'AT+CWJAP="{world.ssid}","{world.password}"',
                    f'AT+CWJAP="{world.ssid}","wrong password"',
                    'AT+CWJAP="guest",""',
                    *("AT+CWLAP", "AT+CWQAP", "AT+CWSTATE?", "AT+CIPSTA?", "AT+CIFSR"),
                    'AT+CWSAP="fuzz","12345678",5,3',
                    *("AT+CWLIF", "AT+SLEEP=1", "AT+SLEEP=2", "AT+CIPV6=1", "AT+CWDHCP=0,1"),
                )
            ),
            rng.choice((0, 5)),
        )
        burst.act(rng.choice((0, 20)), **_world_act(rng))
    if rng.random() < 0.1:
        burst.act(rng.choice((0, 50)), do="power_cycle")


def _world_act(rng: random.Random) -> dict[str, object]:
    mac = f"02:00:00:00:00:0{rng.randrange(10)}"
    ssid = rng.choice(("espressif", "guest"))
    return rng.choice(
        (
            {"do": "ap_down", "ssid": ssid},
            {"do": "ap_up", "ssid": ssid},
            {"do": "ap_rssi", "ssid": ssid, "rssi": rng.randint(-100, -20)},
            {"do": "station_join", "mac": mac},
            {"do": "station_leave", "mac": mac},
            {"do": "gpio", "pin": rng.randrange(20), "level": rng.randrange(2)},
        )
    )


# Kinds of bursts, and how often each comes among the others.
KINDS: dict[Callable[[random.Random, Burst, World], None], int] = {
    links: 14,
    server: 6,
    names: 6,
    update: 2,
    sockets: 8,
    files: 5,
    disturbed: 5,
}
