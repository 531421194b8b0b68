"""The chip's memory by account: what there is, who takes how much, what is left.

Owns the arithmetic behind docs/memory.md, whose table `python -m tools.image.memory` writes.
What was measured was measured with an image of this firmware on ESP-IDF 5.4; what the board's
files say is read from them. Bytes everywhere.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BOARD = ROOT / "board" / "ESP32_S2_MINI_AT"
PAGE = ROOT / "docs" / "memory.md"
KB = 1024
_BEGIN = "<!-- account: written by make docs -->"
_END = "<!-- end -->"

# Measured on ESP-IDF 5.4, with the image of 2026-11-21.
HEAP_AT_START = 172_752  # main, stack block and RTC memory
STATIC_THEN = 28_645  # of atlink and atchip in that image
TASK_STACK_THEN = 16 * KB
UART_STACK_THEN = 3 * KB  # of each of two tasks
SYSTEM = 55_910  # without Python's heap and Wi-Fi; those stacks are in it
WIFI = 37_581  # esp_wifi_init() as a station, with 10 buffers
JOINED = 4_608
SOFTAP = 4_096
IN_FLASH = 12_288  # what the options of IN_FLASH_OPTIONS freed together
BUFFER = 1_638  # of Wi-Fi, each
BUFFERS_THEN = 10

IN_FLASH_OPTIONS = {
    "FREERTOS_PLACE_FUNCTIONS_INTO_FLASH": "y",
    "HEAP_PLACE_FUNCTION_INTO_FLASH": "y",
    "GPTIMER_ISR_HANDLER_IN_IRAM": "n",
}
UART_TASKS = 2

# What may not be exceeded, or has to be left.
STATIC_RAM = 14 * KB
LEFT_JOINED = 64 * KB
LEFT_SOFTAP = 56 * KB


@dataclass(frozen=True)
class Row:
    """A line of the account; negative bytes are taken."""

    item: str
    count: int
    why: str


def option(name: str) -> str:
    """Return an option of the board's sdkconfig, "" if it is not set."""
    text = (BOARD / "sdkconfig.board").read_text()
    found = re.search(rf"^CONFIG_{name}=(\S+)$", text, re.MULTILINE)
    return found[1] if found else ""


def kilobytes(path: Path, macro: str) -> int:
    """Return the bytes of a macro that is written as (n * 1024) or (n)."""
    found = re.search(rf"^#define {macro} \((\d+)(?: \* (\d+))?\)", path.read_text(), re.MULTILINE)
    if not found:
        raise ValueError(f"{path}: no {macro}")
    return int(found[1]) * int(found[2] or 1)


def python_heap() -> int:
    """Return the bytes of Python's heap on the chip."""
    return kilobytes(BOARD / "mpconfigboard.h", "MICROPY_GC_INITIAL_HEAP_SIZE")


def account() -> list[Row]:
    """Return the account of the plain image, joined as a station, before the first link."""
    in_flash = all(option(name) == value for name, value in IN_FLASH_OPTIONS.items())
    buffers = int(option("ESP_WIFI_STATIC_RX_BUFFER_NUM") or BUFFERS_THEN)
    task = kilobytes(BOARD / "mpconfigboard.h", "MICROPY_TASK_STACK_SIZE")
    uart = kilobytes(ROOT / "firmware/atlink/port_esp32.c", "TASK_STACK")
    return [
        Row("heap at start", HEAP_AT_START, "measured, with 28,645 bytes of static RAM of ours"),
        Row("our static RAM", STATIC_THEN - STATIC_RAM, "at most 14 KB now"),
        Row("functions in flash", IN_FLASH * in_flash, "measured: FreeRTOS, heap, GPTIMER"),
        Row("system", -SYSTEM, "measured, without Python's heap and Wi-Fi"),
        Row("Python's stack", TASK_STACK_THEN - task, "7 KB of 16 were used; a third more now"),
        Row("stacks of the UART tasks", UART_TASKS * (UART_STACK_THEN - uart), "0.5 KB were used"),
        Row("Wi-Fi", -WIFI, "measured, as a station, 10 receive buffers"),
        Row("Wi-Fi receive buffers", (BUFFERS_THEN - buffers) * BUFFER, f"{buffers} now"),
        Row("a joined network", -JOINED, "measured"),
        Row("Python's heap", -python_heap(), "fixed: mpconfigboard.h"),
    ]


def left(rows: list[Row]) -> int:
    """Return what the account leaves."""
    return sum(row.count for row in rows)


def table() -> str:
    """Return the account as a table of Markdown."""
    rows = account()
    lines = ["| | bytes | |", "|---|---|---|"]
    lines += [f"| {row.item} | {row.count:,} | {row.why} |" for row in rows]
    lines.append(f"| **left, joined as a station** | **{left(rows):,}** | at least 65,536 |")
    both = left(rows) - SOFTAP
    lines.append(f"| softAP at the same time | {-SOFTAP:,} | measured |")
    lines.append(f"| **left with both** | **{both:,}** | at least 57,344 |")
    return "\n".join(lines) + "\n"


def render(text: str) -> str:
    """Return the page with the table of now."""
    start, _, rest = text.partition(_BEGIN)
    _, _, end = rest.partition(_END)
    return f"{start}{_BEGIN}\n\n{table()}\n{_END}{end}"


if __name__ == "__main__":
    PAGE.write_text(render(PAGE.read_text()))
