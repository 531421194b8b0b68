"""Where the event loop waits: one C call that ends when the UART, a link or the chip has news.

Replaces asyncio's select-based queue, so that the chip can sleep and nothing is allocated.
Each source (a bit of atlink.wait) has at most one waiter: a task, by `await ready(bit)`, or a
plain function set with `on(bit, function)`, which is called when no task waits.
"""

from asyncio import core  # type: ignore - the stubs do not have it

import atcore

on = atcore.on
ready = atcore.ready
wake = atcore.wake
watch_over = atcore.watch_over


async def insist(function):
    """Await function() to its end in a task that is being cancelled.

    asyncio.wait_for() cancels who waits for it a second time, and a host may do so as well.
    """
    while True:
        try:
            return await function()
        except core.CancelledError:
            pass


def begin():
    """Make what is no constant: the module starts with it (docs/flash-objects.md)."""
    core._task_queue = core.TaskQueue()
    atcore.start(core)
