"""The peers that transcripts know by name: servers on this machine, good ones and others."""

from __future__ import annotations

import shutil
import socket
import ssl
from collections.abc import Callable
from typing import Protocol

from tools.peers import hostcerts
from tools.peers.servers import (
    OpensslServer,
    Server,
    UdpServer,
    commanded,
    echo,
    greet,
    hang_up,
    ignore,
    server_context,
    sink,
    source,
)
from tools.peers.updatepeer import UpdatePeer
from tools.peers.webpeer import WebServer
from tools.peers.websocketraw import RawServer


class Peer(Protocol):
    """What all peers have."""

    port: int

    def close(self) -> None:
        """End it."""


class Peers:
    """The peers that transcripts know by name: `variables` maps names in braces to ports."""

    def __init__(self, host: str = "127.0.0.1", host6: str | None = "::1") -> None:
        """Start the plain ones; those with certificates start if build/certs is there.

        host6 is an IPv6 address of this machine, None if there is none for the module.
        """
        self._host = host
        from tools.peers.websocketpeer import WebSocketServer  # its library is the tests' alone

        self.servers: dict[str, Peer] = {
            "echo": Server(echo, host),
            "sink": Server(sink, host),
            "source": Server(source, host),
            "puppet": Server(commanded, host),
            "greeter": Server(greet, host),
            "hangup": Server(hang_up, host),
            "deaf": Server(ignore, host, buffer=2048),
            "udp_echo": UdpServer(host=host),
            "udp_other": UdpServer(host=host),
            "update": UpdatePeer(host),
            "web": WebServer(host),
            "ws": WebSocketServer(host),
            "ws_raw": RawServer(host),
        }
        if host6:
            self._try("echo6", lambda: Server(echo, host6))
            self._try("udp_echo6", lambda: UdpServer(host=host6))
            self._try("web6", lambda: WebServer(host6))
            self._try("ws6", lambda: WebSocketServer(host6))
        self._programs: dict[str, OpensslServer] = {}
        self._deaf = socket.socket()  # bound, so that the port stays free of listeners
        self._deaf.bind((self._host, 0))
        if hostcerts.folder().is_dir():
            self._start_tls(WebSocketServer)

    def _start_tls(self, web_socket: Callable[[str, ssl.SSLContext], Peer]) -> None:
        """Start the TLS peers: good ones and each kind that a client must refuse."""
        contexts = {
            "tls": server_context(),
            "tls_other_ca": server_context("other_peer"),
            "tls_expired": server_context("expired_peer"),
            "tls_future": server_context("future_peer"),
            "tls_stranger": server_context("stranger_peer"),
            "tls_mutual": server_context(client_ca="client_ca_00.crt"),
        }
        for name, context in contexts.items():
            self.servers[name] = Server(echo, self._host, context)
            self.servers[name.replace("tls", "web_tls")] = WebServer(self._host, context)
            self.servers[name.replace("tls", "wss")] = web_socket(self._host, context)
        self.servers["tls_puppet"] = Server(commanded, self._host, server_context())
        if shutil.which("openssl"):
            pair = f"-cert {hostcerts.folder()}/peer.crt -key {hostcerts.folder()}/peer.key"
            programs = {
                "tls_psk": "-nocert -psk 70736b -psk_identity myhint",
                "tls_alpn": f"{pair} -alpn http/1.1,mqtt",
                "tls_gcm128": f"{pair} -cipher ECDHE-ECDSA-AES128-GCM-SHA256",
                "tls_gcm256": f"{pair} -cipher ECDHE-ECDSA-AES256-GCM-SHA384",
                "tls_sha1": f"{pair} -cipher ECDHE-ECDSA-AES256-SHA",
            }
            for name, options in programs.items():
                self._programs[name] = OpensslServer(options, self._host)

    def _try(self, name: str, start: Callable[[], Peer]) -> None:
        try:
            self.servers[name] = start()
        except OSError:  # no IPv6 on this machine: transcripts that need it are skipped
            return

    @property
    def variables(self) -> dict[str, str]:
        """Return name -> port, and `closed`, a port where nobody listens."""
        ports = {name: str(server.port) for name, server in self.servers.items()}
        ports |= {name: str(program.port) for name, program in self._programs.items()}
        return ports | {"closed": str(self._deaf.getsockname()[1])}

    def close(self) -> None:
        """End all of them."""
        self._deaf.close()
        for server in self.servers.values():
            server.close()
        for program in self._programs.values():
            program.close()
