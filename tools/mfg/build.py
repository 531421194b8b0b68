#!/usr/bin/env python3
"""Make build/mfg_nvs.bin, the image of the manufacturing partition, from mfg_nvs.csv: `make mfg`.

The image is made by Espressif's own generator; test certificates are made first if build/certs
is not there. Prints the path of the image; an unchanged one costs a few milliseconds.
"""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools/build"))

SOURCE = Path(__file__).with_name("mfg_nvs.csv")
CERTIFICATES = ROOT / "build/certs"
MAKER = Path(__file__).with_name("certificates.py")
IMAGE = ROOT / "build/mfg_nvs.bin"
SIZE = 0x1C000


def has_certificates() -> bool:
    """Say whether build/certs is there and was made by the present certificates.py."""
    sample = CERTIFICATES / "ca.crt"
    return sample.exists() and sample.stat().st_mtime_ns >= MAKER.stat().st_mtime_ns


def is_current(source: Path, image: Path) -> bool:
    """Say whether the image is newer than all it is made of."""
    if not image.exists() or not has_certificates():
        return False
    made = image.stat().st_mtime_ns
    return all(
        path.stat().st_mtime_ns <= made for path in (source, CERTIFICATES, *CERTIFICATES.iterdir())
    )


def build(source: Path = SOURCE, image: Path = IMAGE) -> Path:
    """Return the path of the up-to-date image; FetchError if it cannot be made."""
    if is_current(source, image):
        return image
    import shutil

    import chores
    import pyenv

    python = pyenv.ensure("mfg")
    with chores.locked("mfg"):
        if is_current(source, image):
            return image
        chores.say(f"making {image.name}")
        if not has_certificates():
            scratch = CERTIFICATES.with_name("certs.part")
            shutil.rmtree(scratch, ignore_errors=True)
            pyenv.run([python, MAKER, scratch], "cannot make the test certificates")
            shutil.rmtree(CERTIFICATES, ignore_errors=True)
            scratch.rename(CERTIFICATES)
        scratch = image.with_name(f"{image.stem}.part.bin")  # the generator insists on .bin
        os.chdir(ROOT)  # the file names in the CSV are relative to it
        generator = [python, "-m", "esp_idf_nvs_partition_gen", "generate", source, scratch]
        pyenv.run([*generator, hex(SIZE)], f"cannot make {image.name} from {source}")
        scratch.replace(image)
    return image


def main() -> None:
    """Build the image, print its path; arguments are the table to make it of, and the image."""
    try:
        print(build(*(Path(word).resolve() for word in sys.argv[1:3])))
    except Exception as error:
        if type(error).__name__ != "FetchError":
            raise
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    import interrupt

    interrupt.quietly()
    main()
