"""Let a script of this folder run under the Python of build/venv, which has its packages.

Called before anything that needs them is imported: under another Python it starts the script
anew under the right one, which is made first if need be.
"""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tools/build")]


def under_venv(*groups: str) -> None:
    """Return only under the Python of build/venv, with the packages of these groups in it."""
    import interrupt
    import pyenv
    from chores import FetchError

    interrupt.quietly()

    try:
        python = pyenv.ensure(*groups)
    except FetchError as error:
        sys.exit(f"{Path(sys.argv[0]).name}: {error}")
    if Path(sys.prefix).resolve() != pyenv.VENV.resolve():
        os.execv(python, [str(python), *sys.argv])
