"""What is frozen into the firmware, on the chip and on the PC alike.

Folders that do not exist yet are left out. build/generated holds the index of commands that
tools/build/commandindex.py writes. umqtt.simple comes from its pinned archive, unpacked in
build/deps.
"""

import os

HERE = os.getcwd()
MODULES = sorted(
    name for name in os.listdir(HERE) if name.endswith(".py") and name != "manifest.py"
)

include("$(MPY_DIR)/extmod/asyncio")
for name in MODULES:
    module(name, opt=0)
if os.path.isdir("at"):
    package("at", opt=0)
for folder in ("lib", "../build/generated", "../build/deps/umqtt"):
    if os.path.isdir(folder):
        freeze(folder, opt=0)
