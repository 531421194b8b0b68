"""C module `atrom` (firmware/atrom): the application's objects in flash."""

from typing import Any

def prepare() -> None:
    """Let the C modules that the application uses prepare themselves, as imports would have."""

def build_class(body: Any, name: str, *bases: Any) -> type:
    """Make a class that may inherit from one in flash: a user's `builtins.__build_class__`."""
