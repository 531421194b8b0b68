"""What is frozen into the firmware for this PC: what the chip gets, and the imitated chip."""

import os

include("../../firmware/manifest.py")

if os.path.isdir("../../tools/simulator/chip"):
    freeze("../../tools/simulator/chip")
