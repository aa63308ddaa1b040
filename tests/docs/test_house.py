"""What holds for the repository as a whole."""

from __future__ import annotations

import re
import subprocess
import sys
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
