"""Pack a built image for people: `make release [VARIANT=PSRAM]`.

The zip in build/release has all files of the image, their SHA-256 sums, and how to write them to
a module from Linux, macOS and Windows. The same image gives the same bytes.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import sys
import zipfile
from pathlib import Path

import interrupt
from tools.image import ROOT, ImageError, boards, layout, merge

SUMS = "SHA256SUMS"
GUIDE = "FLASHING.md"
_WHEN = (1980, 1, 1, 0, 0, 0)  # a zip knows no earlier time, and the same for all

# Said in docs/flashing.md as well.
FACTORY = """\
`factory.hex` holds firmware and manufacturing data, which it replaces, and leaves everything else
on the module as it is: settings, user files, the second slot. `factory_erase.bin` is the same as a
raw image, for programmers that know nothing else; written to address 0 it erases settings and
files. esptool (5.6.0) leaves a copy of what is in a .hex file in the folder for temporary files.
"""
ESPTOOL = """\
python3 -m venv ~/esptool                          # or: pipx install "esptool>=5", and no more
~/esptool/bin/pip install "esptool>=5"
export PATH=~/esptool/bin:$PATH
"""
_GUIDE = """\
# Writing {title} to a module

You need a USB-to-serial adapter with 3.3 V levels on UART0 of the module (its TX to GPIO {log_rx},
its RX to GPIO {log_tx}, ground to ground), and Python.

1. Check the download, install esptool: see below for your system.
2. Hold GPIO {boot} at ground and reset the module (on development boards: hold BOOT, press RESET).
3. Write `factory.hex` to a new module, or to one that had another firmware.

{factory}
## Linux

```sh
sha256sum -c SHA256SUMS
{esptool}esptool --chip {chip} --port /dev/ttyUSB0 --baud 460800 write-flash 0 factory.hex
```

If the port may not be opened: `sudo usermod -aG dialout $USER`, then log in anew.

## macOS

```sh
shasum -a 256 -c SHA256SUMS
{esptool}esptool --chip {chip} --port /dev/cu.usbserial-1 --baud 460800 write-flash 0 factory.hex
```

`ls /dev/cu.*` shows the name of your port.

## Windows (PowerShell)

```powershell
Get-FileHash -Algorithm SHA256 *.bin, *.hex     # compare with SHA256SUMS
py -m pip install "esptool>=5"
esptool --chip {chip} --port COM3 --baud 460800 write-flash 0 factory.hex
```

The device manager shows the number of your port under "Ports (COM & LPT)". If `esptool` is not
found, `py -m esptool` is.

## A newer release, on a module in use

Without the manufacturing data, so that the module keeps its parameters and certificates:

```sh
esptool --chip {chip} --port /dev/ttyUSB0 --baud 460800 write-flash {keep}
```

The certificates in `mfg_nvs.bin` and both factory files are for tests: their keys are known to
everybody. Put in your own with `tools/factory.py` of the source before you ship anything.

## Afterwards

Release GPIO {boot}, reset, connect to the AT port (UART1: TX GPIO {tx}, RX GPIO {rx},
115200 baud, 8N1) and send `AT` with CR LF. The module answers `OK`.
"""


def version() -> str:
    """Return the version of the firmware in the source."""
    found = re.search(
        r'^BIN = "(.*)"', (ROOT / "firmware/at/version.py").read_text(), re.MULTILINE
    )
    return found[1] if found else "unknown"


def guide(title: str) -> str:
    """Return the text of FLASHING.md."""
    keep = " ".join(
        f"{piece.offset:#x} {piece.file}" for piece in layout.pieces() if not piece.is_factory
    )
    board = boards.current()
    return _GUIDE.format(
        title=title,
        factory=FACTORY,
        esptool=ESPTOOL,
        keep=keep,
        chip=board.chip,
        boot=board.boot,
        tx=board.pins[0],
        rx=board.pins[1],
        log_tx=board.log[0],
        log_rx=board.log[1],
    )


def check_changes() -> None:
    """ImageError unless the newest section of the changelog is that of this version."""
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    newest = re.search(r"^## (.*)$", text, re.MULTILINE)
    if not newest or newest[1].split()[0] != version():
        raise ImageError(f"CHANGELOG.md does not begin with what is in {version()}")


def content(folder: Path, title: str) -> dict[str, bytes]:
    """Return the files of the zip; ImageError if the image is not complete."""
    layout.check(folder)
    check_changes()
    names = [piece.file for piece in layout.pieces()]
    names += [merge.HEX, merge.RAW, layout.FLASHER_ARGS]
    files = {}
    for name in names:
        if not (folder / name).is_file():
            raise ImageError(f"{folder / name} is missing: make firmware comes first")
        files[name] = (folder / name).read_bytes()
    if (folder / "application.elf").is_file():
        files["application.elf"] = (folder / "application.elf").read_bytes()
    sums = (
        f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in sorted(files.items())
    )
    files[SUMS] = "".join(sums).encode()
    files[GUIDE] = guide(title).encode()
    for name in ("LICENSE", "CHANGELOG.md"):
        files[name] = (ROOT / name).read_bytes()
    return files


def pack(folder: Path, target: Path, title: str) -> Path:
    """Write the zip; its files lie in a folder of its name."""
    files = content(folder, title)
    target.parent.mkdir(parents=True, exist_ok=True)
    scratch = target.with_suffix(".part")
    with zipfile.ZipFile(scratch, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as packed:
        for name, data in sorted(files.items()):
            entry = zipfile.ZipInfo(f"{target.stem}/{name}", _WHEN)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            packed.writestr(entry, data)
    scratch.replace(target)
    return target


def main(arguments: list[str] | None = None) -> int:
    """Pack what the command line names; 1 if that fails."""
    parser = argparse.ArgumentParser(prog="make release", description=__doc__)
    parser.add_argument("--variant", default="", help="variant of the image")
    given = parser.parse_args(arguments)
    suffix = f"-{given.variant.lower()}" if given.variant else ""
    try:
        title = f"{boards.current().release}{suffix}-{version()}"
        folder = layout.folder_of(given.variant)
        target = pack(folder, folder.parent / "release" / f"{title}.zip", title)
    except ImageError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(target)
    return 0


if __name__ == "__main__":
    interrupt.quietly()
    sys.exit(main())
