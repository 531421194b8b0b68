#!/usr/bin/env bash
# MicroPython 1.27.0: a context manager whose __exit__ takes *args is not left when memory is short.
#
# `def __exit__(self, *exc)` is common Python. MicroPython makes the tuple of the arguments on the heap when the method
# is called. If a MemoryError ends the block and there still is no memory, making the tuple fails as well and __exit__
# does not run at all: a lock stays taken, a buffer is not given back, for good, though the program catches the
# MemoryError and goes on. With three named parameters nothing is allocated and the block is left. The heap is locked
# here to have no memory in a way that does not depend on its size.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund @micropython/micropython-webassembly-pyscript@1.27.0 > /dev/null
cat > try.mjs <<'END'
import { loadMicroPython } from "@micropython/micropython-webassembly-pyscript";

const python = await loadMicroPython({ heapsize: 200000 });
python.runPython(`
import micropython

class Held:
    def __init__(self):
        self.is_held = False

    def __enter__(self):
        self.is_held = True

class HeldStar(Held):
    def __exit__(self, *exc):
        self.is_held = False

class HeldThree(Held):
    def __exit__(self, kind, error, trace):
        self.is_held = False

def told(holder, is_short):
    if is_short:
        micropython.heap_lock()
    try:
        with holder:
            if is_short:
                bytearray(100)
            raise MemoryError
    except MemoryError:
        pass
    if is_short:
        micropython.heap_unlock()
    return "still held" if holder.is_held else "let go"

print("*exc, with memory:", told(HeldStar(), False))
print("*exc, without:", told(HeldStar(), True))
print("three parameters, without:", told(HeldThree(), True))
`);
END
seen=$(node try.mjs)
echo "$seen"
diff <(echo "$seen") - <<'SEEN'
*exc, with memory: let go
*exc, without: still held
three parameters, without: let go
SEEN
