"""A WebSocket link in the real build, with a stream and a host of the test: rare failures."""

SETUP = """
import asyncio
from at.services import websocket_link
from at.services.websocket_link import WebLink
from at.wire import websocket

class Stream:
    frames = websocket.Frames()
    problem = None  # of sending
    sent = []
    def __init__(self):
        self.data = [b"\\x81\\x02ab"]
        self.gone = asyncio.Event()
    async def advance(self):
        if not self.data:
            await self.gone.wait()
            raise OSError(-1, "closed")
        piece = self.data.pop(0)
        at = self.frames.take(piece, 0, len(piece))
        return memoryview(piece)[self.frames.first : self.frames.last]
    async def send(self, opcode, pieces, is_last=True, limit_ms=0):
        if self.problem:
            raise self.problem
        self.sent.append(opcode)
    async def leave(self, code):
        await self.send(websocket.CLOSE, (code,))
    async def tend(self):
        pass
    def close(self):
        self.gone.set()

heard = []
async def deliver(kind, parts, number, mask, fields, end):
    size = fields[4]
    heard.append((kind, b"".join([bytes(part) for part in parts]), number, size))

def link(stream, size=1024, ping_s=10):
    row = WebLink(1, b"ws://a", None, size, ping_s, 120, deliver)
    row.begin(stream)
    return row

stream = Stream()
"""


def test_pieces_of_any_size_come_whole(net):
    source = """
text = bytes([65 + i % 26 for i in range(1500)])
got, sizes = bytearray(), [0, 0]
async def deliver(kind, parts, number, mask, fields, end):
    size = fields[4]
    for part in parts:
        got.extend(part)
    sizes[0] += 1
    sizes[1] = max(size, sizes[1])
for size in (1, 511, 512, 513, 1024, 1499, 1500, 8192):
    stream = Stream()
    stream.data = [b"\\x81\\x7e\\x05\\xdc" + text[:700], text[700:]]
    advance = stream.advance
    async def both():  # the head and each part of the payload
        if len(stream.data) == 2 and stream.data[0][0] == 0x81:
            stream.frames.take(stream.data[0][:4], 0, 4)
            stream.data[0] = stream.data[0][4:]
        return await advance()
    stream.advance = both
    got[:] = b""
    sizes[:] = [0, 0]
    row = link(stream, size)
    async def scene():
        task = asyncio.create_task(row.run())
        await asyncio.sleep_ms(5)
        row.fail("enough")
        return await task
    asyncio.run(scene())
    print(got == text, sizes)
"""
    assert net.run(SETUP + source) == [
        f"True [{-(-1500 // size)}, {min(size, 1500)}]"
        for size in (1, 511, 512, 513, 1024, 1499, 1500, 8192)
    ]


def test_no_memory_to_tell_the_server(net):
    source = """
stream.data = [b"\\x83\\x00"]
stream.problem = MemoryError()
print(asyncio.run(link(stream).run()))
"""
    assert net.run(SETUP + source) == [
        "the server breaks the rules: a frame has the unknown opcode 3"
    ]


def test_no_memory_for_a_ping(net):
    source = """
stream.problem = MemoryError()
row = link(stream, ping_s=0)
print(asyncio.run(row.run()), heard)
"""
    assert net.run(SETUP + source) == ["no memory for a ping [('ws_data', b'ab', 1, 2)]"]


def test_no_memory_for_a_message(net):
    source = """
async def deliver(*arguments, end):
    raise MemoryError()
print(asyncio.run(link(stream).run()))
"""
    assert net.run(SETUP + source) == ["no memory for what the server sends"]


def test_a_link_that_cannot_take_leave(net):
    source = """
async def scene():
    row = link(stream)
    task = asyncio.create_task(row.run())
    await asyncio.sleep_ms(5)
    stream.problem = OSError(-1, "the peer takes no more data")
    await row.leave()
    print(await task, row.is_leaving)
asyncio.run(scene())
"""
    assert net.run(SETUP + source) == ["the peer takes no more data True"]
