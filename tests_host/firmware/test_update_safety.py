"""AT+CIUPDATE and what may go wrong: power cuts at any write, a firmware that does not run."""

import threading

import pytest

from tests_host.firmware.updatebench import IMAGE, Bench
from tools.host.simprocess import Simulator
from tools.peers.updateserver import Server

# Where in an update the power goes, as a share of its flash writes: 1 is the last one, the choice
# of the slot.
MOMENTS = (0.0, 0.1, 0.5, 0.9, 0.98, 1.0)
# The other slot's firmware, so to speak: it falls over before it has said ready.
_FALL = """
import esp32
import machine

if esp32.Partition(esp32.Partition.RUNNING).info()[4] == "ota_1":
    machine.reset()
"""


@pytest.fixture
def server(tmp_path):
    (tmp_path / "store" / "v2.0.0").mkdir(parents=True)
    (tmp_path / "store" / "v2.0.0" / "ota.bin").write_bytes(IMAGE)
    server = Server(tmp_path / "store", ("127.0.0.1", 0))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def prepare(simulator, module, server):
    bench = Bench(simulator, module)
    place = f"127.0.0.1:{server.server_address[1]}"
    bench.mfg("factory_param", "update_server", 7, place.encode())
    return bench


def update(module):
    """Update the other slot; return after the restart, or the one of a power cut."""
    module.echo_off()
    module.send("AT+CIUPDATE")
    module.wait_ready()


def starts(simulator):
    rows = [row for row in simulator.log_text().splitlines() if "start of slot" in row]
    return [row.split()[4].rstrip(":") for row in rows]


def writes(simulator):
    return simulator.act("status")["flash_writes"]


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_power_cut_leaves_a_module_that_can_be_updated(simulate, server, moment):
    simulator = simulate()
    with simulator.module(timeout_s=60) as module:
        prepare(simulator, module, server)
        before = writes(simulator)
        update(module)
        total = writes(simulator) - before
        module.read_until(b"WIFI GOT IP\r\n")
        simulator.act(f"power_cut {max(1, int(total * moment) - 2)}")
        update(module)
        assert "power cut during a flash operation" in simulator.log_text()
        assert starts(simulator) == ["ota_0", "ota_1", "ota_1"], "the cut came before the choice"
        module.read_until(b"WIFI GOT IP\r\n")
        update(module)
        assert starts(simulator)[-1] == "ota_0"


def test_a_firmware_that_does_not_run_is_left_for_the_old_one(server, tmp_path):
    simulator = Simulator(tmp_path / "falling")
    simulator.put_user_file("fall.py", _FALL)
    with simulator.start(erase=True), simulator.module(timeout_s=60) as module:
        prepare(simulator, module, server)
        reply = module.command("AT+CIUPDATE", timeout_s=60)
        assert reply.lines[-1] == "+CIPUPDATE:4"
        module.wait_ready()
        assert starts(simulator) == ["ota_0", "ota_1", "ota_0"]
        simulator.act("power_cycle")
        module.wait_ready()
        assert starts(simulator)[-1] == "ota_0", "it is not tried again"
