#!/usr/bin/env bash
# prompt_toolkit 3.0.53: the terminal's answer about the cursor counts as the key behind a prefix, so a bound key is lost.
#
# A prompt asks the terminal where the cursor stands, after each print above it as well, and the answer (ESC [ row ; column
# R) goes through the key processor like a key. Emacs mode binds Ctrl-] together with any second key, so a Ctrl-] alone
# waits for one for a second. If the answer arrives in that time it is the second key: the handler of Ctrl-] is not called,
# then or later. On a screen on which messages keep coming this takes most of these keys. eager=True helps.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check prompt_toolkit==3.0.53
cat > try.py <<'PY'
import asyncio

from prompt_toolkit import PromptSession
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.key_binding import KeyBindings
from prompt_toolkit.output import DummyOutput


async def is_called(eager, *arrivals):
    """Tell whether the handler of Ctrl-] runs when these bytes arrive, each some time after the one before."""
    called = asyncio.Event()
    keys = KeyBindings()
    keys.add("c-]", eager=eager)(lambda event: called.set())
    with create_pipe_input() as pipe:
        session = PromptSession(key_bindings=keys, input=pipe, output=DummyOutput())
        prompt = asyncio.create_task(session.prompt_async("> "))
        for text in arrivals:
            await asyncio.sleep(0.2)
            pipe.send_text(text)
        try:
            await asyncio.wait_for(called.wait(), 10)
        except TimeoutError:
            pass
        prompt.cancel()
        await asyncio.gather(prompt, return_exceptions=True)
    return "called" if called.is_set() else "lost"


async def main():
    print("Ctrl-] alone:", await is_called(False, "\x1d"))
    print("Ctrl-], then where the cursor is:", await is_called(False, "\x1d", "\x1b[5;1R"))
    print("the same, eager:", await is_called(True, "\x1d", "\x1b[5;1R"))


asyncio.run(main())
PY
seen=$(venv/bin/python try.py)
echo "$seen"
diff <(echo "$seen") - <<'SEEN'
Ctrl-] alone: called
Ctrl-], then where the cursor is: lost
the same, eager: called
SEEN
