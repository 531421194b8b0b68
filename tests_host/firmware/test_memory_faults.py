"""Memory is used up for a moment: whatever is refused, nothing stays held and all works again.

Each scenario is played with its n-th allocation failing, of Python's heap or of the system's, for
growing n until it runs through: each of the first ones, and then in wider and wider steps. The
variable MEMORY_FAULTS has words for more: `every` n without a step, which takes hours; `sanitize`,
the 64-bit build with sanitizers in place of the 32-bit one.
"""

import ast
import os
import ssl

import pytest

from tests_host.firmware import memoryfaults
from tests_host.firmware.memoryfaults import Talk
from tools.host.simprocess import ROOT
from tools.peers import peers, servers, webclient
from tools.peers.mqttbroker import Broker
from tools.peers.secure import wrap

PORT = 8300
TIMES = (1, 8)  # allocations that fail in a row
_WORDS = os.environ.get("MEMORY_FAULTS", "").split(",")
STEP = memoryfaults.MOST if "every" in _WORDS else 4  # how fast the steps widen
IS_SANITIZED = "sanitize" in _WORDS
DATA = b"0123456789" * 30


def tcp(talk: Talk, kind: str = "TCP", port: str = "echo") -> None:
    """One link that sends and receives."""
    talk.say(f'AT+CIPSTART="{kind}","127.0.0.1",{talk.ports[port]}')
    if talk.say(f"AT+CIPSEND={len(DATA)}", DATA):
        talk.hear(DATA)
    talk.say("AT+CIPSTATE?")
    talk.say("AT+CIPCLOSE")


def udp(talk: Talk) -> None:
    """Datagrams."""
    tcp(talk, "UDP", "udp_echo")


def tls(talk: Talk) -> None:
    """One secure link."""
    tcp(talk, "SSL", "tls")


def passive(talk: Talk) -> None:
    """Two links whose data is asked for."""
    talk.say("AT+CIPMUX=1")
    talk.say("AT+CIPRECVTYPE=5,1")
    for link in (0, 3):
        talk.say(f'AT+CIPSTART={link},"TCP","127.0.0.1",{talk.ports["echo"]}')
        assert not talk.module.command(f"AT+CIPRECVDATA={link},1").ok  # there is nothing yet
        if talk.say(f"AT+CIPSEND={link},{len(DATA)}", DATA):
            talk.hear(b"+IPD,%d,%d\r\n" % (link, len(DATA)))
        talk.say("AT+CIPRECVLEN?")
        talk.say(f"AT+CIPRECVDATA={link},{len(DATA)}")


def server(talk: Talk) -> None:
    """Clients of the module's server, one after the other and together."""
    talk.say("AT+CIPMUX=1")
    talk.say(f"AT+CIPSERVER=1,{PORT}")

    def hello(sock) -> None:
        sock.sendall(DATA)
        talk.hear(DATA)
        if talk.say("AT+CIPSENDEX=0,20", DATA[:20]) and talk.is_strict:
            assert sock.recv(100) == DATA[:20]
        talk.visit((talk.ports["module"], PORT), lambda other: other.sendall(b"me too"))

    talk.visit((talk.ports["module"], PORT), hello)
    talk.hear(b"0,CLOSED\r\n")
    talk.say("AT+CIPSERVER=0,1")


def tls_server(talk: Talk) -> None:
    """A client of the module's TLS server."""
    talk.say("AT+CIPMUX=1")
    talk.say(f'AT+CIPSERVER=1,{PORT},"SSL"')
    context = servers.client_context()
    context.verify_mode = ssl.CERT_NONE

    def hello(sock) -> None:
        with wrap(context, sock) as secure:
            secure.sendall(DATA)
            talk.hear(DATA)

    talk.visit((talk.ports["module"], PORT), hello)
    talk.say("AT+CIPSERVER=0,1")


def mqtt_begin(talk: Talk, scheme: int = 1, port: str = "mqtt") -> bool:
    """A session; return whether there is one."""
    talk.say(f'AT+MQTTUSERCFG=0,{scheme},"faults","","",0,0,"/"')
    talk.say('AT+MQTTCONNCFG=0,0,0,"will","gone",1,0')
    return talk.say(f'AT+MQTTCONN=0,"127.0.0.1",{talk.ports[port]},0')


