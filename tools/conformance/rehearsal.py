"""The conformance run as with a real module, without one: `make rehearsal`.

A simulated module lives in a network of its own (a Linux network namespace, joined to another one
by a pair of virtual interfaces), in which nothing of this PC is on loopback, and its port is as
slow as its rate says. The other namespace is the bench: the conformance run is given the module's
port, network and this machine's address there, and knows nothing of a simulation. No privilege is
needed where ordinary users may make namespaces.

What stands after -- goes to the conformance run: -- -- -k wifi selects tests.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tools.build import interrupt
from tools.host.simprocess import Simulator

ROOT = Path(__file__).resolve().parents[2]
HOST, MODULE, NETMASK = "10.77.0.1", "10.77.0.2", "255.255.255.0"
HOST6, MODULE6 = "fd77::1", "fd77::2"
NAME = "bench.lan"
_UNSHARE = ("unshare", "--user", "--map-root-user", "--net")
_INSIDE = "AT_REHEARSAL"  # environment: this process is in its namespace already
_SECRET = "a password, quoted"
_WORLD = """\
[[ap]]
ssid = "rehearsal"
security = "{security}"
{secret}

[[ap]]
ssid = "neighbour"
security = "open"

[dhcp]
first = "{module}"
last = "{module}"
gateway = "{host}"
netmask = "{mask}"

[dns]
"{name}" = ["{host}"]
".test" = ""
".invalid" = ""
"ipv6.test" = ""
"""


class RehearsalError(Exception):
    """The networks cannot be made; the text says why."""


def enter() -> None:
    """Go on in a namespace of our own; RehearsalError where that is not allowed."""
    if os.environ.get(_INSIDE):
        return
    for program in ("unshare", "nsenter", "ip"):
        if not shutil.which(program):
            raise RehearsalError(f"there is no program {program} (Debian: util-linux, iproute2)")
    probe = subprocess.run([*_UNSHARE, "true"], capture_output=True, text=True)
    if probe.returncode != 0:
        reason = probe.stderr.strip()
        raise RehearsalError(f"this system lets nobody make network namespaces: {reason}")
    words = [sys.executable, "-m", "tools.conformance.rehearsal", *sys.argv[1:]]
    os.execvpe(_UNSHARE[0], [*_UNSHARE, *words], {**os.environ, _INSIDE: "1"})


def run(*command: str) -> None:
    """Run a program; RehearsalError with its words if it fails."""
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise RehearsalError(f"{' '.join(command)}: {done.stderr.strip()}")


class Air:
    """The module's namespace; `prefix` is put in front of a command that is to run in it."""

    def __init__(self) -> None:
        """Make it and the cable to ours."""
        self._holder = subprocess.Popen(["unshare", "--net", "sleep", "infinity"])
        here = os.readlink("/proc/self/ns/net")
        there = f"/proc/{self._holder.pid}/ns/net"
        while os.readlink(there) == here:
            time.sleep(0.01)
        self.prefix = ("nsenter", f"--net={there}")
        run("ip", "link", "set", "lo", "up")
        run("ip", "link", "add", "bench", "type", "veth", "peer", "name", "air", "netns", there)
        for prefix, name, address, address6 in (
            ((), "bench", HOST, HOST6),
            (self.prefix, "air", MODULE, MODULE6),
        ):
            run(*prefix, "ip", "link", "set", "lo", "up")
            run(*prefix, "ip", "address", "add", f"{address}/24", "dev", name)
            run(*prefix, "ip", "address", "add", f"{address6}/64", "dev", name, "nodad")
            run(*prefix, "ip", "link", "set", name, "up")

    def close(self) -> None:
        """End it."""
        self._holder.kill()
        self._holder.wait()


def world(folder: Path, password: str) -> Path:
    """Write the world file and return its path."""
    path = folder / "world.toml"
    quoted = password.replace("\\", "\\\\").replace('"', '\\"')
    path.write_text(
        _WORLD.format(
            security="wpa2_psk" if password else "open",
            secret=f'password = "{quoted}"' if password else "",
            module=MODULE,
            host=HOST,
            mask=NETMASK,
            name=NAME,
        )
    )
    return path


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """Return the command line's arguments; `more` are those of the conformance run."""
    parser = argparse.ArgumentParser(
        prog="make rehearsal",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--open", action="store_true", help="the access point has no password")
    parser.add_argument("--fast", action="store_true", help="the port is as fast as this PC")
    parser.add_argument("--bits", type=int, choices=(32, 64), default=32, help="word size")
    parser.add_argument("--seed", type=int, help="of the order (default: another one each time)")
    parser.add_argument("--folder", type=Path, help="where the report goes (default: build)")
    words = list(sys.argv[1:] if arguments is None else arguments)
    end = words.index("--") if "--" in words else len(words)
    given = parser.parse_args(words[:end])
    given.more = words[end + 1 :]
    return given


def conformance(port: str, password: str, given: argparse.Namespace) -> int:
    """Run the suite on a port as if a module were there; return its exit status."""
    seed = random.randrange(10_000) if given.seed is None else given.seed
    folder = given.folder or ROOT / "build/rehearsal"
    folder.mkdir(parents=True, exist_ok=True)
    print(f"[rehearsal] the module is {MODULE}, this machine {HOST}; --seed {seed}", flush=True)
    more = given.more if "--" in given.more else [*given.more, "--"]
    command = [sys.executable, "-m", "tools.conformance", port, "--folder", str(folder)]
    command += ["--ssid", "rehearsal", "--password", password, "--host-ip", HOST]
    command += ["--host-ip6", HOST6, "--host-name", NAME, "--overwrite", *more]
    return subprocess.run([*command, "--shuffle", str(seed)], cwd=ROOT).returncode


def main(arguments: list[str] | None = None) -> int:
    """Run what the command line says; 1 if something failed or could not be run."""
    given = parse(arguments)
    try:
        enter()
        air = Air()
    except RehearsalError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    password = "" if given.open else _SECRET
    timing = () if given.fast else ("--baud-timing",)
    try:
        with tempfile.TemporaryDirectory(prefix="rehearsal-") as scratch:
            folder = Path(scratch)
            options = ("--world", str(world(folder, password)), *timing)
            with Simulator(
                folder / "module", bits=given.bits, options=options, prefix=air.prefix
            ).start(erase=True) as module:
                return conformance(str(module.link), password, given)
    finally:
        air.close()


if __name__ == "__main__":
    interrupt.quietly()
    sys.exit(main())
