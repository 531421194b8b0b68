"""The chip's C code compiles without ESP-IDF, and the declarations it compiles against are true.

The declarations in idf_decls stand for headers that are not here. Each file says which header it
was compared with, when and how; a sum over its text makes sure that nothing changed since.
"""

import hashlib
import re

import pytest

import chipcheck
import fetch
import system

DECLARATIONS = sorted(chipcheck.DECLARATIONS.rglob("*.h"))
HEADER = re.compile(
    r"// (ESP-IDF v5\.4|MicroPython 1\.25\.0|newlib 4\.3\.0|esp-lwip|esp-protocols)[^:]*: [\w./]+"
)
RECORD = re.compile(r"// Compared on (\d{4}-\d\d-\d\d) with that header: .+")
SUM = re.compile(r"// Sum of what follows when it was compared: ([0-9a-f]{12})")


def name_of(path):
    return str(path.relative_to(chipcheck.DECLARATIONS))


@pytest.mark.parametrize("path", DECLARATIONS, ids=name_of)
def test_a_declaration_carries_the_record_of_its_check(path):
    head, guard, rest = path.read_text().partition("#ifndef DECL_")
    *headers, record, total = head.splitlines()
    assert headers, "no header is named"
    assert all(HEADER.match(line) for line in headers), headers
    assert RECORD.fullmatch(record), record
    found = hashlib.sha256((guard + rest).encode()).hexdigest()[:12]
    assert SUM.fullmatch(total)[1] == found, (
        f"changed since it was compared: compare it again with its header, then write {found}"
    )


@pytest.mark.parametrize("path", DECLARATIONS, ids=name_of)
def test_a_declaration_is_needed(path):
    wanted = f'"{name_of(path).removeprefix("micropython/")}"'
    others = [*chipcheck.sources(), *DECLARATIONS, *chipcheck.ROOT.glob("firmware/at*/**/*.h")]
    texts = [other.read_text() for other in others if other != path]
    texts += [text.replace("<", '"').replace(">", '"') for text in texts]
    by_micropython = {"mpconfigport.h", "mphalport.h", "mpthreadport.h"}
    assert path.name in by_micropython or any(f"#include {wanted}" in text for text in texts)


@pytest.fixture(scope="module")
def micropython():
    """Return MicroPython's sources, with the compilers in place."""
    system.ensure("gcc", "m32", "xtensa")
    return fetch.micropython()


def test_every_file_of_the_chip_compiles(micropython):
    assert chipcheck.compile_all(micropython, chipcheck.sources()) == []


# What a slip would look like: file, what is there, what it becomes, what the compilers say.
SLIPS = [
    ("wifi.c", "esp_wifi_set_mac(interface, mac)", "esp_wifi_set_mac(mac)", "too few arguments"),
    ("dhcp.c", "range.start_ip.addr", "range.start.addr", "has no member named"),
    ("power.c", "ESP_SLEEP_WAKEUP_ALL", "ESP_SLEEP_ALL", "undeclared"),
    ("port_esp32.c", "uart_get_baudrate(uart, ", "uart_get_baudrate(uart, (int *)", "pointer"),
]


@pytest.mark.parametrize(("name", "there", "slip", "complaint"), SLIPS)
def test_a_slip_is_found(micropython, tmp_path, name, there, slip, complaint):
    [path] = [path for path in chipcheck.sources() if path.name == name]
    text = path.read_text()
    assert there in text
    (tmp_path / name).write_text(text.replace(there, slip))
    complaints = chipcheck.compile_all(micropython, [tmp_path / name])
    assert len(complaints) == len(chipcheck.COMPILERS)
    assert all(complaint in text for text in complaints)
