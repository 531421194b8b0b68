"""An MQTT broker on this machine for a module to talk to, and a client that watches it.

Owns a mosquitto process with a listener for each way to reach it, all on free ports of one
loopback address, a relay in front of it whose connections can be cut or held, and a paho client.
What the module makes of the broker is checked elsewhere.
"""

from __future__ import annotations

import os
import pwd
import queue
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from pathlib import Path

from paho.mqtt import client as paho

from tools.peers import hostcerts
from tools.peers.servers import FreePort

USER, PASSWORD = "espressif", "123456789"
MAX_MESSAGE = 4_000_000
_LIMIT_S = 15.0
_SBIN = "/usr/sbin:/sbin"
# name: protocol, certificate shown, whether clients need one, whether they need a password
_LISTENERS: dict[str, tuple[str, str, bool, bool]] = {
    "mqtt": ("mqtt", "", False, False),
    "mqtt_auth": ("mqtt", "", False, True),
    "mqtts": ("mqtt", "peer", False, False),
    "mqtts_other_ca": ("mqtt", "other_peer", False, False),
    "mqtts_expired": ("mqtt", "expired_peer", False, False),
    "mqtts_mutual": ("mqtt", "peer", True, False),
    "mqtt_ws": ("websockets", "", False, False),
    "mqtt_wss": ("websockets", "peer", False, False),
    "mqtt_wss_mutual": ("websockets", "peer", True, False),
}


def program(name: str) -> str | None:
    """Return the path of a program of mosquitto's Debian package, None if it is not there."""
    return shutil.which(name) or shutil.which(name, path=_SBIN)


def owner() -> str:
    """Return who the broker is to be: as root it would become another, who cannot read keys.

    The account's name; $LOGNAME is another one's in a namespace where one is root.
    """
    return pwd.getpwuid(os.getuid()).pw_name


