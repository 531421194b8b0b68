"""C module `atrom` (firmware/atrom): the application's objects in flash."""

def prepare() -> None:
    """Let the C modules that the application uses prepare themselves, as imports would have."""
