"""An ESP-IDF and a MicroPython that are only folders: what `make firmware` finds and calls.

Their idf.py notes how it was called and leaves the files a build leaves, made of nothing. It may
be told to fail, or to leave something else.
"""

import json
import sys

import partitions
from pins import ROOT
from tools.image import layout
from tools.peers import espimage

BOOTLOADER = espimage.compose([b"boot" * 256])
APPLICATION = espimage.compose([espimage.describe("1.0.0", filling=100_000)])
SETTINGS = {"flash_mode": "dio", "flash_size": "4MB", "flash_freq": "80m"}
FILES = {
    "bootloader": ("0x1000", "bootloader/bootloader.bin"),
    "partition-table": ("0x8000", "partition_table/partition-table.bin"),
    "otadata": ("0x10000", "ota_data_initial.bin"),
    "app": ("0x100000", "micropython.bin"),
}

_IDF_PY = """\
#!{python}
import json, pathlib, shutil, sys
here = pathlib.Path(__file__).parent
(here / "called").write_text(json.dumps(sys.argv[1:]))
print("a line of the build")
if (here / "fail").exists():
    sys.exit("no compiler")
out = pathlib.Path(sys.argv[sys.argv.index("-B") + 1])
shutil.copytree(here / "out", out, dirs_exist_ok=True)
"""


class FakeIdf:
    """ESP-IDF at `path`, MicroPython at `micropython`; `bin` is for PATH."""

    def __init__(self, folder, version="5.4.2"):
        self.path = folder / "idf"
        self.bin = folder / "bin"
        self.out = self.bin / "out"
        self.micropython = folder / "micropython"
        for name in ("ports/esp32/CMakeLists.txt", "lib/berkeley-db-1.xx/README"):
            self.write(self.micropython / name)
        self.release("1.25.0")
        self.write(self.path / "tools/idf.py")
        major, minor, patch = version.split(".")
        text = f"set(IDF_VERSION_MAJOR {major})\nset(IDF_VERSION_MINOR {minor})\n"
        self.write(
            self.path / "tools/cmake/version.cmake", f"{text}set(IDF_VERSION_PATCH {patch})\n"
        )
        self.program = self.bin / "idf.py"
        self.write(self.program, _IDF_PY.format(python=sys.executable))
        self.program.chmod(0o755)
        self.build(APPLICATION)

    def release(self, version):
        """Say which release of MicroPython it is."""
        parts = zip(("MAJOR", "MINOR", "MICRO"), version.split("."), strict=True)
        lines = [f"#define MICROPY_VERSION_{name} {number}\n" for name, number in parts]
        self.write(self.micropython / "py/mpconfig.h", "".join(lines))

    def write(self, path, content=""):
        """Write a file and the folders above it."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)

    def build(self, application, files=FILES):
        """Decide what the next build leaves."""
        content = {
            "bootloader": BOOTLOADER,
            "partition-table": partitions.binary(partitions.load()),
            "otadata": b"\xff" * 0x2000,
            "app": application,
        }
        for part, (_, name) in files.items():
            self.write(self.out / name, content[part])
        self.write(self.out / "micropython.elf", b"\x7fELF")
        arguments = {
            "flash_settings": SETTINGS,
            "flash_files": dict(files.values()),
            **{part: {"offset": at, "file": name} for part, (at, name) in files.items()},
        }
        self.write(self.out / "flasher_args.json", json.dumps(arguments))

    @property
    def called(self):
        """Return the arguments idf.py was called with, None if it was not."""
        note = self.bin / "called"
        return json.loads(note.read_text()) if note.exists() else None


def mfg_data():
    """Return the manufacturing data that `make mfg` leaves."""
    return (ROOT / "build/mfg_nvs.bin").read_bytes()


def built(folder):
    """Fill a folder with what `make firmware` leaves, but for what is merged; return it."""
    folder.mkdir(parents=True)
    content = {
        "bootloader.bin": BOOTLOADER,
        "partition-table.bin": layout.table(),
        "otadata.bin": b"\xff" * 0x2000,
        "mfg_nvs.bin": mfg_data(),
        "application.bin": APPLICATION,
        "flasher_args.json": layout.flasher_args(SETTINGS).encode(),
    }
    for name, data in content.items():
        (folder / name).write_bytes(data)
    return folder
