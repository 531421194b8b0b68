#!/usr/bin/env python3
"""A terminal for the AT port, with hex view, times and file sending. See --help."""

import sys

from host import launch

if __name__ == "__main__":
    launch.under_venv("run")
    from tools.term.session import main

    sys.exit(main())
