"""Files for other people's machines: Wokwi's and GitHub's, as far as that can be checked here."""

import json
import re
import subprocess
import tomllib

import pytest
import yaml

import pins
from pins import ROOT
from tests_host.chip.boardpins import board_pins
from tools.image import layout

WOKWI = ROOT / "board/wokwi"
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
# Pins of Wokwi's ESP32-S2-DevKitM-1, by their names there.
WOKWI_PINS = {str(pin) for pin in (*range(22), 26, *range(33, 43), 45, 46)} | {"TX", "RX", "RST"}


def test_wokwi_runs_what_make_firmware_leaves():
    found = tomllib.loads((WOKWI / "wokwi.toml").read_text())["wokwi"]
    folder = layout.folder_of("")
    assert found["version"] == 1
    assert (WOKWI / found["firmware"]).resolve() == folder / layout.FLASHER_ARGS
    assert (WOKWI / found["elf"]).resolve() == folder / "application.elf"


def test_wokwi_has_the_at_port_on_its_serial_monitor_crossed():
    diagram = json.loads((WOKWI / "diagram.json").read_text())
    (part,) = diagram["parts"]
    assert part["type"] == "board-esp32-s2-devkitm-1"
    wires = {to: source for source, to, *_ in diagram["connections"]}
    pins_of = board_pins()
    assert wires == {
        "$serialMonitor:RX": f"{part['id']}:{pins_of['AT_TX']}",
        "$serialMonitor:TX": f"{part['id']}:{pins_of['AT_RX']}",
    }
    assert {wire.partition(":")[2] for wire in wires.values()} <= WOKWI_PINS
    assert diagram["serialMonitor"]["newline"] == "crlf"


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_workflow_is_well_formed_and_its_commands_exist(path):
    text = path.read_text()
    workflow = yaml.safe_load(text)
    assert {"name", "permissions", "jobs"} <= set(workflow)
    for job in workflow["jobs"].values():
        assert "runs-on" in job
        for step in job["steps"]:
            assert ("run" in step) != ("uses" in step)
            if "uses" in step:
                assert re.fullmatch(r"[\w-]+/[\w-]+@v\d+", step["uses"])
                continue
            script = re.sub(r"\$\{\{.*?\}\}", "X", step["run"])
            assert subprocess.run(["bash", "-n"], input=script, text=True).returncode == 0
    for target in re.findall(r"(?:run: |&& )make ([a-z]+)", text):
        done = subprocess.run(["make", "-n", target], cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr


def test_firmware_is_built_in_the_container_that_is_pinned():
    workflow = yaml.safe_load((ROOT / ".github/workflows/firmware.yml").read_text())
    assert workflow["jobs"]["image"]["container"] == pins.load()["idf"]["docker"]
    assert pins.load()["idf"]["docker"].endswith(":v" + pins.load()["idf"]["version"])


def test_every_variant_is_built():
    from tools.image import idf

    workflow = yaml.safe_load((ROOT / ".github/workflows/firmware.yml").read_text())
    assert workflow["jobs"]["image"]["strategy"]["matrix"]["variant"] == ["", *idf.variants()]


def test_readme_says_that_neither_has_been_run():
    text = " ".join((ROOT / "README.md").read_text().split())
    assert "Neither has been run" in text
    assert "has not been run" in (WOKWI / "README.md").read_text()
    assert all("has not been run" in path.read_text() for path in WORKFLOWS)
