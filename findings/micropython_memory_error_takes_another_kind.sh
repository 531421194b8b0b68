#!/usr/bin/env bash
# MicroPython 1.27.0: a MemoryError on its way out becomes any other error that is raised and caught while it passes.
#
# An exception for which there is no memory is put into the one spare object that the interpreter keeps; so is the next,
# while the first is still on its way through a `finally`. A cleanup that expects an error and handles it ("the file is
# gone already") therefore changes the type of what arrives at the top: `except MemoryError` there does not match, and
# whoever logs the error or turns it into an answer names a wrong reason. The same happens to a MemoryError that was put
# aside in a variable. The heap is locked here to have no memory in a way that does not depend on its size.
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

class Files:
    "A folder in which nothing is found."
    def remove(self, name):
        raise OSError

def remove_old():
    try:
        files.remove("old")
    except OSError:
        pass

def nothing():
    pass

def arriving(clean, is_short):
    kind = None
    if is_short:
        micropython.heap_lock()
    try:
        try:
            if is_short:
                bytearray(100)
            raise MemoryError
        finally:
            clean()
    except Exception as error:
        kind = type(error)
    if is_short:
        micropython.heap_unlock()
    return kind.__name__

files = Files()
print("with memory, cleanup meets an error:", arriving(remove_old, False))
print("without, cleanup meets none:", arriving(nothing, True))
print("without, cleanup meets and handles an OSError:", arriving(remove_old, True))
`);
END
seen=$(node try.mjs)
echo "$seen"
diff <(echo "$seen") - <<'SEEN'
with memory, cleanup meets an error: MemoryError
without, cleanup meets none: MemoryError
without, cleanup meets and handles an OSError: OSError
SEEN
