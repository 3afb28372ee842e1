"""The folder outside the project where fetched and built programs are kept, and how they are checked."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

import platformdirs
from filelock import FileLock

from scripts.live.programs import GoProgram, Program

VARIABLE = "LIVE_SERVERS_CACHE"
_MANIFEST = "manifest.json"


class Unavailable(Exception):
    """A server cannot be had on this machine; the text says why and what to do."""


def folder() -> Path:
    """Return where programs are kept: ``$LIVE_SERVERS_CACHE``, or the user's cache folder."""
    named = os.environ.get(VARIABLE)
    return Path(named) if named else platformdirs.user_cache_path("provena-sdk", appauthor=False) / "live"


def home(program: Program) -> Path:
    """Return the folder of one program, whether it is there or not."""
    return folder() / f"{program.name}-{program.version}"


def executable(program: GoProgram) -> Path:
    """Return the path of a built program."""
    return home(program) / program.binary


def is_cached(program: Program) -> bool:
    """Return whether a program of the pinned version is there."""
    return (home(program) / _MANIFEST).is_file()


@cache
def check(program: Program) -> Path:
    """Check, once in a process, a cached program file by file against what was written down when it was made.

    Returns:
        Its folder.

    Raises:
        Unavailable: It is not cached, or a file changed since.
    """
    place = home(program)
    try:
        manifest = json.loads((place / _MANIFEST).read_text("utf-8"))
    except FileNotFoundError:
        raise Unavailable(
            f"{program.name} {program.version} is not cached in {folder()}. {_how_to_get(program)}"
        ) from None
    for name, digest in manifest["files"].items():
        path = place / name
        if not path.is_file() or _sha256(path) != digest:
            raise Unavailable(
                f"{path} is not the file that was cached. Delete {place}, then run it again. "
                f"{_how_to_get(program)}"
            )
    return place


def install(program: Program, make: Callable[[Path], None]) -> Path:
    """Make a program unless it is there, and write down the checksums of its files.

    Args:
        program: Which.
        make: Fills the folder it is given.

    Returns:
        The program's folder.
    """
    folder().mkdir(parents=True, exist_ok=True)
    with FileLock(folder() / f".{program.name}.lock"):
        if is_cached(program):
            return check(program)
        place = home(program)
        shutil.rmtree(place, ignore_errors=True)
        with tempfile.TemporaryDirectory(dir=folder(), prefix=f".{program.name}-") as made:
            content = Path(made, "content")
            content.mkdir()
            make(content)
            files = {
                path.relative_to(content).as_posix(): _sha256(path)
                for path in sorted(content.rglob("*"))
                if path.is_file()
            }
            manifest = {"name": program.name, "version": program.version, "files": files}
            (content / _MANIFEST).write_text(json.dumps(manifest, indent=1), "utf-8")
            content.rename(place)
    return place


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _how_to_get(program: Program) -> str:
    slow = isinstance(program, GoProgram) and program.slow
    return "Run: make live-servers" if slow else f"Run: python -m scripts.live get {program.name}"
