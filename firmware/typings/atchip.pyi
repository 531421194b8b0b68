"""The C module `atchip`: what `network`, `esp32` and `machine` do not offer of the chip.

On the chip it is firmware/atchip (C, ESP-IDF); the simulator imitates it call for call in
tools/simulator/chip/atchip. A failing ESP-IDF call raises OSError as the ESP32 port does: args[0]
is the negative esp_err_t (or an errno for the few that have one), args[1] its name, for example
"ESP_ERR_NVS_NOT_FOUND". Wrong argument types raise TypeError, wrong values ValueError.
"""

from collections.abc import Buffer
from typing import NoReturn

# The running image and the chip's state.

def versions() -> tuple[str, str, str, str]:
    """Return (ESP-IDF version, version, build date "Nov 21 2026", build time "10:11:12") of the running image."""

def heap() -> tuple[int, int]:
    """Return free bytes now and the lowest since start: system heap and what is free of the GC heap."""

def reset_reason() -> int:
    """Return esp_reset_reason_t: 1 power-on, 3 reset, 4 crash, 6 watchdog, 8 deep sleep, 9 brown-out."""

def event() -> tuple | None:
    """Return the next event of the chip, None if there is none; atlink.wait's source EVENT says when.

    ("gpio", pin, level): an input has changed.
    """

# The clock.

def clock() -> int:
    """Return seconds since 1970, UTC. Starts at 0 at power-on, survives reset and deep sleep."""

def clock_set(unix_seconds: int) -> None:
    """Set the clock."""

# Non-volatile storage of any partition, by label: "nvs" or "mfg_nvs". Types are those of AT+SYSMFG:
# 1 u8, 2 i8, 3 u16, 4 i16, 5 u32, 6 i32, 7 string, 8 blob; 0 for a 64-bit integer, which AT has not.

def nvs_namespaces(partition: str) -> list[str]:
    """Return the namespaces that hold a value. ESP_ERR_NVS_PART_NOT_FOUND."""

def nvs_keys(partition: str, namespace: str) -> list[tuple[str, int]]:
    """Return (key, type) of each value. ESP_ERR_NVS_NOT_FOUND without such a namespace."""

def nvs_get(partition: str, namespace: str, key: str) -> tuple[int, int | bytes]:
    """Return (type, value), a string as bytes without its NUL. ESP_ERR_NVS_NOT_FOUND."""

def nvs_set(partition: str, namespace: str, key: str, type: int, value: int | Buffer | str, /) -> None:
    """Store a value; another one of that key is replaced, whatever its type.

    ESP_ERR_NVS_NOT_ENOUGH_SPACE keeps the old value; ESP_ERR_NVS_VALUE_TOO_LONG (a string has up
    to 3999 bytes); ESP_ERR_NVS_KEY_TOO_LONG (15 characters); ESP_ERR_NVS_INVALID_NAME (empty);
    ValueError if an integer does not fit its type or a string holds a NUL.
    """

def nvs_erase(partition: str, namespace: str, key: str | None) -> None:
    """Erase one key, or all of a namespace (key None). ESP_ERR_NVS_NOT_FOUND."""

def nvs_close(partition: str) -> None:
    """Let go of a partition before its flash is written directly; the next call opens it anew."""

# Memory of the system heap, not of the GC heap.

def ram_alloc(size: int) -> memoryview:
    """Return `size` zero bytes. ESP_ERR_NO_MEM if there is no such block."""

def ram_free(buffer: memoryview) -> None:
    """Give a block back; the view of it is empty afterwards. Slices of it must not be used."""

def ram_largest() -> int:
    """Return the size of the largest block ram_alloc() could give now."""

# Power.

def tx_power(quarter_dbm: int | None = None) -> int:
    """Set (if given) and return the maximum transmit power, in units of 0.25 dBm.

    ESP_ERR_WIFI_NOT_STARTED without a started driver.
    """

def power_save(mode: int, listen_interval: int) -> None:
    """Set the sleep mode of AT+SLEEP: 0 none, 1 modem by DTIM, 2 light, 3 modem by listen interval (beacons)."""

def wake_gpio(pin: int, level: int) -> None:
    """Let this level at this pin end light sleep. ESP_ERR_INVALID_ARG if there is no such pin."""

def deep_sleep(ms: int) -> NoReturn:
    """Sleep for 0 to 2147483647 ms, then start afresh. Bytes that have not left the UART are lost."""
