"""What holds for the repository as a whole."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

from graphql import build_schema, lexicographic_sort_schema, print_schema

from sessional.graph.schema import schema, sdl
from tests.docs.pages import ROOT

LINT_IMPORTS = Path(sys.executable).with_name("lint-imports")
# Put together here, so that this file does not hold them itself.
REGISTRIES = [
    f"{name}.{end}"
    for name, end in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("npmjs", "org"),
        ("npmjs", "com"),
        ("yarnpkg", "com"),
        ("crates", "io"),
        ("rubygems", "org"),
    )
]
# Rooms whose modules the map names one by one.
ROOMS = ["diary", "provider", "store", "actions", "graph", "outbox", "web"]
MACHINE_PATHS = [f"/{folder}/" for folder in ("work", "root")]
# Lines in which such a path is a matter of the thing itself, and not of somebody's machine.
ABOVE_ALL_MACHINES = re.compile(r"https?://\S*|sqlite:///\S*")
TEMPORARY = re.compile(r"/" + r"tmp/[\w.-]+")


def committed() -> list[Path]:
    """The files of the repository."""
    try:
        listed = subprocess.run(
            ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
        ).stdout.split("\0")
    except (OSError, subprocess.CalledProcessError):
        raise AssertionError("this test needs the repository's list of files: git ls-files") from None
    return [ROOT / name for name in listed if name and (ROOT / name).is_file()]


def texts() -> dict[str, str]:
    """The files that are text, by name."""
    found = {}
    for path in committed():
        try:
            found[str(path.relative_to(ROOT))] = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
    return found


def test_imports_point_down() -> None:
    run = subprocess.run([LINT_IMPORTS, "--no-cache"], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert run.returncode == 0, run.stdout


def test_the_page_of_the_architecture_shows_the_storeys_as_the_contract_has_them() -> None:
    with (ROOT / "pyproject.toml").open("rb") as file:
        contracts = tomllib.load(file)["tool"]["importlinter"]["contracts"]
    (storeys,) = [contract["layers"] for contract in contracts if contract["type"] == "layers"]
    shown = _part("## Who may import whom").split("```")[1].removeprefix("text\n").splitlines()
    assert [re.findall(r"\w+", line) for line in shown] == [re.findall(r"\w+", line) for line in storeys]


def test_the_map_names_every_module_of_the_rooms_that_it_opens_and_no_other() -> None:
    for room in ROOMS:
        block = re.search(rf"^  {room}/.*\n((?:    .*\n)+)", _part("## The map"), re.MULTILINE)
        assert block is not None, room
        named = [name for name in re.findall(r"^    (\S+)", block[1], re.MULTILINE) if name.endswith(".py")]
        there = [path.name for path in (ROOT / "src/sessional" / room).glob("[!_]*.py")]
        assert sorted(named) == sorted(there), room


def _part(heading: str) -> str:
    """What stands under a heading of docs/architecture.md."""
    page = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    return page.split(f"{heading}\n")[1].split("\n## ")[0]


def test_no_file_names_the_address_of_a_registry() -> None:
    found = [(name, host) for name, text in texts().items() for host in REGISTRIES if host in text]
    assert found == []


def test_no_lock_of_javascript_says_where_packages_come_from() -> None:
    locks = {name: text for name, text in texts().items() if name.endswith("package-lock.json")}
    assert locks
    assert [name for name, text in locks.items() if '"resolved"' in text] == []


def test_every_package_of_a_lock_has_a_hash_and_no_address() -> None:
    locks = {name: text for name, text in texts().items() if re.fullmatch(r"requirements.*\.lock", name)}
    assert locks
    for name, text in locks.items():
        assert "://" not in text, name
        packages = re.findall(r"^[\w.\[\]-]+==\S+.*?(?=^\S|\Z)", text, re.MULTILINE | re.DOTALL)
        assert packages, name
        assert all("--hash=sha256:" in package for package in packages), name


def test_no_file_knows_a_certain_machine() -> None:
    found = []
    for name, text in texts().items():
        for number, line in enumerate(text.splitlines(), start=1):
            bare = ABOVE_ALL_MACHINES.sub("", line)
            if any(path in bare for path in MACHINE_PATHS) or TEMPORARY.search(bare):
                found.append(f"{name}:{number} {line.strip()[:100]}")
    assert found == []


def test_the_running_schema_is_that_of_the_file() -> None:
    running = build_schema(print_schema(schema()))
    written = build_schema(sdl())
    assert print_schema(lexicographic_sort_schema(running)) == print_schema(
        lexicographic_sort_schema(written)
    )
