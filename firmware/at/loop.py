"""Where the event loop waits: one C call that ends when the UART, a link or the chip has news.

Replaces asyncio's select-based queue, so that the chip can sleep and nothing is allocated.
Each source (a bit of atlink.wait) has at most one waiter: a task, by `await ready(bit)`, or a
plain function set with `on(bit, function)`, which is called when no task waits.
"""

from asyncio import core  # type: ignore - the stubs do not have it

import atcore

on = atcore.on
ready = atcore.ready
cancel = atcore.cancel  # in place of task.cancel(), which takes memory
patient = atcore.patient
wake = atcore.wake
watch_over = atcore.watch_over


async def within(work, limit_ms):
    """Await work for at most so long, and return what it does; asyncio.TimeoutError ends it.

    In place of asyncio.wait_for_ms(), which makes two tasks for it: without memory for the second
    the first goes on by itself. Here work stays in the task that awaits it, and all memory is had
    before it begins.
    """
    end = core.CancelledError()
    timer = core.create_task(_expire(core.cur_task, limit_ms, end))
    try:
        return await work
    except core.CancelledError as error:
        if error is end:
            raise core.TimeoutError
        raise
    finally:
        cancel(timer)


async def _expire(task, limit_ms, end):
    """Throw `end` into a task, or into the one that it waits for, when the time is over."""
    await core.sleep_ms(limit_ms)
    while True:
        last = task
        while isinstance(last.data, core.Task):
            last = last.data
        if last.data is not core.CancelledError and not isinstance(last.data, core.CancelledError):
            last.cancel()
            last.data = end
            return
        await core.sleep_ms(0)  # it is being cancelled by somebody else


async def hold(lock, work):
    """Await work while holding an asyncio.Lock; `async with` takes memory to release it."""
    await lock.acquire()
    try:
        return await work
    finally:
        lock.release()


async def insist(function):
    """Await function() to its end in a task that is being cancelled, be it cancelled again."""
    while True:
        try:
            return await function()
        except core.CancelledError:
            pass


def begin():
    """Make what is no constant: the module starts with it (docs/flash-objects.md)."""
    core._task_queue = core.TaskQueue()
    atcore.start(core)
