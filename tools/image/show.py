"""Tell people what an image consists of and how full its slot is."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.table import Table

from tools.image import layout, merge


def sizes(folder: Path, found: dict[str, int]) -> None:
    """Print a table of the pieces, and a warning if the slot gets tight."""
    table = Table()
    for name, justify in (
        ("file", "left"),
        ("at", "right"),
        ("bytes", "right"),
        ("full", "right"),
    ):
        table.add_column(name, justify=justify)  # type: ignore[arg-type]
    for piece in layout.pieces():
        size = found[piece.part]
        table.add_row(piece.file, f"{piece.offset:#08x}", f"{size:,}", f"{size / piece.room:.0%}")
    console = Console()
    console.print(f"[bold]{folder}[/]", soft_wrap=True)
    console.print(table)
    left = layout.free(found)
    console.print(f"The application leaves {left:,} bytes of its slot free.", style="green")
    if left < layout.TIGHT:
        console.print("warning: that is little; the next version may not fit.", style="yellow")
    kept = ", ".join(name for name in layout.kept() if name not in ("mfg_nvs", "phy_init"))
    console.print(
        f"[bold]{merge.HEX}[/] is one file for a module; it leaves {kept} as they are.\n"
        f"[bold]{merge.RAW}[/] is the raw image for blank flash; it erases them, but for ota_1.",
        soft_wrap=True,
    )
