"""A Dockerfile, read and done on this machine: what an image would hold, in a folder.

No container engine is needed. Stages are folders, absolute paths lie below them, base images are
what this machine has. Commands that would change the machine itself are stood in for.
"""

from __future__ import annotations

import fnmatch
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

# Absolute paths that the Dockerfile makes; all others belong to the base image.
_MADE: Final = re.compile(r"(?<![\w.-])/(build|opt/sessional|data)(?![\w-])")
# How packages are reached from this machine, and the like.
_INHERITED: Final = re.compile(
    r"HOME|LANG|LC_ALL|SSL_CERT_FILE|REQUESTS_CA_BUNDLE|NODE_EXTRA_CA_CERTS|PIP_\w+|(?i:npm_config_\w+|\w+_proxy)"
)
# The container's user does not exist on this machine.
_WITHOUT_OWNER: Final = """\
for word; do
  shift
  case $word in --owner|sessional) ;; *) set -- "$@" "$word" ;; esac
done"""
_VARIABLE: Final = re.compile(r"\$(\w+)|\$\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Instruction:
    word: str
    rest: str

    def exec_form(self) -> list[str]:
        """The command of CMD or HEALTHCHECK … CMD, which is JSON."""
        command: list[str] = json.loads(self.rest[self.rest.index("[") :])
        return command


def instructions(path: Path) -> list[Instruction]:
    """The instructions of a Dockerfile, in order."""
    lines = [
        line
        for line in path.read_text(encoding="utf-8").splitlines()
        if line.strip() and not line.lstrip().startswith("#")
    ]
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines))
    return [Instruction(*line.split(maxsplit=1)) for line in joined.splitlines()]


def context(root: Path) -> Iterator[str]:
    """The files that a build of a clone is given: all but those that .dockerignore keeps outside."""
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(listing, cwd=root, capture_output=True, text=True, check=True).stdout
    rules = [
        line
        for line in (root / ".dockerignore").read_text(encoding="utf-8").splitlines()
        if line and not line.startswith("#")
    ]
    for name in filter(None, listed.split("\0")):
        if (root / name).is_file() and not _ignored(name, rules):
            yield name


def _ignored(name: str, rules: list[str]) -> bool:
    ignored = False
    parts = name.split("/")
    ways = ["/".join(parts[:n]) for n in range(1, len(parts) + 1)]
    for rule in rules:
        pattern = rule.removeprefix("!")
        if any(_matches(way, pattern) for way in ways):
            ignored = not rule.startswith("!")
    return ignored


def _matches(way: str, pattern: str) -> bool:
    if pattern.startswith("**/"):
        return fnmatch.fnmatch(way.rpartition("/")[2], pattern.removeprefix("**/"))
    return way.count("/") == pattern.count("/") and fnmatch.fnmatch(way, pattern)


