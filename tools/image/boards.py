"""The boards that images are built for: `make firmware BOARD=ESP32_C3_MINI_AT` and so on.

$AT_BOARD, which the Makefile sets, chooses one; the ESP32-S2-MINI is the first.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from tools.image import ROOT, ImageError

CHOICE = "AT_BOARD"


@dataclass(frozen=True)
class Board:
    """What the tools have to know of a board; `chip_id` is the number in images of its chip."""

    name: str
    chip: str
    chip_id: int
    title: str
    bootloader: int
    partitions: Path
    release: str
    suffix: str  # of the folder of its image
    pins: tuple[int, int, int, int]  # TX, RX, CTS, RTS of the AT port
    log: tuple[int, int]  # TX, RX of UART0
    boot: int  # GPIO that is held at ground for esptool
    gpios: tuple[int, ...]  # that may be used: not the flash's
    inputs: tuple[int, ...]  # of these: those that cannot drive anything

    @property
    def folder(self) -> Path:
        """Return where its files are."""
        return ROOT / "board" / self.name


S2 = Board(
    "ESP32_S2_MINI_AT",
    "esp32s2",
    2,
    "the ESP32-S2",
    0x1000,
    ROOT / "partitions.csv",
    "at-esp32s2-mini",
    "",
    (17, 21, 20, 19),
    (43, 44),
    0,
    (*range(22), *range(33, 47)),  # 26 to 32 belong to the flash
    (46,),
)
C3 = Board(
    "ESP32_C3_MINI_AT",
    "esp32c3",
    5,
    "the ESP32-C3",
    0,
    ROOT / "board/ESP32_C3_MINI_AT/partitions.csv",
    "at-esp32c3-mini",
    "-c3",
    (7, 6, 5, 4),
    (21, 20),
    9,
    (*range(12), *range(18, 22)),  # 12 to 17 belong to the flash
    (),
)
ALL = {board.name: board for board in (S2, C3)}


def current() -> Board:
    """Return the chosen board; ImageError if there is none of that name."""
    name = os.environ.get(CHOICE) or S2.name
    if name not in ALL:
        raise ImageError(f"there is no board {name}; there are {', '.join(ALL)}")
    return ALL[name]
