"""The module's wall clock: Unix seconds that survive a restart and deep sleep."""

import atchip


class Clock:
    """The time of day."""

    def now(self):
        """Return seconds since 1970-01-01, UTC."""
        return atchip.clock()

    def set(self, unix_seconds):
        """Set the time, in seconds since 1970-01-01 UTC."""
        atchip.clock_set(unix_seconds)
