"""Imitated `machine`: what the firmware uses of the ESP32 port's, with its errors.

Pins live in the supervisor's world: outputs are reported there, input levels come from there.
"""

import _sim
from micropython import const

PWRON_RESET = 1
HARD_RESET = 2
WDT_RESET = 3
DEEPSLEEP_RESET = 4
SOFT_RESET = 5

_MHZ = const(1000000)
_GPIOS = const(47)
_ABSENT = (22, 23, 24, 25, 27, 28, 29, 30, 31, 32)  # the last six are the flash's
_INPUT_ONLY = const(46)
_CAUSES = {1: 1, 9: 1, 5: 3, 6: 3, 7: 3, 8: 4, 3: 2, 4: 2, 2: 2}  # esp_reset_reason -> here

_freq = 160 * _MHZ


def __getattr__(name):
    """Import what is rarely used when it is asked for: on the chip it costs no heap either."""
    if name in ("I2C", "SoftI2C"):
        import i2cbus

        return getattr(i2cbus, name)
    raise AttributeError(name)


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


class Pin:
    IN = 1
    OUT = 3
    OPEN_DRAIN = 7
    PULL_DOWN = 1
    PULL_UP = 2

    _pins = {}  # number -> [mode, output level, pull, hold], kept by the chip, not by objects

    def __init__(self, id, *args, **kwargs):
        if isinstance(id, Pin):
            id = id._id
        if not isinstance(id, int) or not 0 <= id < _GPIOS or id in _ABSENT:
            raise ValueError("invalid pin")
        self._id = id
        if id not in self._pins:
            self._pins[id] = [0, 0, 0, False]
        if args or kwargs:
            self.init(*args, **kwargs)

    def init(self, mode=None, pull=-1, *, value=None, drive=None, hold=None):
        state = self._pins[self._id]
        if mode == self.OUT and self._id >= _INPUT_ONLY:
            raise ValueError("pin can only be input")
        held = state[3] and hold is None
        if value is not None:
            state[1] = int(bool(value))
        if mode is not None:
            state[0] = mode
        if pull != -1:
            state[2] = pull or 0
        if hold is not None:
            state[3] = bool(hold)
        if not held:
            self._report()

    def _report(self):
        import simbus

        mode, level, pull, hold = self._pins[self._id]
        simbus.report(pin=self._id, mode=mode, level=level, pull=pull, hold=hold)

    def value(self, level=None):
        state = self._pins[self._id]
        if level is None:
            if state[0] == self.OPEN_DRAIN and state[1]:
                import simbus

                return simbus.call("line", pin=self._id)["level"]
            return state[1] if state[0] & 2 else _sim.gpio_level(self._id)
        state[1] = int(bool(level))
        if not state[3]:
            self._report()
        return None

    __call__ = value

    def on(self):
        self.value(1)

    def off(self):
        self.value(0)

    def toggle(self):
        self.value(1 - self._pins[self._id][1])

    def __repr__(self):
        return "Pin(%u)" % self._id


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
        import simbus

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
        import time

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
