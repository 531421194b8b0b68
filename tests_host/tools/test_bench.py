"""The benchmark runner: results, table, file."""

import json
import re
import subprocess

import pytest
from rich.console import Console

from tools.bench import __main__ as bench
from tools.bench import (
    at_roundtrip,
    before,
    counting,
    heap_peak_suite,
    heaps,
    image_size,
    pace,
    scenes,
    soak,
    soak_mqtt,
    soak_slow,
)
from tools.bench.pace import Pace
from tools.bench.result import Bench, Result, median
from tools.catalogue.declarations import all_commands


def test_the_ratio_is_value_over_peer():
    assert Result(30, "us", 20).ratio == 1.5
    assert Result(30, "us").ratio is None


def test_the_table_shows_each_result():
    console = Console(width=200)
    with console.capture() as capture:
        console.print(bench.table({"at_roundtrip": Result(30, "us", 20, "9 slices")}))
    assert all(word in capture.get() for word in ("at_roundtrip", "30", "1.500", "9 slices"))


def test_the_file_keeps_what_this_run_did_not_measure(tmp_path):
    path = tmp_path / "bench.json"
    bench.save({"boot": Result(200, "ms")}, path)
    bench.save({"at_roundtrip": Result(30, "us", 20)}, path)
    written = json.loads(path.read_text())
    assert written["results"]["boot"] == {"value": 200, "unit": "ms", "peer": None, "ratio": None}
    assert written["results"]["at_roundtrip"]["ratio"] == 1.5
    assert written["machine"]["cores"] >= 1


def test_numbers_of_another_machine_are_not_kept(tmp_path):
    path = tmp_path / "bench.json"
    path.write_text('{"machine": {"cpu": "abacus"}, "results": {"boot": {"value": 1}}}')
    bench.save({}, path)
    assert json.loads(path.read_text())["results"] == {}


def test_an_unknown_key_is_named(capsys):
    with pytest.raises(SystemExit):
        bench.main(["speed_of_light"])
    assert "speed_of_light" in capsys.readouterr().err


def test_the_peer_echoes_what_is_written():
    with at_roundtrip._cat() as port:
        assert median(at_roundtrip._slice(port, b"AT\r\n")) > 0


def test_size_of_imitated_modules_is_left_out(monkeypatch):
    symbols = (
        "00000000 00000010 r fun_data_at_session_poll\n"
        "00000010 00000020 r fun_data_machine_reset\n"
        "00000030 00000004 r const_str_machine_1\n"
        "00000040 00000008 r const_obj_machinery_1\n"
        "00000050 00000001 T mp_frozen_names\n"
        "         U mp_type_str\n"
    )
    sizes = "text data bss dec hex filename\n100 0 0 100 64 x.o\n"
    said = {"nm": symbols, "size": sizes}
    monkeypatch.setattr(image_size, "_run", lambda program, *_: said[program])
    monkeypatch.setattr(image_size, "imitated_names", lambda: ["machine"])
    assert image_size.frozen_bytes(image_size.ROOT) == 100 - 0x20 - 4


def test_a_build_without_the_c_module_is_an_error():
    with pytest.raises(RuntimeError, match="atlink"):
        image_size.code_bytes([])


def test_a_short_soak(tmp_path):
    told = []
    result = soak.run(Bench(tmp_path, told.append), 500)
    assert result.note.startswith("500 links, 50 of them TLS: GC ")
    assert told[0] == 1 / 500 and told[-1] == 1.0 and told == sorted(told)


def test_a_log_has_percentage_and_time_left():
    now = [0.0]
    console = Console(width=100, force_terminal=False)
    with console.capture() as capture, Pace(console, 4, clock=lambda: now[0]) as run:
        for key in ("boot", "soak"):
            run.begin(key)
        for share in (0.0, 0.5, 0.9):
            now[0] += 6.0
            run.tell(share)
    assert capture.get() == "soak: 38 %, 0:20 left\n"


def test_a_terminal_has_a_bar_with_percentage_and_time_left():
    console = Console(width=100, force_terminal=True, color_system=None)
    with console.capture() as capture, Pace(console, 2) as run:
        run.begin("boot")
        run.begin("soak")
        run._bar.refresh()
    assert re.search(r"soak .* 50% left: [-\d]", capture.get())


def test_runs_of_the_runner_say_how_far_they_are(monkeypatch, tmp_path, capsys):
    class Slow:
        KEY = "boot"

        @staticmethod
        def run(given):
            given.tell(0.5)
            return Result(1, "ms")

    monkeypatch.setattr(bench, "BENCHMARKS", (Slow,))
    monkeypatch.setattr(bench, "OUTPUT", tmp_path / "bench.json")
    monkeypatch.setattr(pace, "_SAY_S", 0.0)
    assert bench.main([]) == 0
    assert "boot: 50 %, 0:00 left" in capsys.readouterr().out


@pytest.mark.parametrize(("seconds", "text"), [(0.4, "0:00"), (75, "1:15"), (3700, "1:01:40")])
def test_times_are_written_for_people(seconds, text):
    assert pace.span(seconds) == text


def test_a_short_soak_of_mqtt(tmp_path):
    result = soak_mqtt.run(Bench(tmp_path), 50)
    assert result.note.startswith("50 MQTT sessions, 5 over TLS: GC ")