def mqtt_end(talk: Talk) -> None:
    """Its end."""
    talk.say("AT+MQTTCLEAN=0")


def mqtt(talk: Talk, scheme: int = 1, port: str = "mqtt") -> None:
    """A session with a message to itself."""
    if mqtt_begin(talk, scheme, port):
        talk.say('AT+MQTTSUB=0,"faults",1')
        talk.say('AT+MQTTPUB=0,"faults","short",1,0')
        talk.say(f'AT+MQTTPUBRAW=0,"faults",{len(DATA)},1,0', DATA)
        talk.say('AT+MQTTUNSUB=0,"faults"')
    mqtt_end(talk)


def mqtts(talk: Talk) -> None:
    """The same over TLS."""
    mqtt(talk, 2, "mqtts")


def mqtt_ws(talk: Talk) -> None:
    """The same over WebSocket."""
    mqtt(talk, 6, "mqtt_ws")


def http(talk: Talk) -> None:
    """A download, an upload, a size."""
    url = f"http://127.0.0.1:{talk.ports['web']}"
    talk.say(f'AT+HTTPCLIENT=2,0,"{url}/bytes/3000",,,1')
    talk.say(f'AT+HTTPCGET="{url}/chunked/3000/100"')
    talk.say(f'AT+HTTPGETSIZE="{url}/bytes/70"')
    talk.say(f'AT+HTTPCPOST="{url}/post",{len(DATA)}', DATA)


def https(talk: Talk) -> None:
    """A download over TLS."""
    talk.say(f'AT+HTTPCGET="https://127.0.0.1:{talk.ports["web_tls"]}/bytes/300"')


def websocket_begin(talk: Talk) -> bool:
    """A WebSocket; return whether there is one."""
    return talk.say(f'AT+WSOPEN=0,"ws://127.0.0.1:{talk.ports["ws"]}"')


def websocket(talk: Talk) -> None:
    """A WebSocket that echoes."""
    if websocket_begin(talk) and talk.say(f"AT+WSSEND=0,{len(DATA)}", DATA):
        talk.hear(DATA)
    talk.say("AT+WSOPEN?")
    if talk.is_strict:
        talk.say("AT+WSCLOSE=0")


def page_begin(talk: Talk) -> None:
    """The module's web server."""
    talk.say(f"AT+WEBSERVER=1,{PORT + 1},21")


def stranger(talk: Talk) -> None:
    """A client of the web server who asks for nothing that it knows."""

    def ask(sock) -> None:
        sock.sendall(b"?\r\n")
        assert webclient.read_answer(sock).status == 400

    talk.visit((talk.ports["module"], PORT + 1), ask)


def page(talk: Talk) -> None:
    """The page of the module's web server, and an upload that it refuses."""
    page_begin(talk)
    place = (talk.ports["module"], PORT + 1)
    requests = (
        b"GET / HTTP/1.1\r\nHost: 192.168.4.1\r\n\r\n",
        b"GET /getstatus HTTP/1.1\r\nHost: 192.168.4.1\r\nX-Requested-With: page\r\n\r\n",
        b"POST /setotadata HTTP/1.1\r\nHost: 192.168.4.1\r\nX-Requested-With: page\r\n"
        b"Content-Type: application/octet-stream\r\nContent-Length: 3000\r\n\r\n" + 10 * DATA,
    )
    for request in requests:

        def ask(sock, request=request) -> None:
            sock.sendall(request)
            answer = webclient.read_answer(sock)
            assert not talk.is_strict or answer.status != 500

        talk.visit(place, ask)
    talk.say("AT+WEBSERVER=0")


def names(talk: Talk) -> None:
    """A name is looked up, a host is pinged, time is set."""
    talk.say('AT+CIPDOMAIN="peer.test"')
    talk.say('AT+PING="127.0.0.1"')
    talk.say('AT+CIPSNTPCFG=1,8,"time.test"')
    talk.say("AT+CIPSNTPTIME?")
    talk.say("AT+CIPSNTPCFG=0")


def sockets(talk: Talk) -> None:
    """The sockets of the second dialect: a client, a server with a client."""
    talk.say(f"AT+SOCKET=4,127.0.0.1,{talk.ports['echo']}")
    talk.say(f"AT+SOCKETSEND=1,{len(DATA)}", DATA)
    talk.say(f"AT+SOCKET=3,{PORT + 2}")
    talk.visit((talk.ports["module"], PORT + 2), lambda sock: sock.sendall(DATA))
    talk.say("AT+SOCKET?")


