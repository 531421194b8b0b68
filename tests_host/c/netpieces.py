"""Pieces of MicroPython that several scripts for the network layer begin with."""

FILL = """
def fill(link):
    total = 0
    chunk = bytes(4096)
    idle = 0
    while idle < 3:
        taken = atnet.send(link, chunk)
        if taken:
            total += taken
            idle = 0
        else:
            idle += 1
            time.sleep_ms(20)
    return total
"""

# Pieces of up to `most` bytes, `total` in all, go out over `link` and come back as they were.
ALL = """
import hashlib, random
random.seed(5)
there, back = hashlib.sha256(), hashlib.sha256()
buf = bytearray(most)
sent = got = 0
piece = b""
while got < total:
    if not piece and sent < total:
        piece = bytes([random.getrandbits(8)]) * min(random.randint(1, most), total - sent)
        there.update(piece)
        sent += len(piece)
    if piece:
        taken = atnet.send(link, piece)
        piece = piece[taken or 0:]
    count = atnet.readinto(link, memoryview(buf)[:random.randint(1, most)])
    if count:
        back.update(memoryview(buf)[:count])
        got += count
    elif not piece:
        until(link, atnet.READ)
print(there.digest() == back.digest(), atnet.counts(link)[:2] == (total, total))
"""

LINE = """
uart = atlink.UART(1, 17, 21)
uart.listen()
bit = lambda link: 1 << (8 + (link & 15))

def serve(mask, ms=20000):
    ready = atlink.wait(ms, mask)
    if not ready:
        raise SystemExit("nothing happened")
    return ready
"""

UP = (
    LINE
    + """
def news():
    serve(atnet.UP, 30000)
    return atnet.up_status()

def finished():
    while True:
        status = news()
        if status[0] != atnet.UP_RUNNING:
            return status

names = {atnet.UP_IDLE: "idle", atnet.UP_RUNNING: "running", atnet.UP_DONE: "done",
         atnet.UP_ENDED: "ended", atnet.UP_FAILED: "failed"}

def tell(status):
    print(names[status[0]], *status[1:])

def leave(link):
    uart.busy()
    atnet.close(link)
    settle()
"""
)

GUARD_S = 0.2  # silence around `+++`, generous

SOCKETS = """
import errno, socket, ssl, struct

def error(call, *args):
    try:
        call(*args)
    except OSError as e:
        return errno.errorcode.get(e.errno, e.errno)
    except ValueError as e:
        return str(e)
    return "no error"
"""

TLS_SERVER = """
profile = atnet.Profile(True)
profile.own(cert, key)
profile.verify(2 if clients else 0)
profile.ca(ca)
profile.alpn(["mqtt", "h2"])
link = accepted(listening())
atnet.tls_start(link, profile)
profile.close()
reason = failing(shake, link)
print(reason)
if reason == "no error":
    print(atnet.tls_info(link)[2], atnet.peer_cert(link) is not None)
    write(link, read(link))
atnet.close(link)
settle()
"""
