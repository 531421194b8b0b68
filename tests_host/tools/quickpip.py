"""Stands for `python -m pip install` in environments of tests: takes what is installed here.

Only what is asked for gets there, and what that requires, from the environment that runs the
tests. Pip itself would fetch and unpack the same files, many times.
"""

import os
import shutil
import sys
from importlib.metadata import Distribution, distributions
from pathlib import Path

SOURCE = "@SOURCE@"  # site-packages of the tests
TARGET = Path(__file__).resolve().parents[1]
VALUED = ("-c", "--target")  # options that have a value


def wanted(words: list[str]) -> tuple[list[str], Path]:
    """Return the requirements and the folder that a command line names."""
    target, found = TARGET, []
    rest = iter(words)
    for word in rest:
        if word in VALUED:
            value = next(rest)
            target = Path(value) if word == "--target" else target
        elif not word.startswith("-"):
            found.append(word)
    return found, target


def is_program(path: os.PathLike) -> bool:
    """Tell a program from a script, which names its environment, and from pages."""
    with open(path, "rb") as file:
        return file.read(4) == b"\x7fELF"


def put(distribution: Distribution, target: Path) -> None:
    """Link the files of a distribution."""
    for file in distribution.files or ():
        if ".." in file.parts and not is_program(file.locate()):
            continue
        path = Path(os.path.normpath(target / file))
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            try:
                os.link(file.locate(), path)
            except OSError:  # another file system
                shutil.copy2(str(file.locate()), path)


def main() -> None:
    """Install what the command line names."""
    sys.path.append(SOURCE)
    from packaging.requirements import Requirement

    known = {each.name.lower().replace("_", "-"): each for each in distributions(path=[SOURCE])}
    assert sys.argv[1] == "install"
    found, target = wanted(sys.argv[2:])
    todo = [Requirement(text) for text in found]
    done = set()
    while todo:
        requirement = todo.pop()
        name = requirement.name.lower().replace("_", "-")
        key = (name, tuple(sorted(requirement.extras)))
        if key in done:
            continue
        done.add(key)
        distribution = known.get(name)
        if not distribution or not requirement.specifier.contains(distribution.version):
            sys.exit(f"the tests do not have {requirement}")
        put(distribution, target)
        for text in distribution.requires or ():
            other = Requirement(text)
            extras = requirement.extras or {""}
            if not other.marker or any(other.marker.evaluate({"extra": x}) for x in extras):
                todo.append(other)


if __name__ == "__main__":
    main()
