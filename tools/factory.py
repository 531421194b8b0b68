#!/usr/bin/env python3
"""The editor of a built image's factory parameters and certificates. See --help."""

import sys

from host import launch

if __name__ == "__main__":
    launch.under_venv("mfg", "flash")
    from tools.params.cli import main

    sys.exit(main())
