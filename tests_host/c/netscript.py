"""Scripts for the firmware's network layer: they run in the simulated build, against peers here.

Owns how such a script is started and the few functions every script begins with. Values go in as
global names, printed lines come out. Peers are sockets of this process on the loopback interface.
"""

import os
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import firmware

LIMIT_S = 60
FLAVOURS = ("32", "64-asan")

PRELUDE = """
import sys, gc, time, atlink, atnet

def until(link, events, ms=5000):
    atnet.arm(link, events)
    ready = atlink.wait(ms, 1 << (8 + (link & 15)))
    atnet.arm(link, 0)
    return ready != 0

def again(events, call, link, *args):
    while True:
        got = call(link, *args)
        if got is not None and got is not False:
            return got
        if not until(link, events):
            raise SystemExit("nothing happened")

def connect(port, host="127.0.0.1", family=4):
    link = atnet.open(atnet.TCP, family)
    if not atnet.connect(link, host, port):
        again(atnet.WRITE, atnet.connected, link)
    return link

def read(link, size=4096):
    return again(atnet.READ, atnet.recv, link, size)

def read_exactly(link, count):
    got = b""
    while len(got) < count:  # what comes while we read is left for the next time
        part = read(link)
        if not part:
            break
        got += part
    return got

def read_all(link):
    parts = b""
    while True:
        part = read(link)
        if not part:
            return parts
        parts += part

def write(link, data):
    done = 0
    while done < len(data):
        done += again(atnet.WRITE, atnet.send, link, data, done)

def shake(link):
    while True:
        wanted = atnet.handshake(link)
        if wanted == 0:
            return
        if wanted != 3 and not until(link, wanted):
            raise SystemExit("the handshake stands still")

def secure(port, profile, sni=None, name=None):
    link = connect(port)
    atnet.tls_start(link, profile, sni, name)
    shake(link)
    return link

def reach(port, is_secure):
    return secure(port, atnet.Profile()) if is_secure else connect(port)

def listening(host="127.0.0.1", family=4):
    server = atnet.open(atnet.TCP, family)
    atnet.bind(server, host, 0)
    atnet.listen(server, 5)
    print(atnet.local(server)[1])
    return server

def accepted(server):
    return again(atnet.READ, atnet.accept, server)[0]

def settle():
    while atnet.closing():
        atlink.wait(20, 0)

def failing(call, *args):
    try:
        call(*args)
    except OSError as e:
        return e.args[1]
    except (TypeError, ValueError) as e:
        return str(e)
    return "no error"
"""


def program(flavour: str) -> Path:
    """Return the simulated build of a flavour such as 32 or 64-asan."""
    bits, _, sanitize = flavour.partition("-")
    return firmware.build(int(bits), bool(sanitize))


def command(flavour: str, script: Path) -> list[str]:
    """Return the command line that runs a script with the heap of the chip."""
    kilobytes = 88 if flavour.startswith("32") else 176
    return [str(program(flavour)), "-X", f"heapsize={kilobytes}k", str(script)]


class Scripts:
    """Runs scripts in one flavour of the firmware."""

    def __init__(self, flavour: str, folder: Path) -> None:
        self.flavour = flavour
        self.folder = folder

    def _write(self, source: str, values: dict) -> Path:
        path = self.folder / f"script{len(list(self.folder.glob('script*')))}.py"
        names = "".join(f"{name} = {value!r}\n" for name, value in values.items())
        path.write_text(PRELUDE + names + source)
        return path

    def run(self, source: str, **values: object) -> list[str]:
        """Run a script to its end; return the lines that it printed."""
        done = subprocess.run(
            command(self.flavour, self._write(source, values)),
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout.splitlines()

    @contextmanager
    def running(
        self, source: str, uart: socket.socket | None = None, **values: object
    ) -> Iterator[subprocess.Popen]:
        """Run a script beside the test, which talks to it; it has to end well.

        uart: what stands for the script's UART1.
        """
        environment, handed = dict(os.environ), []
        if uart:
            handed = [uart.fileno()]
            environment["ATLINK_UART1_FD"] = str(uart.fileno())
        process = subprocess.Popen(
            command(self.flavour, self._write(source, values)),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
            pass_fds=handed,
        )
        timer = threading.Timer(LIMIT_S, process.kill)
        timer.start()
        try:
            yield process
            rest = process.communicate()[0]
            assert process.returncode == 0, rest
        finally:
            timer.cancel()
            process.kill()
            process.wait()
            for stream in (process.stdin, process.stdout):
                stream.close()


@contextmanager
def serving(handle: Callable[[socket.socket], None], host: str = "127.0.0.1") -> Iterator[int]:
    """Serve one client after another on a free port until the block ends; yield the port."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.create_server((host, 0), family=family)
    listener.settimeout(LIMIT_S)
    clients: list[threading.Thread] = []

    def serve(client: socket.socket) -> None:
        with client:
            client.settimeout(LIMIT_S)
            with suppress(OSError):  # how a client ends is for the script to say
                handle(client)

    def accept() -> None:
        while True:
            try:
                client = listener.accept()[0]
            except OSError:
                return
            clients.append(threading.Thread(target=serve, args=(client,)))
            clients[-1].start()

    acceptor = threading.Thread(target=accept)
    acceptor.start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        acceptor.join()
        listener.close()
        for client in clients:
            client.join()


def echo(client: socket.socket) -> None:
    """Send back what comes until the peer ends its stream."""
    while data := client.recv(65536):
        client.sendall(data)
