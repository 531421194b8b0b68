#!/usr/bin/env python3
"""Signs firmware images. See --help."""

import sys

from host import launch

if __name__ == "__main__":
    launch.under_venv("mfg", "flash")
    from tools.params.sign import main

    sys.exit(main())
