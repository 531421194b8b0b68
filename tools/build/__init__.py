"""What make targets use to build: pinned sources, packages, the firmware for this PC."""
