"""A simulated module with its web server, for tests that visit it."""

import re
from contextlib import contextmanager

from tools.host.simprocess import Simulator
from tools.peers import webclient

PORT = 8080
WORLD = """
[[ap]]
ssid = "espressif"
password = "1234567890"
channel = 6
rssi = -42
[[ap]]
ssid = "silent"
channel = 1
dhcp = false
[[ap]]
ssid = '<b>"Zoë" \\ 😀</b>'
password = "päss-wörd"
rssi = -60
[[ap]]
ssid = "espressif"
password = "1234567890"
bssid = "ca:d7:19:00:00:99"
rssi = -80
[[ap]]
ssid = "never seen"
hidden = true
"""
SNIFF = """
import gc
from at.command import command

FREE = command("+HEAPFREE", "Bytes of the GC heap that are free")
LIMIT = command("+WEBLIMIT", "A time limit below AT+WEBSERVER's", (("int", "seconds", 1, 9),))


@FREE.query
def free_query(at):
    gc.collect()
    at.reply(gc.mem_free())


@LIMIT.set
def limit_set(at, seconds):
    at.webserver.limit_s = seconds
"""
HASTE_S = 2


class Bench:
    """A module with a softAP and its web server; `page` visits it."""

    def __init__(self, simulator, module, port=PORT, limit_s=21):
        self.simulator = simulator
        self.module = module
        module.echo_off()
        module.ok("AT+SYSLOG=2")
        module.ok("AT+CWMODE=1")
        module.ok('AT+CWJAP="espressif","1234567890"')
        lines = module.ok("AT+CIPSTA?")
        self.ip = re.search(r'"(.*)"', lines[0])[1]
        module.ok("AT+CWQAP")
        module.read_until(b"WIFI DISCONNECT\r\n")
        module.ok("AT+CWMODE=3")
        module.ok(f"AT+WEBSERVER=1,{port},{limit_s}")
        self.place = (self.ip, port)
        self.page = webclient.Page(self.place)

    def news(self):
        """Return what the AT port has said by itself: all that stands before an answer."""
        self.module.send("AT")
        return self.module.read_until(b"\r\nOK\r\n").decode().split()[:-1]

    @contextmanager
    def haste(self):
        """Let the server be as impatient as a test."""
        self.module.ok(f"AT+WEBLIMIT={HASTE_S}")
        yield
        self.module.ok(f"AT+WEBSERVER=1,{self.place[1]},21")

    def hear(self, *words):
        for word in words:
            self.module.read_until(word.encode() + b"\r\n")

    def raw(self, data):
        """Send bytes; return the answer, None if there is none."""
        with webclient.connect(self.place) as sock:
            try:
                sock.sendall(data)
                return webclient.read_answer(sock)
            except ConnectionError:
                return None

    def free(self):
        return int(self.module.ok("AT+HEAPFREE?")[0].split(":")[1])


def boot(folder, bits):
    world = folder / "world.toml"
    world.write_text(WORLD)
    simulator = Simulator(folder / "module", bits=bits, options=("--world", str(world)))
    simulator.put_user_file("heap.py", SNIFF)
    return simulator.start(erase=True)