class Broker:
    """Mosquitto; `ports` has the port of each listener, `mqtt_relay` goes through the relay."""

    def __init__(self, host: str = "127.0.0.1") -> None:
        """Start it and its watcher."""
        self._folder = Path(tempfile.mkdtemp(prefix="mosquitto-"))
        self._host = host
        self.ports: dict[str, int] = {}
        self._process: subprocess.Popen[bytes] | None = None
        self._places: list[FreePort] = []
        self._begin()
        self.relay = Relay(host, self.ports["mqtt"])
        self.ports["mqtt_relay"] = self.relay.port
        self.watcher = Watcher(host, self.ports["mqtt"])

    def _begin(self) -> None:
        """Start; on other ports if one of these cannot be had after all."""
        until = time.monotonic() + _LIMIT_S
        while True:
            self._places = [FreePort(self._host) for _ in _LISTENERS]
            numbers = [place.number for place in self._places]
            self.ports = dict(zip(_LISTENERS, numbers, strict=True))
            self._write_configuration()
            try:
                self.start()
                return
            except RuntimeError:
                self._give_up()
                if time.monotonic() > until:
                    raise
                time.sleep(0.2)

    def _give_up(self) -> None:
        self.stop()
        for place in self._places:
            place.close()

    def _write_configuration(self) -> None:
        lines = [
            "per_listener_settings true",
            "persistence false",
            "log_dest stderr",
            "log_type all",
            f"max_packet_size {MAX_MESSAGE}",
            f"user {owner()}",
        ]
        certificates = hostcerts.folder()
        passwords = self._folder / "passwords"
        subprocess.run(
            [program("mosquitto_passwd") or "", "-b", "-c", passwords, USER, PASSWORD], check=True
        )
        for name, (protocol, certificate, mutual, secret) in _LISTENERS.items():
            lines += [f"listener {self.ports[name]} {self._host}", f"protocol {protocol}"]
            lines += [f"allow_anonymous {str(not secret).lower()}"]
            if secret:
                lines += [f"password_file {passwords}"]
            if certificate:
                lines += [f"certfile {certificates}/{certificate}.crt"]
                lines += [f"keyfile {certificates}/{certificate}.key"]
                lines += ["tls_version tlsv1.2"]
            if mutual:
                lines += [f"cafile {certificates}/ca.crt", "require_certificate true"]
        (self._folder / "mosquitto.conf").write_text("\n".join(lines) + "\n")

    def start(self) -> None:
        """Start the process, on the same ports each time."""
        if self._process is not None:
            return
        broker = program("mosquitto") or "mosquitto"
        command = ["setpriv", "--pdeathsig", "KILL", broker, "-c", self._folder / "mosquitto.conf"]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(command, stderr=log, stdout=log)
        until = time.monotonic() + _LIMIT_S
        for port in self.ports.values():
            while True:
                try:
                    socket.create_connection((self._host, port), 1.0).close()
                    break
                except OSError as error:
                    if time.monotonic() > until or self._process.poll() is not None:
                        raise RuntimeError(f"no mosquitto: {error}\n{self.log()}") from error
                    time.sleep(0.02)

    def stop(self) -> None:
        """End the process; its clients lose their connections."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait()
            self._process = None

    def log(self) -> str:
        """Return what the broker logged."""
        return (self._folder / "log").read_text(errors="replace")

    def wait_log(self, text: str, start: int = 0) -> str:
        """Wait until text stands in the log behind `start` and return the log from there."""
        until = time.monotonic() + _LIMIT_S
        while text not in (log := self.log()[start:]):
            if time.monotonic() > until:
                raise AssertionError(f"{text!r} is not in the broker's log:\n{log[-3000:]}")
            time.sleep(0.02)
        return log

    def close(self) -> None:
        """End everything."""
        self.watcher.close()
        self.relay.close()
        self._give_up()
        shutil.rmtree(self._folder, ignore_errors=True)

    def __enter__(self) -> Broker:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


class Watcher:
    """A paho client that subscribes to `#` and keeps what is published; it publishes, too."""

    def __init__(self, host: str, port: int) -> None:
        """Connect; it comes back by itself when the broker restarts."""
        self.messages: queue.Queue[paho.MQTTMessage] = queue.Queue()
        self._ready = threading.Event()
        self._client = paho.Client(paho.CallbackAPIVersion.VERSION2, "watcher")
        self._client.reconnect_delay_set(1, 1)
        self._client.on_connect = lambda client, *_: client.subscribe("#", 2)
        self._client.on_subscribe = lambda *_: self._ready.set()
        self._client.on_disconnect = lambda *_: self._ready.clear()
        self._client.on_message = lambda client, _, message: self.messages.put(message)
        self._client.connect(host, port)
        self._client.loop_start()
        self.wait()

    def wait(self) -> None:
        """Wait until it is connected and subscribed."""
        if not self._ready.wait(_LIMIT_S):
            raise RuntimeError("the watcher has no connection to the broker")

    def clear(self) -> None:
        """Forget what came."""
        while not self.messages.empty():
            self.messages.get()

    def publish(self, topic: str, payload: bytes, qos: int = 0, retain: bool = False) -> None:
        """Publish and wait for the broker; the watcher hears it as well."""
        self.wait()
        self._client.publish(topic, payload, qos, retain).wait_for_publish(_LIMIT_S)

    def next(self, topic: str) -> paho.MQTTMessage:
        """Return the next message of a topic, dropping others."""
        until = time.monotonic() + _LIMIT_S
        while True:
            try:
                message = self.messages.get(timeout=max(until - time.monotonic(), 0))
            except queue.Empty:
                raise AssertionError(f"nothing was published to {topic}") from None
            if message.topic == topic:
                return message

    def close(self) -> None:
        """Disconnect."""
        self._client.disconnect()
        self._client.loop_stop()


class Relay:
    """A TCP port that passes bytes on to another, until told otherwise."""

    def __init__(self, host: str, target: int, front: str = "") -> None:
        """Begin to relay to a port of `host`, listening at `front`, or there if that is empty."""
        self._host, self._target = host, target
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self._flowing = threading.Event()
        self._flowing.set()
        front = front or host
        family = socket.AF_INET6 if ":" in front else socket.AF_INET
        self._listener = socket.create_server((front, 0), family=family)
        self.port: int = self._listener.getsockname()[1]
        self._acceptor = threading.Thread(target=self._accept, daemon=True)
        self._acceptor.start()

    def _accept(self) -> None:
        while True:
            try:
                client = self._listener.accept()[0]
            except OSError:  # closing
                return
            try:
                server = socket.create_connection((self._host, self._target), _LIMIT_S)
            except OSError:
                client.close()
                continue
            server.settimeout(None)
            self._pairs.append((client, server))
            for pair in ((client, server), (server, client)):
                threading.Thread(target=self._pass, args=pair, daemon=True).start()

    def _pass(self, source: socket.socket, sink: socket.socket) -> None:
        try:
            while data := source.recv(65536):
                self._flowing.wait()
                sink.sendall(data)
        except OSError:
            pass
        for sock in (source, sink):
            _end(sock)

    def hold(self) -> None:
        """Pass nothing on for now, as if the network were gone."""
        self._flowing.clear()

    def flow(self) -> None:
        """Pass on again, what was held as well."""
        self._flowing.set()

    def cut(self) -> None:
        """End all connections."""
        pairs, self._pairs = self._pairs, []
        self._flowing.set()
        for pair in pairs:
            for sock in pair:
                _end(sock)
                sock.close()

    def close(self) -> None:
        """End everything."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._acceptor.join()
        self._listener.close()
        self.cut()


def _end(sock: socket.socket) -> None:
    try:
        sock.shutdown(socket.SHUT_RDWR)
    except OSError:  # gone already
        return
