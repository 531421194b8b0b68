"""Download a pinned Debian source package, without root and without touching the machine's apt.

Takes mirror, proxy and keys from the machine's own apt configuration, and keeps its state under
build/deps. Sums are checked by fetch.py.
"""

import os
import re
import subprocess
from pathlib import Path

DEBIAN_SUITES = {
    *("oldoldstable", "oldstable", "stable", "testing", "unstable", "sid"),
    *("bullseye", "bookworm", "trixie", "forky", "duke"),
}
KEYRINGS = ("debian-archive-keyring.gpg", "debian-archive-keyring.pgp")


class AptError(Exception):
    """apt cannot give the pinned package; the text says why."""


def deb822_mirrors(text: str) -> list[str]:
    """Return the URIs of the Debian main archive in a `.sources` file."""
    found = []
    for paragraph in text.split("\n\n"):
        fields, key = {}, ""
        for line in paragraph.splitlines():
            if line.startswith("#"):
                continue
            if line[:1] in (" ", "\t"):
                fields[key] = fields.get(key, "") + " " + line.strip()
            elif ":" in line:
                key, _, value = line.partition(":")
                key = key.lower()
                fields[key] = value.strip()
        suites = set(fields.get("suites", "").split())
        enabled = fields.get("enabled", "yes").lower() not in ("no", "false", "0")
        if enabled and suites & DEBIAN_SUITES and "main" in fields.get("components", "").split():
            found += fields.get("uris", "").split()
    return found


def list_mirrors(text: str) -> list[str]:
    """Return the URIs of the Debian main archive in a one-line-style `.list` file."""
    found = []
    for line in text.splitlines():
        words = re.sub(r"\[.*?\]|#.*", " ", line).split()
        if words[:1] in (["deb"], ["deb-src"]) and "main" in words[3:]:
            found += [words[1]] if words[2] in DEBIAN_SUITES else []
    return found


def mirrors(etc: Path = Path("/etc/apt")) -> list[str]:
    """Return the machine's Debian mirrors in apt's order, each once."""
    found = []
    files = [etc / "sources.list", *sorted((etc / "sources.list.d").glob("*"))]
    for path in files:
        if path.suffix in (".list", ".sources") and path.is_file():
            parse = deb822_mirrors if path.suffix == ".sources" else list_mirrors
            found += parse(path.read_text(errors="replace"))
    return list(dict.fromkeys(uri.rstrip("/") for uri in found if "security" not in uri))


def source_entry(uri: str, suite: str, keyrings: Path = Path("/usr/share/keyrings")) -> str:
    """Return a deb-src entry for that mirror, signed by the machine's archive keyring if any."""
    entry = f"Types: deb-src\nURIs: {uri}\nSuites: {suite}\nComponents: main\n"
    keyring = next((keyrings / name for name in KEYRINGS if (keyrings / name).exists()), None)
    return entry + (f"Signed-By: {keyring}\n" if keyring else "")


def options(state: Path) -> list[str]:
    """Return the apt options that keep everything under `state`."""
    settings = {
        "Dir::State": state,
        "Dir::State::lists": state / "lists",
        "Dir::Cache": state / "cache",
        "Dir::Etc::sourcelist": state / "pinned.sources",
        "Dir::Etc::sourceparts": "-",
        "APT::Sandbox::User": "root",
        "Acquire::Languages": "none",
        "Acquire::Retries": "3",
    }
    return [word for key, value in settings.items() for word in ("-o", f"{key}={value}")]


def run(command: list[str], folder: Path) -> subprocess.CompletedProcess:
    """Run an apt command in `folder`, its messages in English and kept."""
    environment = {**os.environ, "LC_ALL": "C.UTF-8"}
    return subprocess.run(
        command,
        cwd=folder,
        env=environment,
        text=True,
        stdin=subprocess.DEVNULL,
        capture_output=True,
    )


def download(pin: dict, suite: str, folder: Path, state: Path) -> None:
    """Download the files of the pinned source package into `folder`; AptError says why not."""
    uris = mirrors()
    if not uris:
        raise AptError("this machine's apt knows no Debian mirror")
    for name in ("lists/partial", "cache/archives/partial"):
        (state / name).mkdir(parents=True, exist_ok=True)
    problem = ""
    for uri in uris:
        (state / "pinned.sources").write_text(source_entry(uri, suite))
        problem = download_from(pin, suite, folder, state)
        if not problem:
            return
    raise AptError(problem)


def download_from(pin: dict, suite: str, folder: Path, state: Path) -> str:
    """Download with the one configured mirror; return what went wrong, "" for nothing."""
    name, version = pin["debian_source"], pin["debian_version"]
    update = run(["apt-get", *options(state), "-q", "--error-on=any", "update"], folder)
    if update.returncode != 0:
        return f"apt-get update for {suite} failed: {last_line(update.stderr)}"
    source = ["apt-get", *options(state), "-q", "source", "--download-only", f"{name}={version}"]
    fetched = run(source, folder)
    if fetched.returncode == 0:
        return ""
    shown = run(["apt-cache", *options(state), "showsrc", name], folder).stdout
    offered = [line.split()[1] for line in shown.splitlines() if line.startswith("Version:")]
    if offered and version not in offered:
        return (
            f"Debian {suite} no longer has {name} {version} but {', '.join(offered)}: "
            f"change debian_version and the sums of [{name}] in tools/build/pins.toml"
        )
    return f"apt-get source {name}={version} failed: {last_line(fetched.stderr)}"


def last_line(text: str) -> str:
    """Return the last line with content: where apt says what failed."""
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "no message"