def test_a_short_transfer_with_a_host_and_a_peer_that_stop_and_go(tmp_path):
    assert "SHA-256 equal" in soak_slow.run(Bench(tmp_path), 3 << 20).note


def test_other_bytes_than_were_sent_are_an_error(tmp_path, monkeypatch):
    monkeypatch.setattr(soak_slow, "digest_of", lambda *_: "of others")
    with pytest.raises(RuntimeError, match="other bytes"):
        soak_slow.run(Bench(tmp_path), 1000)


@pytest.mark.parametrize("last", [(1600, 0, 5), (1000, 40000, 5), (1000, 0, 6)])
def test_a_heap_that_grows_is_an_error(last):
    with pytest.raises(RuntimeError, match="not flat"):
        heaps.judge([heaps.Heaps(1000, 0, 5), heaps.Heaps(*last)], "links")


def test_heap_that_shrinks_is_no_growth():
    measured = [heaps.Heaps(1000, 8192, 5), heaps.Heaps(900, 4096, 5)]
    assert heaps.judge(measured, "links").value == 0


def test_the_smallest_heap_is_the_last_one_that_passed(monkeypatch):
    monkeypatch.setattr(heap_peak_suite, "first_failure", lambda kb: "test_x" if kb < 36 else None)
    result = heap_peak_suite.run(None)
    assert (result.value, result.note) == (
        36864,
        "every test passes with 36 KB, not test_x with 32",
    )


def test_a_suite_that_fails_with_the_chips_heap_is_an_error(monkeypatch):
    monkeypatch.setattr(heap_peak_suite, "first_failure", lambda _kb: "test_x")
    with pytest.raises(RuntimeError, match="test_x"):
        heap_peak_suite.run(None)


DUMP = """\
fn=(1) m_malloc
16 20
cfn=(2) gc_alloc
calls=3 40
16 300
fn=(3) gc_realloc
cfn=(2)
calls=2 40
cfn=(4) gc_collect_start
calls=1 8
fn=(2)
16 5
totals: 325
"""


def test_calls_are_added_up_over_callers(tmp_path):
    path = tmp_path / "dump"
    path.write_text(DUMP)
    assert counting.read(path) == counting.Counts(325, 5, 1)


OF_THE_CHIP = """\
fl=(1) /py/gc.c
fn=(1) gc_alloc
16 100
cfi=(2) /build/usermods/simchip/nvs.c
cfn=(2) nvs_get
calls=1 8
+3 50
fe=(2)
* 7
fe=(1)
-2 5
fl=(2)
fn=(2)
8 30
fi=(1)
9 2
fn=(3) nvs_set
10 11
fl=(3) /lib/mbedtls/library/gcm.c
fn=(4) gcm_mult
+1 40
totals: 255
"""


def test_the_imitated_chip_does_not_count(tmp_path):
    path = tmp_path / "dump"
    path.write_text(OF_THE_CHIP)
    assert counting.imitated(OF_THE_CHIP) == 30 + 2 + 11 + 40
    assert counting.read(path) == counting.Counts(255 - 83, 0, 0)


def test_a_dump_that_is_not_complete_is_no_result(tmp_path):
    path = tmp_path / "dump"
    path.write_text(DUMP.partition("totals")[0])
    assert counting.read(path) is None


def test_what_a_command_costs_is_counted(tmp_path, monkeypatch):
    monkeypatch.setenv("LOGNAME", "somebody")  # the names of callgrind's pipes hold it
    with (
        counting.counted(tmp_path) as counts,
        counts.simulator.module(timeout_s=counting.LIMIT_S) as module,
    ):
        counting.at_rest(module)
        few, many = (
            counts.count(lambda times=times: [module.ok("AT+GMR") for _ in range(times)])
            for times in (1, 11)
        )
    assert many.instructions > 5 * few.instructions > 0
    assert many.allocations > few.allocations > 0


def test_the_build_before_is_a_checkout(monkeypatch, tmp_path):
    before.checkout.cache_clear()
    monkeypatch.setenv("BEFORE", str(tmp_path))
    with pytest.raises(RuntimeError, match="no checkout"):
        before.checkout()
    monkeypatch.delenv("BEFORE")
    assert before.checkout() is None


def test_the_copy_of_the_build_before_has_its_files_and_no_others(monkeypatch, tmp_path):
    monkeypatch.setattr(before, "_COPY", tmp_path / "copy")
    source = tmp_path / "source"
    (source / "firmware").mkdir(parents=True)
    (source / "firmware" / "main.py").write_text("new")
    (source / "scratch").write_text("not tracked")
    subprocess.run(["git", "init", "-q", source], check=True)
    subprocess.run(["git", "-C", source, "add", "firmware"], check=True)
    (tmp_path / "copy" / "firmware").mkdir(parents=True)
    (tmp_path / "copy" / "firmware" / "gone.py").write_text("old")
    before._copy(source)
    found = {path.name for path in (tmp_path / "copy").rglob("*") if path.is_file()}
    assert found - {"deps", "venv"} == {"main.py"}


def test_the_first_commands_are_one_of_each_group():
    groups = {each.name: each.group for each in all_commands()}
    names = [line[2:].partition("=")[0].rstrip("?") for line in scenes.FIRST]
    assert sorted(groups[name] for name in names) == sorted(set(groups.values()))
    mixed = [groups[line[2:].rstrip("?")] for line in scenes.MIX]
    assert len(set(mixed)) == len(mixed) == 8
