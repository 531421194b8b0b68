"""Payload of the AT port: what a command asks for with `>`, and what it counts out to the host.

Owns the receive mode of the UART while a command takes payload. The session is built upon it.
"""

import asyncio

import atlink
from at.errors import SUB_BUSY, Abandoned, error_code
from at.loop import ready, within
from at.services.transfer import Transfer
from at.wire import reply


async def _arrival():
    await ready(atlink.UART_RX)


class Payload:
    """What handlers call for payload; `uart`, `port` and `syslog` are the session's."""

    def __init__(self, uart, port):
        self.uart = uart
        self.port = port
        self.syslog = 0  # AT+SYSLOG: 0 nothing, 1 ERR CODE before ERROR, 2 a reason as well
        self._keep_surplus = False

    def _say_busy(self):
        if self.port.congested:  # a flood must not fill the heap with answers nobody reads
            return
        if self.syslog:
            self.port.message(reply.error_line(error_code(SUB_BUSY)))
        self.port.message(reply.BUSY)

    def ask(self, count, keep_surplus=False):
        """Answer OK and `>`: the next `count` bytes are payload, to be fetched with take().

        Bytes behind them are dropped and answered `busy p...`, or with `keep_surplus` taken for
        the next command. With `count` None all bytes are payload until surplus() is called.
        """
        self._keep_surplus = keep_surplus
        self.port.raw(reply.PROMPT)
        if count is None:
            self.uart.stream()
        else:
            self.uart.data(count)

    def surplus(self, count=0):
        """End the payload that C takes; `count` bytes behind it were taken with it."""
        self.uart.busy()
        if count:
            self._say_busy()

    def transfer(self):
        """Return a context in which C alone writes to the host: a counted answer."""
        return Transfer(self.port)

    async def take(self, limit):
        """Return the next payload bytes, 1 to `limit`; b"" when all have been taken."""
        while True:
            data = self.uart.read(limit)
            if data:
                if not self.uart.remaining() and not self._keep_surplus:
                    self.uart.busy()
                return data
            if not self.uart.remaining():
                return data
            await self._payload()

    async def _payload(self):
        """Wait for payload. Abandoned if the host is silent for 20 s: it has given up.

        What comes later is a command again.
        """
        try:
            await within(_arrival(), atlink.SILENCE_MS)
        except asyncio.TimeoutError:
            self.surplus()
            raise Abandoned

    async def prompt(self, count, keep_surplus=False):
        """Answer OK and `>` and return the `count` bytes that follow.

        MemoryError comes before the host is asked.
        """
        data = bytearray(count)
        self.ask(count, keep_surplus)
        await self.gather(data)
        return data

    async def gather(self, buffer):
        """Fill a buffer with payload that was asked for."""
        view = memoryview(buffer)
        while view:
            count = self.uart.readinto(view)
            view = view[count:]
            if not count:
                await self._payload()
        if not self.uart.remaining() and not self._keep_surplus:
            self.uart.busy()

    def leave_stream(self):
        """Take commands again; what is said goes out at once. Return whether it was kept back."""
        was_hushed = self.port.is_hushed
        self.port.is_hushed = False
        self.surplus()
        return was_hushed
