# What is frozen into the firmware for this PC: exactly what the chip gets, and the imitated chip.

import os

include("../../firmware/manifest.py")  # noqa: F821

if os.path.isdir("../../tools/simulator/chip"):
    freeze("../../tools/simulator/chip")  # noqa: F821
