"""The captive portal's name server: on the softAP every name has the module's own address.

So whatever page a phone asks for, it meets the web server. Runs while that does.
"""

import atnet
from at.errors import FAILURES
from at.loop import on
from at.services.link import bit_of
from at.wire import dns
from at.wire.address import pack

_PORT = 53
_MAX_PACKET = 512
_AT_ONCE = 8  # answers before others get their turn
_TTL_S = 5  # phones forget our answers soon after they have left


class Portal:
    """Answers on UDP port 53 of the softAP's address."""

    def __init__(self, wifi, log):
        self._wifi = wifi
        self._log = log
        self._link = None

    def follow(self):
        """Begin when the softAP is there, end when it is gone."""
        address = self._wifi.ap_ip()
        if bool(address) == (self._link is not None):
            return
        if address:
            self._open(address)
        else:
            self.stop()

    def _open(self, address):
        link = atnet.open(atnet.UDP, 4)
        try:
            atnet.bind(link, address, _PORT)
            atnet.arm(link, atnet.READ)
            on(bit_of(link), self._answer)
        except FAILURES as error:  # the page can still be had by its address
            self._log("web: no names on the softAP:", error)
            atnet.close(link)
            return
        self._link = link

    def stop(self):
        """Answer no more."""
        if self._link is not None:
            on(bit_of(self._link), None)
            atnet.close(self._link)
            self._link = None

    def _answer(self):
        for _ in range(_AT_ONCE):
            try:
                found = atnet.recvfrom(self._link, _MAX_PACKET)
                if found is None:
                    return
                packet, host, port = found
                address = self._wifi.ap_ip()
                if address:
                    reply = dns.reply(packet, pack(address), _TTL_S)
                    atnet.sendto(self._link, reply, host, port)
            except ValueError as error:
                self._log("web: a question for a name:", error)
            except FAILURES as error:
                self._log("web: no answer for a name:", error)
