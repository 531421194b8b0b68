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
server = atnet.open(atnet.TCP, 4)
atnet.bind(server, "127.0.0.1", 0)
atnet.listen(server, 1)
print(atnet.local(server)[1])
link = again(atnet.READ, atnet.accept, server)[0]
atnet.tls_start(link, profile)
profile.close()
reason = failing(shake, link)
print(reason)
if reason == "no error":
    print(atnet.tls_info(link)[2], atnet.peer_cert(link) is not None)
    write(link, read(link))
atnet.close(link)
while atnet.closing():
    atlink.wait(50, 0)
"""
