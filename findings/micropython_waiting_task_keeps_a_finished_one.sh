#!/usr/bin/env bash
# MicroPython 1.27.0: a task of asyncio keeps another in memory that ended long ago, with all that its coroutine held.
#
# The queue of tasks is a heap whose nodes know the last node below them. Taking a task out of the queue forgets the
# nodes below it but not that last one, and putting it in again does not either. The last one may run, end and be
# dropped by the program; as long as the first task exists, waiting for an event perhaps, the ended one and the locals
# of its coroutine cannot be collected. It depends on who happened to be queued behind whom, so it looks like a leak
# that comes and goes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund @micropython/micropython-webassembly-pyscript@1.27.0 > /dev/null
cat > try.mjs <<'END'
import { loadMicroPython } from "@micropython/micropython-webassembly-pyscript";

const python = await loadMicroPython({ heapsize: 200000 });
python.runPython(`
import gc
from asyncio.core import Task, TaskQueue

def job(size):
    data = bytearray(size)
    yield
    return len(data)

def task(size):
    coroutine = job(size)
    next(coroutine)
    return Task(coroutine)

queue = TaskQueue()
short = task(1)
`);

function told(what, code) {
    python.runPython(code);
    python.runPython("gc.collect()");
    python.runPython("gc.collect(); used = gc.mem_alloc()");
    console.log(`${what}: ${python.globals.get("used") > 50000 ? "kept" : "free"}`);
}

told("50,000 bytes of a task that was queued by itself", "queue.push(task(50000), 1); queue.pop()");
told("of one that was queued behind another, both taken out", `
queue.push(short, 1); queue.push(task(50000), 2)
queue.pop(); queue.pop()`);
told("when the other was queued and taken out once more", "queue.push(short, 3); queue.pop()");
told("when the other does not exist any more", "del short");
END
seen=$(node try.mjs)
echo "$seen"
diff <(echo "$seen") - <<'SEEN'
50,000 bytes of a task that was queued by itself: free
of one that was queued behind another, both taken out: kept
when the other was queued and taken out once more: kept
when the other does not exist any more: free
SEEN
