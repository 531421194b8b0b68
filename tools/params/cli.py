"""Show and change the factory parameters and certificates of a built image.

IMAGE is mfg_nvs.bin, factory.hex, factory_erase.bin, the folder build/firmware, or 4 MB read from
a module with esptool. Without --output it is changed in place, all or nothing.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tools.image import boards
from tools.params import ParamsError, nvs, pki, values
from tools.params.image import Image

_EPILOG = """\
examples:
  tools/factory.py show build/firmware
  tools/factory.py set build/firmware uart_baudrate=921600 uart_cts_pin=-1 uart_rts_pin=-1
  tools/factory.py set factory.hex country_code=DE channel_num=13 --output de.hex
  tools/factory.py pki build/firmware client_cert.0=my.crt client_key.0=my.key client_ca.1=
  tools/factory.py extract build/firmware certificates/
"""


def _pairs(words: list[str]) -> dict[str, str]:
    pairs = {}
    for word in words:
        name, sign, text = word.partition("=")
        if not sign:
            raise ParamsError(f"{word!r} is not NAME=VALUE")
        pairs[name] = text
    return pairs


def _show(given: argparse.Namespace, console: Console) -> None:
    image = Image(given.image)
    content = nvs.read(image.data)
    console.print(
        f"[bold]{escape(str(image.path))}[/], manufacturing data {image.where}", soft_wrap=True
    )
    parameters = Table(title="Factory parameters", title_justify="left")
    for name in ("parameter", "value", "meaning"):
        parameters.add_column(name)
    found = content.get(values.NAMESPACE, {})
    for name in sorted({*values.PARAMETERS, *found}, key=[*values.PARAMETERS, *found].index):
        known = values.PARAMETERS.get(name)
        value = escape(str(found[name].value)) if name in found else "[dim]not set[/]"
        parameters.add_row(name, value, known.meaning if known else "")
    console.print(parameters)
    certificates = Table(title="Certificates and keys", title_justify="left")
    for name in ("slot", "bytes", "content"):
        certificates.add_column(name)
    for space in content:
        for key, value in content[space].items() if space != values.NAMESPACE else ():
            data = value.value if isinstance(value.value, bytes) else str(value.value).encode()
            told = pki.describe(space, data) if space in pki.SPACES else value.kind
            certificates.add_row(
                key, str(len(data)), told or "[red]neither certificate nor key[/]"
            )
    console.print(certificates)
    _warn([*values.check(found, boards.ALL[given.board]), *pki.check(content)])


def _set(given: argparse.Namespace, console: Console) -> None:
    image = Image(given.image)
    content = nvs.read(image.data)
    found = content.setdefault(values.NAMESPACE, {})
    changes = {name: values.parse(name, text) for name, text in _pairs(given.pairs).items()}
    for name, value in changes.items():
        before = found[name].value if name in found else "not set"
        told = escape(f"{name}: {before} → {value.value}")
        console.print(told, highlight=False, soft_wrap=True)
        found[name] = value
    _save(image, content, given, values.check(found, boards.ALL[given.board]), console)


def _pki(given: argparse.Namespace, console: Console) -> None:
    image = Image(given.image)
    content = nvs.read(image.data)
    for name, text in _pairs(given.pairs).items():
        space, key = pki.slot(name)
        if not text:
            if content.get(space, {}).pop(key, None) is None:
                raise ParamsError(f"{key} is not there")
            console.print(f"{key}: removed", highlight=False)
            continue
        value = pki.load(name, Path(text))
        content.setdefault(space, {})[key] = value
        assert isinstance(value.value, bytes)
        told = escape(f"{key}: {pki.describe(space, value.value)}")
        console.print(told, highlight=False, soft_wrap=True)
    _save(image, content, given, pki.check(content), console)


def _extract(given: argparse.Namespace, console: Console) -> None:
    content = nvs.read(Image(given.image).data)
    given.folder.mkdir(parents=True, exist_ok=True)
    for space in pki.SPACES:
        for key, value in content.get(space, {}).items():
            path = given.folder / f"{key}.pem"
            path.touch(mode=0o600 if space.endswith("_key") else 0o644)
            path.write_bytes(value.value if isinstance(value.value, bytes) else b"")
            console.print(str(path), soft_wrap=True)


def _save(
    image: Image,
    content: nvs.Content,
    given: argparse.Namespace,
    odd: list[str],
    console: Console,
) -> None:
    _warn(odd)
    path = image.save(nvs.write(content, len(image.data)), given.output)
    console.print(f"[green]written:[/] {escape(str(path))}", soft_wrap=True)


def _warn(odd: list[str]) -> None:
    for line in odd:
        Console(stderr=True).print(f"[yellow]warning:[/] {escape(line)}", soft_wrap=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="tools/factory.py",
        description=__doc__,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, act, told in (
        ("show", _show, "show all of it"),
        ("set", _set, "change factory parameters: NAME=VALUE ..."),
        ("pki", _pki, "put in PEM files: SLOT=FILE ..., SLOT= removes"),
        ("extract", _extract, "write certificates and keys to a folder"),
    ):
        command = commands.add_parser(name, help=told, description=told)
        command.add_argument("image", type=Path, metavar="IMAGE")
        command.add_argument(
            "--board",
            choices=boards.ALL,
            default=boards.S2.name,
            help="what the image is for (default: %(default)s)",
        )
        command.set_defaults(act=act)
        if name in ("set", "pki"):
            command.add_argument("pairs", nargs="+", metavar="NAME=VALUE")
            command.add_argument("-o", "--output", type=Path, help="write here instead")
        if name == "extract":
            command.add_argument("folder", type=Path, metavar="FOLDER")
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Do what the command line says; 1 if it cannot be done."""
    given = _parser().parse_args(arguments)
    try:
        given.act(given, Console())
    except (ParamsError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0
