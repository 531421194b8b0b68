"""Imitated `machine`: what the firmware uses of the ESP32 port's, with its errors."""

import time

import _sim
import simbus
from chippin import Pin
from i2cbus import I2C, SoftI2C  # noqa: F401 - the port has them here
from micropython import const

PWRON_RESET = 1
HARD_RESET = 2
WDT_RESET = 3
DEEPSLEEP_RESET = 4
SOFT_RESET = 5

_MHZ = const(1000000)
_CAUSES = {1: 1, 9: 1, 5: 3, 6: 3, 7: 3, 8: 4, 3: 2, 4: 2, 2: 2}  # esp_reset_reason -> here

_freq = 160 * _MHZ


def reset():
    _sim.reset()


def reset_cause():
    return _CAUSES.get(_sim.reset_reason(), 0)


def deepsleep(time_ms=None):
    _sim.deep_sleep(time_ms)


def unique_id():
    return _sim.mac()


def freq(hz=None):
    global _freq
    if hz is None:
        return _freq
    if hz // _MHZ not in (20, 40, 80, 160, 240):
        raise ValueError("frequency must be 20MHz, 40MHz, 80Mhz, 160MHz or 240MHz")
    _freq = hz // _MHZ * _MHZ
    return None


class _Mem32:
    """Registers: each word is what was written to it, 0 before."""

    _words = {}

    def _address(self, address):
        address &= 0xFFFFFFFF
        if address & 3:
            raise ValueError("address %08x is not aligned to 4 bytes" % address)
        return address

    def __getitem__(self, address):
        return self._words.get(self._address(address), 0)

    def __setitem__(self, address, value):
        self._words[self._address(address)] = value & 0xFFFFFFFF


mem32 = _Mem32()


class ADC:
    """Samples of 13 bits; the world says what voltage is at the pin."""

    ATTN_0DB = 0
    ATTN_2_5DB = 1
    ATTN_6DB = 2
    ATTN_11DB = 3

    _FULL_MV = (750, 1050, 1300, 2500)
    _PINS = range(1, 21)  # ADC1 on the first ten, ADC2 on the others

    def __init__(self, pin):
        if not isinstance(pin, Pin):
            pin = Pin(pin)
        if pin._id not in self._PINS:
            raise ValueError("invalid pin")
        self._pin = pin._id
        self._atten = self.ATTN_0DB

    def atten(self, atten):
        if atten not in range(4):
            raise ValueError("invalid atten")
        self._atten = atten

    def read(self):
        voltage = simbus.call("adc", pin=self._pin)["mv"]
        return min(voltage * 8191 // self._FULL_MV[self._atten], 8191)

    def read_u16(self):
        raw = self.read()
        return raw << 3 | raw >> 10


_watchdog = [0]  # ms


class WDT:
    def __init__(self, id=0, timeout=5000):
        if id != 0:
            raise ValueError
        if timeout <= 0:
            raise ValueError("WDT timeout too short")
        _watchdog[0] = timeout
        _sim.watchdog(timeout)

    def feed(self):
        _sim.fault("machine.WDT.feed")
        _sim.watchdog(_watchdog[0])


class RTC:
    def datetime(self, value=None):
        """Get or set (year, month, day, weekday, hour, minute, second, microsecond), UTC."""
        if value is None:
            seconds, us = divmod(_sim.clock_us(), 1000000)
            now = time.gmtime(seconds)
            return (now[0], now[1], now[2], now[6], now[3], now[4], now[5], us)
        year, month, day, _, hour, minute, second, us = value
        seconds = time.mktime((year, month, day, hour, minute, second, 0, 0))
        _sim.clock_us(seconds * 1000000 + us)
        return None

    def memory(self, *data):
        """Get or set up to 2048 bytes that survive a restart and deep sleep."""
        return _sim.rtc_memory(*data)
