"""The fuzzer's corpus (tools/fuzz/core.c): for every input holds what must, every part is met."""

import subprocess

import pytest

from tests_host.c.atlinkharness import ROOT, compile_c
from tools.build import commandtable
from tools.fuzz import core

PARTS = 9


def replay(tmp_path, sources=core.SOURCES):
    """Compile the fuzzer's program with gcc and give it the corpus."""
    commandtable.write()
    program = compile_c(
        tmp_path / "replay",
        str(core.PROGRAM.with_suffix("")),
        sources,
        *("-DREPLAY", f"-I{ROOT / 'build/generated'}"),
    )
    core.unpack(tmp_path / "corpus", core.inputs())
    files = sorted(map(str, (tmp_path / "corpus").iterdir()))
    return subprocess.run([program, *files], capture_output=True, text=True, timeout=300)


def test_every_input_of_the_corpus_holds(tmp_path):
    done = replay(tmp_path)
    assert done.returncode == 0, done.stderr[-3000:]
    assert {data[0] % PARTS for data in core.inputs() if data} == set(range(PARTS))


@pytest.mark.parametrize(
    ("source", "right", "wrong"),
    [
        ("core/mqtt.c", "n - at < length", "false"),
        ("core/websocket.c", "(at + i) % ATLINK_MASK_KEY", "i % ATLINK_MASK_KEY + 0 * at"),
    ],
)
def test_the_replay_notices_what_is_wrong(tmp_path, source, right, wrong):
    text = (ROOT / "firmware/atlink" / source).read_text()
    assert right in text
    (tmp_path / "wrong.c").write_text(text.replace(right, wrong))
    sources = [str(tmp_path / "wrong.c") if each == source else each for each in core.SOURCES]
    assert replay(tmp_path, sources).returncode != 0
