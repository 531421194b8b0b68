"""Run the conversations of tests_device/ against a module on a port: `make conformance PORT=`.

Looks first whether a module answers there, then plays what the bench can offer, and leaves
build/conformance.html: pass, fail, or skip with its reason, and every byte with its time. With
--reference the module's firmware (Espressif's, say) is not judged but recorded; later runs set
its bytes beside theirs.
"""

from __future__ import annotations

import argparse
import socket
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import serial

from tools.build import interrupt
from tools.conformance import report
from tools.host.atclient import ATMismatch, Module

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build"
_ATTEMPTS = 6  # at bringing a module back to commands


class BenchError(Exception):
    """There is no bench to test on; the text says what is missing."""


def firmware(port: str, baud: int) -> str:
    """Return what the module says of its firmware; BenchError if nobody answers."""
    try:
        with Module(port, baud=baud, timeout_s=5.0) as module:
            module.resync(_ATTEMPTS)
            lines = module.ok("AT+GMR")
    except (serial.SerialException, OSError, ValueError, NotImplementedError) as error:
        raise BenchError(f"cannot open {port}: {error}") from error
    except ATMismatch:
        raise BenchError(
            f"nobody answers AT on {port} at {baud} baud: is it the AT port (UART1, not the log "
            "port), are TX and RX crossed, is the rate right (BAUD=)?"
        ) from None
    return "; ".join(line for line in lines if "version" in line)


def host_ip(port: str) -> str:
    """Return the address of this machine as a module is likely to reach it."""
    target = urlsplit(port).hostname if "://" in port else None
    if target in ("127.0.0.1", "localhost", "::1"):
        return "127.0.0.1"
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.connect((target or "192.0.2.1", 9))  # sends nothing; chooses the interface
            return str(sock.getsockname()[0])
    except OSError:
        raise BenchError("this machine has no network: give its address with HOST_IP=") from None


def pytest_command(given: argparse.Namespace, host: str, results: Path, name: str) -> list[str]:
    """Return the command line that runs the suite."""
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider"]
    command += ["--port", given.port, "--baud", str(given.baud), "--host-ip", host]
    for option in ("ssid", "password", "host-ip6", "host-name"):
        value = getattr(given, option.replace("-", "_"))
        if value:
            command += [f"--{option}", value]
    command += ["--results", str(results), "--firmware", name]
    command += [f"--{name}" for name in ("reference", "overwrite") if getattr(given, name)]
    tests = "tests_device/test_scenarios.py" if given.reference else "tests_device"
    return [*command, tests, *given.pytest]


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """Return the command line's arguments."""
    parser = argparse.ArgumentParser(
        prog="make conformance",
        description=__doc__,
        epilog="What stands after -- goes to pytest, for example -- -k wifi.",
    )
    parser.add_argument("port", help="the module's AT port: a device or a pyserial URL")
    parser.add_argument("--baud", type=int, default=115200, help="its rate (default: 115200)")
    parser.add_argument("--ssid", help="an access point the module may join")
    parser.add_argument("--password", help='its password (default: "", an open network)')
    parser.add_argument("--host-ip", help="address of this machine as the module reaches it")
    parser.add_argument("--host-ip6", help="its IPv6 address (default: none is tried)")
    parser.add_argument("--host-name", help="a name for it that the module can look up")
    parser.add_argument("--folder", type=Path, default=BUILD, help="where the report goes")
    parser.add_argument(
        "--overwrite", action="store_true", help="the module's certificates and files may be lost"
    )
    parser.add_argument("--reference", action="store_true", help="record, do not judge")
    words = list(sys.argv[1:] if arguments is None else arguments)
    end = words.index("--") if "--" in words else len(words)
    given = parser.parse_args(words[:end])
    given.pytest = words[end + 1 :]
    return given


def run_suite(command: list[str]) -> int:
    """Run pytest; after Ctrl-C it still writes down what ran."""
    with subprocess.Popen(command, cwd=ROOT) as process:
        while True:
            try:
                return process.wait()
            except KeyboardInterrupt:
                print("\n[conformance] ended by Ctrl-C; what ran is kept", file=sys.stderr)


def run(given: argparse.Namespace) -> int:
    """Run the suite and write the report; return pytest's exit status."""
    name = firmware(given.port, given.baud)
    host = given.host_ip or host_ip(given.port)
    print(
        f"[conformance] {name}\n[conformance] on {given.port}, this machine is {host}", flush=True
    )
    if not given.ssid:
        print("[conformance] no SSID=: what needs an access point is skipped", flush=True)
    reference = given.folder / "reference.json"
    results = reference if given.reference else given.folder / "conformance.json"
    fresh = results.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    status = run_suite(pytest_command(given, host, fresh, name))
    if not fresh.exists() or not report.load(fresh)["tests"]:
        fresh.unlink(missing_ok=True)
        raise BenchError("nothing ran, so an older report stays; what pytest said is above")
    page = results.with_suffix(".html")
    for path in (results, page):
        if path.exists():
            path.replace(path.with_stem(path.stem + ".old"))
    fresh.replace(results)
    beside = reference if reference.exists() and not given.reference else None
    report.write(results, page, beside)
    print(f"[conformance] report: {page}")
    return status


def main(arguments: list[str] | None = None) -> int:
    """Run what the command line says; 1 if something failed or could not be run."""
    try:
        return run(parse(arguments))
    except BenchError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\n[conformance] ended by Ctrl-C before anything ran", file=sys.stderr)
        return 130


if __name__ == "__main__":
    interrupt.quietly()
    sys.exit(main())
