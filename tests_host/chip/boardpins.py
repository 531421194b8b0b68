"""The pins of a board, as its files say."""

import csv

from pins import ROOT

PINS = ROOT / "board" / "ESP32_S2_MINI_AT" / "pins.csv"


def board_pins():
    """Return pins.csv as numbers."""
    with PINS.open() as file:
        return {name: int(pin.removeprefix("GPIO")) for name, pin in csv.reader(file)}
