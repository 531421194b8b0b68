"""The board file: a few registers that supervisor and firmware process share by mmap.

The layout is sim_board_file_t of simchip/board.h. RTC memory, clock and levels are lost when the
power is cycled; the count of flash writes goes on.
"""

import mmap
import os
import socket
import struct
import time
from pathlib import Path

SIZE = 4096
GPIOS = 64
_COUNTDOWN, _WRITES, _REASON, _SLEEP, _CLOCK, _GPIO, _MAC = 0, 4, 8, 12, 16, 24, 88
_OWN, _AWAY, _RTC = 96, 104, 108
_SILENCE = _RTC + 2 + 2048 + 2  # on a multiple of four
_HEAP = _SILENCE + 8
_FAULT = 3072
_FAULT_ROW = struct.Struct("<48siIII48s")
_BLOCKS = _FAULT + _FAULT_ROW.size
NO_HEAP = 0x10000  # instead of an esp_err_t: MemoryError
ALWAYS = 0xFFFFFFFF
NO_TIMER = 0xFFFFFFFF


class BoardFile:
    """The registers, by name."""

    def __init__(self, path: Path, mac: bytes) -> None:
        self.path = path
        path.write_bytes(bytes(SIZE))
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        self._map = mmap.mmap(descriptor, SIZE)
        os.close(descriptor)
        self._map[_MAC : _MAC + 6] = mac

    def power_on(self, reason: int) -> None:
        """Forget what lives only as long as there is power; the clock starts at 1970."""
        self._map[_RTC:_SILENCE] = bytes(_SILENCE - _RTC)
        self._map[_CLOCK : _CLOCK + 8] = struct.pack("<q", -time.monotonic_ns() // 1000)
        self.power_cut_after(0)
        self.start(reason)

    def start(self, reason: int) -> None:
        """Note why the firmware starts (esp_reset_reason_t)."""
        self._put(_REASON, reason)
        self._put(_SLEEP, NO_TIMER)

    def power_cut_after(self, operations: int) -> None:
        """Let the power go at this flash operation from now; 0: not at all."""
        self._put(_COUNTDOWN, operations)

    def set_fault(self, call: str, code: int, skip: int, times: int) -> None:
        """Let `times` calls of the chip fail after `skip` of them; see sim_fault_t."""
        row = _FAULT_ROW.pack(call.encode(), code, skip, times, 0, b"")
        self._map[_FAULT : _FAULT + len(row)] = row

    @property
    def fault(self) -> tuple[int, str]:
        """Return how often the ordered fault was raised, and in which call the last time."""
        *_, hits, hit = _FAULT_ROW.unpack_from(self._map, _FAULT)
        return hits, hit.rstrip(b"\0").decode()

    @property
    def c_blocks(self) -> int:
        """Return how many blocks of the system's heap the firmware holds."""
        return self._get(_BLOCKS)

    @property
    def flash_writes(self) -> int:
        """Return how many flash operations there were since the simulator started."""
        return self._get(_WRITES)

    @property
    def silence_ms(self) -> float:
        """Return the longest time without a turn of the loop, if it is measured, else 0."""
        return self._get(_SILENCE) / 1000

    @property
    def silence_flash_ms(self) -> float:
        """Return the most that flash had of such a time."""
        return self._get(_SILENCE + 4) / 1000

    def forget_silence(self) -> None:
        """Measure the longest time from now on."""
        self._put(_SILENCE, 0)
        self._put(_SILENCE + 4, 0)

    def heap(self) -> dict[str, int]:
        """Return what the firmware last told of its memory, and ask it to tell anew.

        Bytes: Python's heap and what is used of it, and what is free of the system's heap.
        It tells at the next turn of its loop; 0 before the first time.
        """
        names = ("size", "used", "system_free")
        told = {name: self._get(_HEAP + 4 + 4 * at) for at, name in enumerate(names)}
        self._put(_HEAP, 1)
        return told

    @property
    def sleep_ms(self) -> int:
        """Return how long the firmware wants to sleep; NO_TIMER is for ever."""
        return self._get(_SLEEP)

    def set_air(self, addresses: tuple[str, str], silence: int) -> None:
        """Set the addresses of station and softAP, and whether they reach nobody (silence.py)."""
        self._map[_OWN : _OWN + 8] = b"".join(map(socket.inet_aton, addresses))
        self._map[_AWAY] = silence

    def set_gpio(self, pin: int, level: int) -> None:
        """Set the level an input pin sees."""
        self._map[_GPIO + pin] = level

    def _put(self, offset: int, value: int) -> None:
        self._map[offset : offset + 4] = struct.pack("<I", value)

    def _get(self, offset: int) -> int:
        return struct.unpack_from("<I", self._map, offset)[0]
