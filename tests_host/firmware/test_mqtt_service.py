"""The MQTT service in the real build, with a dialer and clients of the test: rare failures."""

SETUP = """
import asyncio
from at.errors import ATError, LinkError
from at.services import mqtt

class Wifi:
    has_ip = True
    listeners = []
    def on_change(self, function):
        self.listeners.append(function)
    def station_ip(self):
        return "127.0.0.2"
    def ap_ip(self):
        return None

class Sock:
    local_ip = "127.0.0.2"
    def close(self):
        pass

class Dialer:
    error = None
    async def open(self, broker, alpn, sni):
        if self.error:
            raise self.error
        return Sock()

class Client:
    returns = False
    problem = None
    is_connected = False
    def __init__(self, *arguments):
        self.ended = asyncio.Event()
    def wait_for(self, answer_ms):
        pass
    async def connect(self, sock):
        self.sock = sock
        self.problem = None
        self.is_connected = True
        self.ended.clear()
        return False
    def renew(self, topics):
        pass
    async def run(self, is_known):
        await self.ended.wait()
        self.is_connected = False
        return self.problem
    def fail(self, reason):
        self.problem = reason
        self.ended.set()
    async def disconnect(self):
        raise LinkError("the broker takes no more data")

news = []
dialer, wifi = Dialer(), Wifi()
link = mqtt.Mqtt(dialer, wifi, None, lambda *event: news.append(event), print)
link.make_client = Client
link.configure(1, b"id", b"", b"", b"")

def code(coroutine):
    try:
        asyncio.run(coroutine)
    except ATError as error:
        return hex(error.ext)
    return "no error"
"""


def test_a_connection_without_memory(net):
    lines = net.run(SETUP + 'dialer.error = MemoryError()\nprint(code(link.connect(b"a", 1, 0)))')
    assert lines[-1] == "0x6005"


def test_an_end_that_the_broker_is_not_told(net):
    source = """
async def scene():
    await link.connect(b"broker", 1883, False)
    print(link.state)
    try:
        await link.clean()
    except ATError as error:
        print(hex(error.ext), error.reason)
    print(link.state, [event[0] for event in news])
asyncio.run(scene())
"""
    assert net.run(SETUP + source) == [
        "4",
        "0x600f no orderly end: the broker takes no more data",
        "0 ['mqtt_connected']",
    ]


def test_memory_that_is_short_while_coming_back(net):
    source = """
async def scene():
    await link.connect(b"broker", 1883, True)
    dialer.error = MemoryError()
    link._client.fail("lost")
    while link.state != mqtt.LOST:
        await asyncio.sleep_ms(1)
    await asyncio.sleep_ms(1500)  # the first try is after 1 s
    dialer.error = None
    while link.state == mqtt.LOST:
        await asyncio.sleep_ms(1)
    print([event[0] for event in news])
asyncio.run(scene())
"""
    lines = net.run(SETUP + source)
    assert "mqtt: not reconnected: no memory" in lines
    assert lines[-1] == "['mqtt_connected', 'mqtt_disconnected', 'mqtt_connected']"


def test_an_address_that_is_lost_ends_the_connection(net):
    source = """
async def scene():
    await link.connect(b"broker", 1883, False)
    wifi.listeners[0]()
    await asyncio.sleep_ms(0)
    print(link.state)
    wifi.station_ip = lambda: None
    wifi.listeners[0]()
    while link.state != mqtt.LOST:
        await asyncio.sleep_ms(1)
    print(link._client.problem)
asyncio.run(scene())
"""
    assert net.run(SETUP + source) == [
        "4",
        "mqtt: connection lost: the address is lost",
        "the address is lost",
    ]


def test_a_payload_runs_ahead_of_the_network_but_not_far(net):
    source = """
import asyncio
from at.services.mqtt_feed import feed

taken, sent = [], bytearray()
go = asyncio.Event()
async def source():
    taken.append(512)
    return bytes([len(taken) & 255]) * 512
async def sink(piece):
    await go.wait()
    sent.extend(piece)
async def scene():
    task = asyncio.create_task(feed(source, 10240, sink))
    await asyncio.sleep_ms(20)
    print(sum(taken), len(sent))
    go.set()
    await task
    print(sum(taken), bytes(sent) == b"".join(bytes([i + 1]) * 512 for i in range(20)))
    go.clear()
    async def broken():
        raise ValueError("silent")
    try:
        await feed(broken, 1, sink)
    except ValueError as error:
        print(error)
asyncio.run(scene())
"""
    assert net.run(source) == ["4608 0", "10240 True", "silent"]
