"""The PWM that the module puts on its pins, fades included: what a logic analyser would show.

Owns the LEDC as far as firmware/typings/atchip.pyi shows it. A fade is not played but looked up:
its duty follows from the time that has passed.
"""

import time
from dataclasses import dataclass
from typing import Any

_ESP_FAIL = -1
_ERR_INVALID_ARG = 0x102
_ERR_INVALID_STATE = 0x103
_CLOCKS = (1_000_000, 80_000_000)  # REF_TICK and APB; Hz
_HIGHEST_DIVIDER = 0x3FFFF  # 10 bits and 8 behind the point
_WIDTH = 14  # of the counter, bits
_CHANNELS = 4


@dataclass
class Fade:
    """A fade that began at `since` (seconds) with `step` every `step_s`."""

    begin: int
    end: int
    step: int
    step_s: float
    since: float

    def duty(self, now: float) -> int:
        """Return the duty at a time."""
        moved = int((now - self.since) / self.step_s) * self.step
        if moved >= abs(self.end - self.begin):
            return self.end
        return self.begin + (moved if self.end > self.begin else -moved)


class Waves:
    """PWM of one frequency on up to four pins; `requests` are what the firmware may ask."""

    def __init__(self) -> None:
        self.requests = {
            "pwm_start": lambda request: self._start(*request["args"]),
            "pwm_duty": lambda request: self._duty(*request["args"]),
            "pwm_fade": lambda request: self._fade(*request["args"]),
            "pwm_stop": lambda _: self.stop(),
        }
        self.stop()

    def restart(self) -> None:
        """Forget the driver; a reset of the chip does not stop the LEDC."""
        self._is_started = False

    def stop(self) -> dict[str, Any]:
        """End all waves."""
        self._is_started = False
        self._pins: list[int] = []
        self._fades: list[Fade] = []
        self._frequency = 0
        self._bits = 0
        return {}

    def at(self, pin: int) -> str:
        """Describe the wave at a pin: "5000 Hz 255/8192", with "fading" behind it; "" for none."""
        if pin not in self._pins:
            return ""
        fade = self._fades[self._pins.index(pin)]
        duty = fade.duty(time.monotonic())
        text = f"{self._frequency} Hz {duty}/{1 << self._bits}"
        return text if duty == fade.end else text + " fading"

    def all(self) -> dict[str, str]:
        """Describe the waves of all pins."""
        return {str(pin): self.at(pin) for pin in sorted(self._pins)}

    def _missing(self, channel: int) -> int:
        """Return the esp_err_t for a channel that there is not, or 0."""
        if not self._is_started:
            return _ERR_INVALID_STATE
        return 0 if 0 <= channel < len(self._pins) else _ERR_INVALID_ARG

    def _start(self, frequency: int, bits: int, pins: list[int]) -> dict[str, Any]:
        if self._is_started:
            return {"esp_err": _ERR_INVALID_STATE}
        if not (frequency > 0 and 0 < bits <= _WIDTH and 0 < len(pins) <= _CHANNELS):
            return {"esp_err": _ERR_INVALID_ARG}
        ticks = frequency << bits
        dividers = [((clock << 8) + ticks // 2) // ticks for clock in _CLOCKS]
        if not any(0xFF < divider <= _HIGHEST_DIVIDER for divider in dividers):
            return {"esp_err": _ESP_FAIL}
        self._is_started = True
        self._pins, self._frequency, self._bits = pins, frequency, bits
        self._fades = [_steady(0) for _ in pins]
        return {}

    def _duty(self, channel: int, duty: int | None = None) -> dict[str, Any]:
        if error := self._missing(channel):
            return {"esp_err": error}
        if duty is not None:
            if not 0 <= duty <= 1 << self._bits:
                return {"esp_err": _ERR_INVALID_ARG}
            self._fades[channel] = _steady(duty)
        return {"value": self._fades[channel].duty(time.monotonic())}

    def _fade(self, channel: int, duty: int, scale: int, cycles: int) -> dict[str, Any]:
        if error := self._missing(channel):
            return {"esp_err": error}
        if not (0 <= duty <= 1 << self._bits and 0 < scale < 1024 and 0 < cycles < 1024):
            return {"esp_err": _ERR_INVALID_ARG}
        now = time.monotonic()
        begin = self._fades[channel].duty(now)
        duty = min(duty, (1 << _WIDTH) - 1)
        self._fades[channel] = Fade(begin, duty, scale, cycles / self._frequency, now)
        return {}


def _steady(duty: int) -> Fade:
    return Fade(duty, duty, 1, 1.0, 0.0)
