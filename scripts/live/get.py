"""Fetching with Maven and building with Go."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import tempfile
import zipfile
from pathlib import Path

from scripts.live import cache
from scripts.live.cache import Unavailable
from scripts.live.keycloak import prepare
from scripts.live.programs import GoProgram, JavaProgram, Program

_COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy"
_OLDEST_JAVA = 17
_SECONDS = 3600


def get(program: Program) -> Path:
    """Fetch or build a program unless it is cached.

    Returns:
        Its folder.

    Raises:
        Unavailable: A tool is missing, the download failed, or what came is not what is pinned.
    """
    missing = obstacle(program)
    if missing is not None and not cache.is_cached(program):
        raise Unavailable(missing)
    if isinstance(program, GoProgram):
        return cache.install(program, lambda place: _build(program, place))
    return cache.install(program, lambda place: _fetch(program, place))


def obstacle(program: Program) -> str | None:
    """Return what keeps this machine from getting or running a program, or None."""
    if isinstance(program, GoProgram):
        if cache.is_cached(program) or shutil.which("go"):
            return None
        return f"{program.name} needs Go, which is not installed: https://go.dev/doc/install"
    if _java_version() < _OLDEST_JAVA:
        return (
            f"{program.name} needs Java {_OLDEST_JAVA} or newer, which is not installed: https://adoptium.net"
        )
    if cache.is_cached(program) or shutil.which("mvn"):
        return None
    return (
        f"{program.name} is fetched with Maven, which is not installed: https://maven.apache.org/install.html"
    )


def _java_version() -> int:
    if not shutil.which("java"):
        return 0
    said = subprocess.run(["java", "-version"], capture_output=True, text=True, check=False).stderr
    found = re.search(r'version "(\d+)', said)
    return int(found[1]) if found else 0


def _fetch(program: JavaProgram, place: Path) -> None:
    _run(
        program,
        ["mvn", "-B", "-q", "-C", _COPY, f"-Dartifact={program.artifact}", f"-DoutputDirectory={place}"],
    )
    archive = next(place.glob("*.zip"))
    with archive.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest != program.sha256:
        raise Unavailable(f"The archive of {program.name} has SHA-256 {digest}, not {program.sha256}.")
    with zipfile.ZipFile(archive) as content:
        content.extractall(place)
    archive.unlink()
    unpacked = next(place.iterdir())
    for path in unpacked.iterdir():
        path.rename(place / path.name)
    unpacked.rmdir()
    prepare(place)


def _build(program: GoProgram, place: Path) -> None:
    if program.replaced:
        _build_copy(program, place)
        return
    package = f"{program.module}/{program.package}".rstrip("/")
    _run(
        program,
        ["go", "install", "-p", str(program.jobs), f"{package}@{program.module_version}"],
        environment={"GOBIN": str(place)},
    )
    said = _run(program, ["go", "version", "-m", str(place / program.binary)])
    wanted = ["mod", program.module, program.module_version, program.sum]
    if wanted not in [line.split() for line in said.splitlines()]:
        raise Unavailable(f"What Go built for {program.name} does not hold {' '.join(wanted[1:])}.")


def _build_copy(program: GoProgram, place: Path) -> None:
    with tempfile.TemporaryDirectory(prefix=f"{program.name}-") as folder:
        # Outside a module of its own, go would take the one of the current folder.
        module = f"{program.module}@{program.module_version}"
        said = json.loads(_run(program, ["go", "mod", "download", "-json", module], folder=folder))
        if said.get("Sum") != program.sum:
            raise Unavailable(f"{module} has the checksum {said.get('Sum')}, not {program.sum}.")
        source = Path(folder, "source")
        shutil.copytree(said["Dir"], source, copy_function=shutil.copyfile)
        for path in [source, *source.rglob("*")]:
            if path.is_dir():
                path.chmod(0o700)  # Go's own copy is read-only, which would keep this one from being removed
        output = ["-o", str(place / program.binary)]
        _run(
            program, ["go", "build", "-p", str(program.jobs), *output, f"./{program.package}"], folder=source
        )


def _run(
    program: Program,
    command: list[str],
    *,
    environment: dict[str, str] | None = None,
    folder: str | Path | None = None,
) -> str:
    nice = ["nice", "-n", "10"] if shutil.which("nice") else []
    try:
        done = subprocess.run(
            [*nice, *command],
            capture_output=True,
            text=True,
            check=False,
            cwd=folder,
            env=os.environ | (environment or {}),
            timeout=_SECONDS,
        )
    except subprocess.TimeoutExpired:
        raise Unavailable(
            f"{program.name}: '{' '.join(command)}' took more than {_SECONDS} seconds."
        ) from None
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip())[-2000:]
        raise Unavailable(f"{program.name}: '{' '.join(command)}' failed.\n{said}")
    return done.stdout
