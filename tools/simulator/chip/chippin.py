"""Imitated machine.Pin: outputs are reported to the supervisor's world, levels come from there."""

import _sim
import simbus
from micropython import const

_GPIOS = const(47)
_ABSENT = (22, 23, 24, 25, 27, 28, 29, 30, 31, 32)  # the last six are the flash's
_INPUT_ONLY = const(46)


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
        mode, level, pull, hold = self._pins[self._id]
        simbus.report(pin=self._id, mode=mode, level=level, pull=pull, hold=hold)

    def value(self, level=None):
        state = self._pins[self._id]
        if level is None:
            if state[0] == self.OPEN_DRAIN and state[1]:
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