def files(talk: Talk) -> None:
    """A file is made, lengthened, found and deleted."""
    for offset in (0, 100):
        talk.say(f'AT+FS=0,1,"faults",{offset},{len(DATA)}', DATA)
    for line in ('AT+FS=0,4,"."', 'AT+FS=0,5,"faults"', "AT+FS=0,6", 'AT+FS=0,0,"faults"'):
        talk.say(line)


def port(talk: Talk) -> None:
    """Lines that are none, and lines while a command runs."""
    module = talk.module
    for line in (
        "AT" + "x" * 300,
        "AT+NOTHING=1",
        "nonsense",
        "AT+CWMODE=9",
        "AT+CIPMUX",
        "AT+GMR",
    ):
        assert module.command(line).result in ("OK", "ERROR")
    module.send(f'AT+HTTPCGET="http://127.0.0.1:{talk.ports["web"]}/silent"')
    for _ in range(20):
        module.quiet(20)
        module.send("AT+ABORT")
        module.quiet(20)
        if module.command("AT").result == "OK":
            return
    raise AssertionError("the command is not given up")


def passthrough(talk: Talk) -> None:
    """Bytes without frames; the peer ends the link, and it is opened again."""
    module = talk.module
    talk.say("AT+SYSMSG=4")  # the host is told of links in passthrough as well
    talk.say("AT+CIPRECONNINTV=1")
    talk.say("AT+CIPMODE=1")
    if talk.say(f'AT+CIPSTART="TCP","127.0.0.1",{talk.ports["puppet"]}') and talk.enters():
        for _ in range(2):
            module.write(b"say " + DATA + b"\n")
            talk.hear(DATA)
            module.write(b"close\n")
            talk.hear(b"CLOSED\r\n")
            talk.hear(b"CONNECT\r\n")  # 0.1 s after its end
        talk.leaves()
    talk.say("AT+CIPMODE=0")
    talk.say("AT+CIPCLOSE" if talk.is_strict else "AT")


SCENARIOS = (
    *(port, passthrough, tcp, udp, tls, passive, server, tls_server, mqtt, mqtts, mqtt_ws),
    *(http, https, websocket, page, names, sockets, files),
)
SECURE = (tls, tls_server, mqtts, https)  # the others take nothing from the system's heap


@pytest.fixture(scope="module")
def ports():
    """Return the ports of peers by their names."""
    known, broker = peers.Peers(), Broker()
    yield {**known.variables, **{name: str(port) for name, port in broker.ports.items()}}
    known.close()
    broker.close()


@pytest.mark.parametrize("times", TIMES)
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.__name__)
def test_any_allocation_of_python_may_fail(tmp_path, ports, scenario, times):
    with memoryfaults.bench(tmp_path, ports, IS_SANITIZED) as bench:
        assert bench.walk(scenario, "heap.python", times, STEP) > 0


@pytest.mark.parametrize("times", TIMES)
@pytest.mark.parametrize("scenario", SECURE, ids=lambda scenario: scenario.__name__)
def test_any_allocation_of_the_system_may_fail(tmp_path, ports, scenario, times):
    with memoryfaults.bench(tmp_path, ports, IS_SANITIZED) as bench:
        assert bench.walk(scenario, "heap.c", times, STEP) > 0


@pytest.mark.parametrize(
    ("scenario", "prepare"),
    [
        (mqtt_begin, lambda _: None),
        (mqtt_end, mqtt_begin),
        (websocket_begin, lambda _: None),
        (stranger, page_begin),
    ],
    ids=["mqtt begins", "mqtt ends", "websocket begins", "web client"],
)
def test_each_single_allocation_may_fail_where_a_session_begins_and_ends(
    tmp_path, ports, scenario, prepare
):
    with memoryfaults.bench(tmp_path, ports, IS_SANITIZED) as bench:
        assert bench.walk(scenario, "heap.python", 1, memoryfaults.MOST, prepare) > 0


def test_no_except_clause_needs_memory_to_catch_that_there_is_none():
    for path in (ROOT / "firmware").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ExceptHandler) and isinstance(node.type, ast.Tuple):
                assert "MemoryError" not in ast.dump(node.type), (
                    f"{path}:{node.lineno}: a constant"
                )
