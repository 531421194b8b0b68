"""The address seam of the unix port (firmware/atlink/port_unix_route.c), called through ctypes."""

import ctypes
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

ATLINK = Path(__file__).resolve().parents[2] / "firmware" / "atlink"
HOME = "127.77.3.2"


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    path = tmp_path_factory.mktemp("route") / "route.so"
    flags = ["-std=gnu99", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-DATLINK_ROUTE"]
    sources = [ATLINK / f"port_unix_{name}.c" for name in ("group", "route", "table")]
    subprocess.run(["gcc", *flags, f"-I{ATLINK}", *sources, "-o", path], check=True)
    return path


def run(library, routes, body):
    """Run lines of Python in a process of their own, because the table is read once."""
    program = (
        f"import errno, sys; sys.path[:0] = {sys.path!r}\nfrom tests_host.c.test_route import *\n"
    )
    program += f"route = Route({str(library)!r})\n" + body
    environment = {**os.environ, "ATLINK_ROUTES": routes}
    if not routes:
        del environment["ATLINK_ROUTES"]
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


class Route:
    """The C functions, with Python's addresses."""

    def __init__(self, path):
        self.lib = ctypes.CDLL(path, use_errno=True)
        self.up(True)

    def _check(self, result):
        if result < 0:
            raise OSError(ctypes.get_errno(), "route")
        return result

    def bind(self, sock, host, port):
        raw = pack(host, port)
        self._check(self.lib.atlink_route_bind(sock.fileno(), raw, len(raw)))

    def connect(self, sock, host, port):
        raw = pack(host, port)
        self._check(self.lib.atlink_route_connect(sock.fileno(), raw, len(raw)))

    def sendto(self, sock, data, host, port):
        raw = pack(host, port)
        send = self.lib.atlink_route_sendto
        return self._check(send(sock.fileno(), data, len(data), 0, raw, len(raw)))

    def recvfrom(self, sock):
        data = ctypes.create_string_buffer(2000)
        raw = ctypes.create_string_buffer(28)
        piece = _Piece(ctypes.addressof(data), 2000)
        message = _Message(ctypes.addressof(raw), 28, ctypes.pointer(piece), 1)
        receive = self.lib.atlink_route_recvmsg
        got = self._check(receive(sock.fileno(), ctypes.byref(message), 0))
        return data.raw[:got], unpack(raw.raw[: message.name_size])

    def join(self, sock, group):
        value = socket.inet_aton(group) + bytes(4)
        self._check(
            self.lib.atlink_route_setsockopt(
                sock.fileno(), socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, value, len(value)
            )
        )

    def up(self, state):
        self.lib.atlink_route_up(ctypes.c_bool(state))


class _Piece(ctypes.Structure):  # struct iovec
    _fields_ = (("base", ctypes.c_void_p), ("size", ctypes.c_size_t))


class _Message(ctypes.Structure):  # struct msghdr
    _fields_ = (
        ("name", ctypes.c_void_p),
        ("name_size", ctypes.c_uint32),
        ("pieces", ctypes.POINTER(_Piece)),
        ("count", ctypes.c_size_t),
        ("control", ctypes.c_void_p),
        ("control_size", ctypes.c_size_t),
        ("flags", ctypes.c_int),
    )


def pack(host, port):
    """Make a struct sockaddr."""
    if ":" in host:
        head = socket.AF_INET6.to_bytes(2, sys.byteorder) + port.to_bytes(2, "big") + bytes(4)
        return head + socket.inet_pton(socket.AF_INET6, host) + bytes(4)
    head = socket.AF_INET.to_bytes(2, sys.byteorder) + port.to_bytes(2, "big")
    return head + socket.inet_aton(host) + bytes(8)


def unpack(raw):
    """Read a struct sockaddr."""
    port = int.from_bytes(raw[2:4], "big")
    if len(raw) == 28:
        return socket.inet_ntop(socket.AF_INET6, raw[8:24]), port
    return socket.inet_ntoa(raw[4:8]), port


def udp(host="127.0.0.1", port=0):
    """Return a plain socket on this computer."""
    sock = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
    sock.settimeout(10)
    sock.bind((host, port))
    return sock


def bound(route, family, host):
    """Return the address that a TCP socket gets that binds one."""
    with socket.socket(family) as sock:
        route.bind(sock, host, 0)
        return sock.getsockname()[0]


def caller(route, port=0, place=None):
    """Return who a TCP server sees that is reached at a place, by default where it is."""
    with socket.create_server(("127.0.0.1", port)) as server, socket.socket() as sock:
        route.connect(sock, *(place or server.getsockname()))
        return server.accept()[1][0]


def test_without_a_table_nothing_is_changed(library):
    assert run(
        library,
        "",
        """
peer = udp()
sock = socket.socket(type=socket.SOCK_DGRAM)
route.bind(sock, "0.0.0.0", 0)
print(sock.getsockname()[0])
route.sendto(sock, b"x", *peer.getsockname())
print(peer.recvfrom(9)[1][0])
""",
    ) == ["0.0.0.0", "127.0.0.1"]


def test_a_socket_speaks_and_listens_from_home(library):
    assert run(
        library,
        f"home={HOME}",
        """
print(caller(route))
peer = udp()
sock = socket.socket(type=socket.SOCK_DGRAM)
route.sendto(sock, b"x", *peer.getsockname())
print(peer.recvfrom(9)[1][0])
print(bound(route, socket.AF_INET, "0.0.0.0"), bound(route, socket.AF_INET6, "::"))
""",
    ) == [HOME, HOME, HOME, "::1"]


def test_an_address_of_the_air_is_at_home(library):
    assert run(
        library,
        f"home={HOME}",
        """
sock = socket.socket(type=socket.SOCK_DGRAM)
route.bind(sock, "192.168.4.1", 0)
print(sock.getsockname()[0])
""",
    ) == [HOME]


def test_without_privileges_a_low_port_is_found_higher_up(library):
    assert run(
        library,
        f"home={HOME}",
        """
if os.geteuid() == 0:
    os.setuid(65534)
low = int(Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").read_text())
sock = socket.socket()
route.bind(sock, "0.0.0.0", 81)
print(sock.getsockname()[1] == (81 if low <= 81 else 20081))
""",
    ) == ["True"]


def test_a_port_may_be_routed_for_one_address_or_for_all(library):
    assert run(
        library,
        f"home={HOME} udp/8.8.8.8:53=127.0.0.1:25351 udp/*:123=127.0.0.1:25352",
        """
one, every = udp(port=25351), udp(port=25352)
for host, port in ("8.8.8.8", 53), ("203.0.113.9", 123), ("198.51.100.7", 123):
    sock = socket.socket(type=socket.SOCK_DGRAM)
    route.sendto(sock, host.encode(), host, port)
    print((one if port == 53 else every).recvfrom(99)[0].decode())
""",
    ) == ["8.8.8.8", "203.0.113.9", "198.51.100.7"]


def test_an_answer_is_renamed_on_its_way_back(library):
    assert run(
        library,
        f"home={HOME} udp/8.8.8.8:53=127.0.0.1:25353 udp/9.9.9.9:53=127.0.0.1:25354",
        """
one, other = udp(port=25353), udp(port=25354)
sock = socket.socket(type=socket.SOCK_DGRAM)
route.sendto(sock, b"1", "8.8.8.8", 53)
route.sendto(sock, b"2", "9.9.9.9", 53)
module = other.recvfrom(9)[1]
other.sendto(b"B", module)
print(*route.recvfrom(sock)[1])
one.sendto(b"A", module)
print(*route.recvfrom(sock)[1])
stranger = udp()
stranger.sendto(b"C", module)
print(route.recvfrom(sock)[1] == stranger.getsockname())
""",
    ) == ["9.9.9.9", "53", "8.8.8.8", "53", "True"]


def test_streams_and_ipv6_are_routed_too(library):
    assert run(
        library,
        f"home={HOME} tcp/192.0.2.1:80=127.0.0.1:25380 udp/2001:db8::1:53=::1:25356",
        """
print(caller(route, 25380, ("192.0.2.1", 80)))
peer = udp("::1", 25356)
sock = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
route.sendto(sock, b"x", "2001:db8::1", 53)
peer.sendto(b"y", peer.recvfrom(9)[1])
print(*route.recvfrom(sock)[1])
""",
    ) == [HOME, "2001:db8::1", "53"]


def test_without_a_network_there_is_no_way_out(library):
    assert run(
        library,
        f"home={HOME}",
        """
route.up(False)
for sock in socket.socket(), socket.socket(type=socket.SOCK_DGRAM):
    try:
        (route.connect if sock.type == socket.SOCK_STREAM else
         lambda *a: route.sendto(a[0], b"x", *a[1:]))(sock, "127.0.0.1", 9)
    except OSError as error:
        print(errno.errorcode[error.errno])
route.up(True)
peer = udp()
route.sendto(sock, b"x", *peer.getsockname())
print(peer.recvfrom(9)[0].decode())
""",
    ) == ["EHOSTUNREACH", "EHOSTUNREACH", "x"]


def test_groups_and_broadcasts_stay_on_this_computer(library):
    assert run(
        library,
        f"home={HOME}",
        """
sock = socket.socket(type=socket.SOCK_DGRAM)
route.bind(sock, "0.0.0.0", 25399)
route.join(sock, "239.9.9.9")
sender = socket.socket(type=socket.SOCK_DGRAM)
sender.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("127.0.0.1"))
sender.sendto(b"hello", ("239.9.9.9", 25399))
print(route.recvfrom(sock)[0].decode())
everyone = udp("0.0.0.0")
sock = socket.socket(type=socket.SOCK_DGRAM)
sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
route.sendto(sock, b"all", "255.255.255.255", everyone.getsockname()[1])
print(*everyone.recvfrom(9)[1][:1])
""",
    ) == ["hello", HOME]


def test_a_refused_bind_says_why(library):
    assert run(
        library,
        f"home={HOME}",
        """
taken = socket.create_server(("127.77.3.2", 0))
try:
    route.bind(socket.socket(), "0.0.0.0", taken.getsockname()[1])
except OSError as error:
    print(error.errno == errno.EADDRINUSE)
""",
    ) == ["True"]
