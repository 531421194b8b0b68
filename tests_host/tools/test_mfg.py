"""`make mfg`: the image holds what the CSV says, by a reader that knows nothing of its maker."""

import csv
import shutil
import ssl
import struct
import subprocess
import sys
import zlib

import pytest

from pins import ROOT

PAGE, ENTRY = 4096, 32
NUMBERS = {0x01: "<B", 0x11: "<b", 0x02: "<H", 0x12: "<h", 0x04: "<I", 0x14: "<i"}
ENCODINGS = {"u8": 0x01, "i8": 0x11, "u32": 0x04, "i32": 0x14, "string": 0x21, "binary": 0x48}
BUILD_SCRIPT = ROOT / "tools/mfg/build.py"


@pytest.fixture(scope="module")
def image():
    done = subprocess.run(
        [sys.executable, BUILD_SCRIPT], capture_output=True, text=True, check=True
    )
    path = done.stdout.strip()
    assert path == str(ROOT / "build/mfg_nvs.bin")
    with open(path, "rb") as file:
        return file.read()


def entries(image):
    """Yield (namespace number, type, chunk, key, field, data behind it) of all written entries."""
    for start in range(0, len(image), PAGE):
        page = image[start : start + PAGE]
        index = 0
        while index < 126:
            state = page[32 + index // 4] >> (index % 4 * 2) & 3
            head = page[64 + index * ENTRY :][:ENTRY]
            if state != 2:
                index += 1
                continue
            namespace, kind, span, chunk, crc = struct.unpack_from("<BBBBI", head)
            assert crc == zlib.crc32(head[:4] + head[8:], 0xFFFFFFFF)
            follows = page[64 + (index + 1) * ENTRY :][: (span - 1) * ENTRY]
            yield namespace, kind, chunk, head[8:24].rstrip(b"\0").decode(), head[24:], follows
            index += span


def read_nvs(image):
    """Return {namespace: {key: (type, value)}}."""
    rows = list(entries(image))
    names = {field[0]: key for namespace, _, _, key, field, _ in rows if namespace == 0}
    found = {name: {} for name in names.values()}
    for namespace, kind, _, key, field, follows in rows:
        if namespace == 0:
            continue
        keys = found[names[namespace]]
        if kind in NUMBERS:
            keys[key] = (kind, struct.unpack_from(NUMBERS[kind], field)[0])
        elif kind == 0x21:
            size, _, crc = struct.unpack("<HHI", field)
            assert crc == zlib.crc32(follows[:size], 0xFFFFFFFF)
            keys[key] = (kind, follows[:size].rstrip(b"\0").decode())
        elif kind == 0x48:
            total, chunks, first = struct.unpack_from("<IBB", field)
            parts = {
                chunk: data[: struct.unpack_from("<H", size)[0]]
                for other, type_, chunk, name, size, data in rows
                if (other, type_, name) == (namespace, 0x42, key)
            }
            blob = b"".join(parts[first + index] for index in range(chunks))
            assert len(blob) == total
            keys[key] = (kind, blob)
    return found


def expected():
    """Return what the CSV says, in the same form."""
    found, keys = {}, {}
    with (ROOT / "tools/mfg/mfg_nvs.csv").open() as file:
        for row in csv.DictReader(file):
            if row["type"] == "namespace":
                keys = found.setdefault(row["key"], {})
                continue
            value = row["value"]
            if row["type"] == "file":
                value = (ROOT / value).read_bytes()
            elif row["encoding"] != "string":
                value = int(value)
            keys[row["key"]] = (ENCODINGS[row["encoding"]], value)
    return found


def test_image_has_the_size_of_its_partition(image):
    assert len(image) == 0x1C000


def test_image_holds_what_the_csv_says(image):
    assert read_nvs(image) == expected()


def test_factory_parameters_are_those_of_the_module(image):
    factory = {key: value for key, (_, value) in read_nvs(image)["factory_param"].items()}
    assert factory["module_name"] == "MINI-1"
    assert factory["max_tx_power"] == 78
    assert (factory["uart_tx_pin"], factory["uart_rx_pin"]) == (17, 21)
    assert (factory["uart_cts_pin"], factory["uart_rts_pin"]) == (20, 19)


@pytest.mark.parametrize(
    ("certificate", "key", "authority"),
    [
        ("client_cert_00.crt", "client_key_00.key", "client_ca_00.crt"),
        ("client_cert_01.crt", "client_key_01.key", "client_ca_01.crt"),
        ("server_cert.crt", "server.key", "server_ca.crt"),
        ("mqtt_client.crt", "mqtt_client.key", "mqtt_ca.crt"),
        ("wpa2_client.crt", "wpa2_client.key", "wpa2_ca.pem"),
        ("peer.crt", "peer.key", "ca.crt"),
        ("other_peer.crt", "other_peer.key", "other_ca.crt"),
    ],
)
def test_certificate_fits_its_key_and_authority(image, certificate, key, authority):
    del image  # the certificates are made with it
    folder = ROOT / "build/certs"
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(folder / certificate, folder / key)
    verify = ["openssl", "verify", "-CAfile", folder / authority, folder / certificate]
    if shutil.which("openssl"):
        assert subprocess.run(verify, capture_output=True).returncode == 0


def test_certificates_of_http_and_websocket_are_rows_like_the_others(image, tmp_path):
    """They are not in the table as it is; see docs/flashing.md."""
    assert not [space for space in read_nvs(image) if space.startswith(("https", "wss"))]
    files = {"ca": "client_ca_00.crt", "cert": "client_cert_00.crt", "key": "client_key_00.key"}
    slots = {f"{owner}_{part}": file for owner in ("https", "wss") for part, file in files.items()}
    table, target = tmp_path / "more.csv", tmp_path / "more.bin"
    table.write_text(
        (ROOT / "tools/mfg/mfg_nvs.csv").read_text()
        + "".join(
            f"{slot},namespace,,\n{slot}.0,file,binary,build/certs/{file}\n"
            for slot, file in slots.items()
        )
    )
    subprocess.run([sys.executable, BUILD_SCRIPT, table, target], check=True, capture_output=True)
    found = read_nvs(target.read_bytes())
    for slot, file in slots.items():
        data = (ROOT / "build/certs" / file).read_bytes()
        assert found.pop(slot) == {f"{slot}.0": (ENCODINGS["binary"], data)}
    assert found == read_nvs(image)


def test_unchanged_image_is_not_made_again(image):
    del image
    path = ROOT / "build/mfg_nvs.bin"
    before = path.stat().st_mtime_ns
    subprocess.run([sys.executable, BUILD_SCRIPT], check=True, capture_output=True)
    assert path.stat().st_mtime_ns == before


def test_row_the_generator_refuses_is_reported_and_leaves_the_old_image(tmp_path):
    bad = tmp_path / "bad.csv"
    bad.write_text("key,type,encoding,value\nspace,namespace,,\nnumber,data,u8,many\n")
    old = tmp_path / "mfg_nvs.bin"
    old.write_bytes(b"old")
    code = (
        f"import sys; sys.path.insert(0, {str(BUILD_SCRIPT.parent)!r})\n"
        "import build, fetch, os, pathlib\n"
        f"os.utime({str(old)!r}, (0, 0))\n"
        "try:\n"
        f"    build.build(pathlib.Path({str(bad)!r}), pathlib.Path({str(old)!r}))\n"
        "except fetch.FetchError as error:\n"
        "    print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("cannot make mfg_nvs.bin from ")
    assert old.read_bytes() == b"old"
