"""The fuzzers' corpora (tools/fuzz/core.c, tls.c): for every input holds what must."""

import subprocess

import pytest

import firmware
from tests_host.c.atlinkharness import ROOT, compile_c
from tools.build import commandtable
from tools.fuzz import core

PARTS = 9


def replay(tmp_path, target, changed=None):
    """Compile a target with gcc and give it the corpus; `changed`: sources to replace."""
    commandtable.write()
    first, *others = (core.HERE / name for name in target.files)
    sources = [(changed or {}).get(source, source) for source in target.sources]
    more = []
    if target.is_tls:
        objects = firmware.build(64, True).parent / "lib/mbedtls/library"
        more = [*sorted(objects.glob("*.o")), "-no-pie"]
    program = compile_c(
        tmp_path / "replay",
        str(first.with_suffix("")),
        [*others, *sources],
        *("-DREPLAY", *core.flags(target), *map(str, more)),
    )
    core.unpack(tmp_path / "corpus", target.inputs())
    files = sorted(map(str, (tmp_path / "corpus").iterdir()))
    return subprocess.run([program, *files], capture_output=True, text=True, timeout=300)


@pytest.mark.parametrize("target", core.TARGETS, ids=lambda target: target.name)
def test_every_input_of_the_corpus_holds(tmp_path, target):
    done = replay(tmp_path, target)
    assert done.returncode == 0, done.stderr[-3000:]


def test_every_part_of_the_core_is_met():
    assert {data[0] % PARTS for data in core.CORE.inputs() if data} == set(range(PARTS))


MASK = "% ATLINK_MASK_KEY"


@pytest.mark.parametrize(
    ("target", "source", "right", "wrong"),
    [
        (core.CORE, "core/mqtt.c", "n - at < length", "false"),
        (core.CORE, "core/websocket.c", f"(at + i) {MASK}", f"i {MASK} + 0 * at"),
        (core.TLS, "net/tls.c", "? (int)size : ATLINK_NET_AGAIN", "? 1 : ATLINK_NET_AGAIN"),
        (core.TLS, "net/tls_profile.c", "if (--profile->users > 0)", "if (--profile->users > 1)"),
    ],
)  # fmt: skip
def test_the_replay_notices_what_is_wrong(tmp_path, target, source, right, wrong):
    text = (ROOT / "firmware/atlink" / source).read_text()
    assert right in text
    (tmp_path / "wrong.c").write_text(text.replace(right, wrong))
    folder = (ROOT / "firmware/atlink" / source).parent
    (tmp_path / "tls.h").write_text(f'#include "{folder / "tls.h"}"\n')
    assert replay(tmp_path, target, {source: tmp_path / "wrong.c"}).returncode != 0
