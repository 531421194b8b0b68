"""What updates are tried with: an image, a server with bad habits, a module that is joined."""

import threading

from tools.host.atclient import Module
from tools.peers import espimage
from tools.peers.updateserver import Handler, Server

SLOT = 0x180000


IMAGE = espimage.compose([espimage.describe("v9.9.9", filling=40_000), b"code" * 5000])


HTML = b"<html><body>Please log in</body></html>" * 200


def damaged(image):
    """Return the image with one bit changed in the middle."""
    copy = bytearray(image)
    copy[len(copy) // 2] ^= 1
    return bytes(copy)


class OddHandler(Handler):
    """Serves /odd/NAME as well: an image in a way that NAME says, or something else."""

    def do_GET(self):  # noqa: N802
        what = self.path.removeprefix("/odd/")
        if what == self.path:
            super().do_GET()
        else:
            getattr(self, "odd_" + what.split("?")[0].replace("-", "_"))()

    def head(self, status, *fields):
        lines = [f"HTTP/1.1 {status} Reason", *fields, "", ""]
        self.wfile.write("\r\n".join(lines).encode())
        self.close_connection = True

    def body(self, data):
        self.head(200, f"Content-Length: {len(data)}")
        self.wfile.write(data)

    def odd_plain(self):
        self.body(IMAGE)

    def odd_closing(self):
        self.head(200)
        self.wfile.write(IMAGE)

    def odd_chunked(self):
        self.head(200, "Transfer-Encoding: chunked")
        for start in range(0, len(IMAGE), 777):
            piece = IMAGE[start : start + 777]
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
        self.wfile.write(b"0\r\n\r\n")

    def odd_moved(self):
        self.head(302, "Location: ../odd/moved-again?x=1", "Content-Length: 5")
        self.wfile.write(b"moved")

    def odd_moved_again(self):
        self.head(308, f"Location: http://{self.headers['Host']}/odd/plain", "Content-Length: 0")

    def odd_circle(self):
        self.head(301, "Location: /odd/circle", "Content-Length: 0")

    def odd_downgrade(self):
        self.head(302, "Location: http://127.0.0.1:9/x", "Content-Length: 0")

    def odd_html(self):
        self.body(HTML)

    def odd_missing(self):
        self.send_error(404)

    def odd_page(self):
        self.body(HTML[:100])

    def odd_cut(self):
        self.head(200, f"Content-Length: {len(IMAGE)}")
        self.wfile.write(IMAGE[:30_000])

    def odd_cut_closing(self):
        self.head(200)
        self.wfile.write(IMAGE[:30_000])

    def odd_damaged(self):
        self.body(damaged(IMAGE))

    def odd_other_chip(self):
        self.body(espimage.compose([espimage.describe("v1")], chip=9))

    def odd_large(self):
        image = bytearray(espimage.compose([espimage.describe("v1", filling=4096)]))
        image[28:32] = (SLOT - 50).to_bytes(4, "little")
        self.body(bytes(image) + bytes(SLOT))

    def odd_endless_head(self):
        self.head(200, *[f"X-Filling: {'x' * 1000}"] * 200)

    def odd_no_http(self):
        self.wfile.write(b"220 mail.test ESMTP\r\n" * 3)
        self.close_connection = True

    def odd_stuck(self):
        self.head(200, f"Content-Length: {len(IMAGE)}")
        self.wfile.write(IMAGE[:20_000])
        self.server.gate.wait(60)

    def odd_slow(self):
        self.head(200, f"Content-Length: {len(IMAGE)}")
        for start in range(0, len(IMAGE), 8192):
            if self.server.gate.wait(20):
                self.wfile.write(IMAGE[start : start + 8192])


class Running:
    """A server in a thread; `url` and `place` (host and port) lead to it."""

    def __init__(self, folder, context=None, host="127.0.0.1"):
        self.server = Server(folder, (host, 0), context=context, handler=OddHandler)
        self.server.gate = threading.Event()
        self.place = f"{host}:{self.server.server_address[1]}"
        self.url = f"http{'s' if context else ''}://{self.place}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.gate.set()
        self.server.shutdown()
        self.server.server_close()


def slot_after_restart(simulator, module, line="AT+RST"):
    """Wait for a restart, by a command line or by itself; return the slot that starts."""
    if line:
        module.command(line)
    module.wait_ready()
    starts = [row for row in simulator.log_text().splitlines() if "start of slot" in row]
    return starts[-1].split()[4].rstrip(":")


class Bench:
    """A joined module."""

    def __init__(self, simulator, module):
        self.simulator = simulator
        self.module: Module = module
        module.echo_off()
        module.ok("AT+SYSLOG=2")
        module.ok("AT+CWMODE=1")
        module.ok('AT+CWJAP="espressif","1234567890"')

    def mfg(self, space, key, kind, data):
        self.module.prompt(f'AT+SYSMFG=2,"{space}","{key}",{kind},{len(data)}')
        self.module.write(data)
        assert self.module.finish().ok

    def use(self, server):
        self.mfg("factory_param", "update_server", 7, server.place.encode())

    def userota(self, address):
        """Run AT+USEROTA to its final result."""
        address = address.encode() if isinstance(address, str) else address
        self.module.prompt(f"AT+USEROTA={len(address)}")
        self.module.write(address)
        reply = self.module.finish(timeout_s=60)
        assert reply.lines[0] == f"Recv {len(address)} bytes"
        return reply

    def failed(self, reply):
        """Check that a reply is an error; return the reason and the extension of its code."""
        assert reply.result == "ERROR"
        reasons = [line for line in reply.lines if line.startswith("REASON:")]
        return reasons[0].removeprefix("REASON:"), reply.code & 0xFFFF

    def slot_after_restart(self, line="AT+RST"):
        return slot_after_restart(self.simulator, self.module, line)