@dataclass
class Image:
    """A Dockerfile done in a folder. ``root`` is the last stage's file system."""

    folder: Path
    source: Path
    environment: dict[str, str] = field(default_factory=dict)
    workdir: str = "/"
    user: str = "root"
    command: list[str] = field(default_factory=list)
    healthcheck: list[str] = field(default_factory=list)
    exposed: str = ""
    volume: str = ""
    _stage: str = ""

    @property
    def root(self) -> Path:
        return self.folder / "root"

    def build(self) -> Image:
        self._stand_ins()
        for instruction in instructions(self.source / "Dockerfile"):
            getattr(self, f"_{instruction.word.lower()}")(instruction)
        return self

    def here(self, text: str) -> str:
        """A text of the Dockerfile with its absolute paths where they are on this machine."""
        return _MADE.sub(lambda match: f"{self.root}/{match[1]}", text)

    def run(
        self, command: list[str], environment: Mapping[str, str], *, typed: str = ""
    ) -> subprocess.Popen[bytes]:
        """Start a command as the container would; ``typed`` is what its input is."""
        inside = {**self.environment, **environment}
        path = shutil.which(command[0], path=inside["PATH"])
        assert path is not None, f"the image has no {command[0]}"
        process = subprocess.Popen(
            [path, *command[1:]],
            cwd=self.here(self.workdir),
            env=inside,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        assert process.stdin is not None
        process.stdin.write(typed.encode())
        process.stdin.close()
        process.stdin = None
        return process

    # ---- the machine that a base image would be -------------------------------------------------

    def _stand_ins(self) -> None:
        """What must not touch this machine, and a ``python`` as base images have it."""
        tools = self.folder / "tools"
        tools.mkdir(parents=True)
        (tools / "python").symlink_to(os.path.realpath(sys.executable))
        self._script(tools / "useradd", f'printf "%s\\n" "$*" >> {self.folder}/useradd')
        self._script(tools / "install", f'{_WITHOUT_OWNER}\nexec {shutil.which("install")} "$@"')

    def _script(self, path: Path, text: str) -> None:
        path.write_text(f"#!/usr/bin/env bash\nset -eu\n{text}\n", encoding="utf-8")
        path.chmod(0o755)

    def _base_environment(self) -> dict[str, str]:
        inherited = {k: v for k, v in os.environ.items() if _INHERITED.fullmatch(k)}
        beside = Path(sys.executable).parent  # Node.js may have been installed there
        path = os.pathsep.join([str(self.folder / "tools"), os.environ["PATH"], str(beside)])
        return {**inherited, "PATH": path, "PIP_ROOT_USER_ACTION": "ignore"}

    # ---- instructions ---------------------------------------------------------------------------

    def _from(self, instruction: Instruction) -> None:
        if self._stage:
            self.root.rename(self.folder / f"stage-{self._stage}")
        self.root.mkdir()
        _, _, name = instruction.rest.partition(" AS ")
        self._stage = name or "last"
        self.environment, self.workdir = self._base_environment(), "/"

    def _workdir(self, instruction: Instruction) -> None:
        self.workdir = instruction.rest
        Path(self.here(self.workdir)).mkdir(parents=True, exist_ok=True)

    def _env(self, instruction: Instruction) -> None:
        for pair in shlex.split(instruction.rest):
            name, _, value = pair.partition("=")
            value = _VARIABLE.sub(lambda m: self.environment[m[1] or m[2]], value)
            self.environment[name] = self.here(value)

    def _copy(self, instruction: Instruction) -> None:
        words = instruction.rest.split()
        other = ""
        if words[0].startswith("--from="):
            other = words.pop(0).removeprefix("--from=")
        *sources, target = words
        into = Path(self.here(target)) if target.startswith("/") else Path(self.here(self.workdir)) / target
        for source in sources:
            if other:
                found = Path(self.here(source))
                self._put(self.folder / f"stage-{other}" / found.relative_to(self.root), into)
            else:
                self._put_given(source, into, as_folder=target.endswith("/"))

    def _put(self, found: Path, into: Path) -> None:
        """What an earlier stage made; hard links spare the time of copying."""
        assert found.is_dir(), f"COPY --from: there is no {found}"
        shutil.copytree(found, into, symlinks=True, copy_function=os.link, dirs_exist_ok=True)

    def _put_given(self, source: str, into: Path, *, as_folder: bool) -> None:
        below = f"{source.rstrip('/')}/"
        copied = 0
        for name in context(self.source):
            if name == source:
                place = into / Path(name).name if as_folder else into
            elif name.startswith(below):
                place = into / name.removeprefix(below)
            else:
                continue
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(self.source / name, place)
            copied += 1
        assert copied, f"COPY {source}: nothing of that name is given to the build"

    def _run(self, instruction: Instruction) -> None:
        run = subprocess.run(
            ["bash", "-euc", self.here(instruction.rest)],
            cwd=self.here(self.workdir),
            env=self.environment,
            capture_output=True,
            text=True,
        )
        assert run.returncode == 0, f"RUN {instruction.rest}\n{run.stdout[-2000:]}{run.stderr[-2000:]}"

    def _user(self, instruction: Instruction) -> None:
        self.user = instruction.rest

    def _volume(self, instruction: Instruction) -> None:
        self.volume = instruction.rest

    def _expose(self, instruction: Instruction) -> None:
        self.exposed = instruction.rest

    def _cmd(self, instruction: Instruction) -> None:
        self.command = instruction.exec_form()

    def _healthcheck(self, instruction: Instruction) -> None:
        self.healthcheck = instruction.exec_form()
