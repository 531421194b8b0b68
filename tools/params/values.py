"""The factory parameters: their types, what they may be, what they mean.

As in the manufacturing data of Espressif's own firmware, so that either can read the other's.
"""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass

from tools.image.boards import Board
from tools.params import ParamsError
from tools.params.nvs import Value

NAMESPACE = "factory_param"
PASSWORD = "web_password"
_ROUNDS = 1000  # as firmware/at/services/trust.py has it


@dataclass(frozen=True)
class Parameter:
    """One parameter; numbers have a range, texts a length."""

    kind: str
    low: int
    high: int
    meaning: str


PARAMETERS = {
    "version": Parameter("i8", 1, 127, "version of this table"),
    "module_name": Parameter("string", 1, 32, "name in AT+GMR"),
    "max_tx_power": Parameter("i8", 40, 84, "highest transmit power, quarters of a dBm"),
    "uart_port": Parameter("i8", 1, 1, "UART of the AT port; UART0 is the log's"),
    "start_channel": Parameter("u8", 1, 14, "first Wi-Fi channel"),
    "channel_num": Parameter("u8", 1, 14, "number of Wi-Fi channels"),
    "country_code": Parameter("string", 2, 2, "country, two capital letters"),
    "uart_baudrate": Parameter("i32", 80, 5_000_000, "rate of the AT port after a restore"),
    "uart_tx_pin": Parameter("i32", 0, 46, "GPIO of TX"),
    "uart_rx_pin": Parameter("i32", 0, 46, "GPIO of RX"),
    "uart_cts_pin": Parameter("i32", -1, 46, "GPIO of CTS, -1: none"),
    "uart_rts_pin": Parameter("i32", -1, 46, "GPIO of RTS, -1: none"),
    "no_downgrade": Parameter("u8", 0, 1, "1: no older firmware is taken"),
    "server_links": Parameter("u8", 1, 5, "links that clients of the server may take"),
    PASSWORD: Parameter("string", 1, 63, "password of the page, kept as a salted hash"),
}


def parse(name: str, text: str) -> Value:
    """Return the value a text stands for; ParamsError says what is wrong with it."""
    parameter = PARAMETERS.get(name)
    if parameter is None:
        raise ParamsError(f"there is no parameter {name!r}; there are {', '.join(PARAMETERS)}")
    low, high = parameter.low, parameter.high
    if parameter.kind == "string":
        size = len(text.encode())
        if not low <= size <= high or not text.isprintable():
            raise ParamsError(f"{name} has {low} to {high} printable bytes, {text!r} has {size}")
        if name == PASSWORD:
            text = salted(text)
        return Value("string", text)
    try:
        number = int(text, 0)
    except ValueError:
        raise ParamsError(f"{name} is a number, {text!r} is none") from None
    if not low <= number <= high:
        raise ParamsError(f"{name} goes from {low} to {high}, {number} is not in it")
    return Value(parameter.kind, number)


def salted(password: str) -> str:
    """Return what the module keeps of a password: salt and PBKDF2 hash in hexadecimal."""
    salt = os.urandom(8)
    return (salt + hashlib.pbkdf2_hmac("sha256", password.encode(), salt, _ROUNDS)).hex()


def check(pairs: dict[str, Value], board: Board) -> list[str]:
    """Raise ParamsError for values that do not go together; return what is merely odd."""
    numbers = {name: value.value for name, value in pairs.items() if isinstance(value.value, int)}
    country = pairs.get("country_code", Value("string", "CN")).value
    if not re.fullmatch("[A-Z]{2}", str(country)):
        raise ParamsError(f"country_code is two capital letters, {country!r} is not")
    last = numbers.get("start_channel", 1) + numbers.get("channel_num", 13) - 1
    if last > 14:
        raise ParamsError(f"start_channel and channel_num lead to channel {last}; 14 is the last")
    pins = {name: pin for name, pin in numbers.items() if name.endswith("_pin")}
    return _check_pins(pins, board)


def _check_pins(pins: dict[str, int], board: Board) -> list[str]:
    used: dict[int, str] = {}
    odd = []
    for name, pin in pins.items():
        if pin == -1:
            continue
        if pin not in board.gpios:
            raise ParamsError(f"{name}: {board.title} has no GPIO {pin}, or has the flash there")
        if pin in used:
            raise ParamsError(f"{name} and {used[pin]} are both GPIO {pin}")
        if pin in board.inputs and name in ("uart_tx_pin", "uart_rts_pin"):
            raise ParamsError(f"{name}: GPIO {pin} can only be an input")
        used[pin] = name
        if pin in board.log:
            odd.append(f"{name}: GPIO {pin} is the log's UART0")
    return odd
