"""What is frozen into the firmware, on the chip and on the PC alike.

Folders that do not exist yet are left out. build/generated holds the index of commands that
tools/build/commandindex.py writes, and the web page of tools/build/webpage.py. umqtt.simple and
the core of microdot come from their pinned archives, unpacked in build/deps.
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
if os.path.isdir("../build/deps/microdot"):
    freeze("../build/deps/microdot/src/microdot", "microdot.py", opt=0)
