"""Read and write a dataset of the sandbox with other tools, whose credentials expire while they work.

    python scripts/other_tools.py              # all tools
    python scripts/other_tools.py aws rclone   # some of them

The AWS CLI, DuckDB and GDAL are installed in environments of their own under .bench/; rclone is used if the system has
it. The tools get a profile that ``provena aws-profile`` wrote. A table shows what each did, how long it took, and how
many credentials the datastore granted in that time. The exit code is 1 if something went wrong.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from provena_sdk.sandbox import Sandbox  # noqa: E402 reason= found by the path above
from scripts.bench.environments import AWSCLI, python_with  # noqa: E402 reason= as above

CREDENTIALS_SECONDS: Final = 15
FILES: Final = 12
FILE_BYTES: Final = 200_000
RATE: Final = "120k"
"""The rate at which rclone copies, so that it takes longer than credentials last."""
LIMIT_SECONDS: Final = 300
PAUSE: Final = str(CREDENTIALS_SECONDS + 1)
PROVENA: Final = (sys.executable, "-m", "provena_sdk.cli")
DUCKDB: Final = (
    "duckdb==1.4.4 duckdb-ext==0.1.2 duckdb-ext-httpfs==1.4.4.20260205 duckdb-ext-aws==1.4.4.20260205"
)
GDAL: Final = "rasterio"
GRID: Final = b"ncols 2\nnrows 2\nxllcorner 0\nyllcorner 0\ncellsize 1\n1 2\n3 4\n"
TABLE: Final = b"day,temperature\n1,25.5\n2,26.5\n"


class Failed(Exception):
    """Something that a tool should have done was not done."""


@dataclass(frozen=True)
class Place:
    """A dataset, and what the tools need to reach it.

    Args:
        sandbox: The sandbox.
        handle: The dataset.
        files: What the dataset holds, by path.
        folder: The home of the user whose tools these are.
        environment: The environment of the tools.
        profile: The profile that reads.
        writing_profile: The profile that writes.
        url: The location of the files.
        rclone: The options of rclone.
    """

    sandbox: Sandbox
    handle: str
    files: Mapping[str, bytes]
    folder: Path
    environment: Mapping[str, str]
    profile: str
    writing_profile: str
    url: str
    rclone: tuple[str, ...]

    def run(self, *command: str, input: str = "") -> str:
        """Run a program, and return what it printed.

        Raises:
            Failed: Its exit code is not 0.
        """
        done = subprocess.run(
            command,
            input=input,
            capture_output=True,
            text=True,
            encoding="utf-8",
            env=dict(self.environment),
            cwd=self.folder,
            timeout=LIMIT_SECONDS,
            check=False,
        )
        if done.returncode:
            raise Failed(f"{Path(command[0]).name} {command[1]}: {done.stderr.strip()[-2000:]}")
        return done.stdout.strip()

    def granted(self) -> int:
        """Return how many credentials the datastore granted so far."""
        return sum(
            request.path.endswith("-access-credentials") and request.status == 200
            for request in self.sandbox.requests
        )

    def compare(self, folder: Path) -> None:
        """Compare a copy with the dataset.

        Raises:
            Failed: They differ.
        """
        found = {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in folder.rglob("*")
            if path.is_file()
        }
        found.pop("metadata.json", None)
        if found != self.files:
            raise Failed(
                f"{len(found)} files were copied, and they differ from the {len(self.files)} of the dataset."
            )


Work = Callable[[], object]
Steps = Iterator[tuple[str, Work]]


def main() -> int:
    """Run the tools; return 1 if one failed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("tools", nargs="*", metavar="TOOL", help=f"of {', '.join(TOOLS)} (default: all)")
    chosen = parser.parse_args().tools or [*TOOLS]
    if not TOOLS.keys() >= set(chosen):
        parser.error(f"there are {', '.join(TOOLS)}")
    failed = False
    with (
        tempfile.TemporaryDirectory(prefix="provena-tools-") as folder,
        Sandbox(credentials_seconds=CREDENTIALS_SECONDS) as sandbox,
    ):
        place = prepared(sandbox, Path(folder))
        print(f"Credentials last {CREDENTIALS_SECONDS} s.\n\n{'what':58}{'seconds':>8}{'credentials':>13}")
        for tool in chosen:
            for what, work in TOOLS[tool](place):
                failed |= not did(place, what, work)
        for crash in sandbox.crashes:
            print(crash, file=sys.stderr)
        failed |= bool(sandbox.crashes)
    return int(failed)


def did(place: Place, what: str, work: Work) -> bool:
    """Do one piece of work, and print a line about it; return whether it succeeded."""
    began, before = time.monotonic(), place.granted()
    try:
        result = work()
    except Failed as error:
        print(f"{what:58}{'':21}  FAILED: {error}", flush=True)
        return False
    seconds = time.monotonic() - began
    print(f"{what:58}{seconds:8.1f}{place.granted() - before:13}  {result or ''}".rstrip(), flush=True)
    return True


def prepared(sandbox: Sandbox, folder: Path) -> Place:
    """Return a dataset, and a home with profiles for it."""
    random_bytes = random.Random(11).randbytes
    files = {f"obs/{number:02}.bin": random_bytes(FILE_BYTES) for number in range(FILES)}
    files |= {"table.csv": TABLE, "grid.asc": GRID}
    handle = sandbox.add_dataset("Reef", files=files)
    token = folder / "token"
    token.touch(0o600)
    token.write_text(sandbox.offline_token("writer"), "utf-8")
    fields = {name.removeprefix("PROVENA_").lower(): value for name, value in sandbox.environment().items()}
    fields["offline_token_file"] = str(token)
    config = folder / "config.toml"
    lines = ["[profiles.sandbox]", *(f"{key} = '{value}'" for key, value in fields.items())]
    config.write_text("\n".join(lines), "utf-8")
    named = ("PROVENA_", "AWS_", "RCLONE_", "PYTHON")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(named)}
    environment = {
        **kept,
        "HOME": str(folder),
        "USERPROFILE": str(folder),
        "PROVENA_CONFIG_FILE": str(config),
        "PROVENA_STATE_DIR": str(folder / "state"),
    }
    place = Place(sandbox, handle, files, folder, environment, "", "", "", ())
    written = [
        json.loads(place.run(*PROVENA, "aws-profile", handle, "--profile", "sandbox", "--json", *more))
        for more in ((), ("--write",))
    ]
    options = (
        "--s3-provider=Other",
        "--s3-env-auth=true",
        "--s3-no-check-bucket=true",
        f"--s3-endpoint={sandbox.s3_url}",
        f"--s3-region={sandbox.environment()['PROVENA_S3_REGION']}",
    )
    return Place(
        *(sandbox, handle, files, folder, environment),
        *(written[0]["profile"], written[1]["profile"], written[0]["url"], options),
    )


def aws(place: Place) -> Steps:
    """List, copy, sync and write with the AWS CLI."""
    python = python_with("awscli", AWSCLI)
    if python is None:
        yield "aws", not_there("The AWS CLI could not be installed.")
        return
    s3 = [str(Path(python).with_name("aws")), "s3"]
    reads, writes = ["--profile", place.profile], ["--profile", place.writing_profile]

    def list_all() -> str:
        listed = place.run(*s3, "ls", "--recursive", *reads, place.url).splitlines()
        expect(len(listed), len(place.files) + 1)
        return f"{len(listed)} files"

    def copy_one() -> None:
        place.run(*s3, "cp", *reads, f"{place.url}obs/00.bin", "one.bin")
        expect((place.folder / "one.bin").read_bytes(), place.files["obs/00.bin"])

    def sync() -> str:
        place.run(*s3, "sync", *reads, place.url, "aws-copy")
        place.compare(place.folder / "aws-copy")
        return "equal"

    def write() -> None:
        (place.folder / "new.txt").write_bytes(b"by aws")
        place.run(*s3, "cp", *writes, "new.txt", f"{place.url}results/aws.txt")
        expect(place.sandbox.storage.files(place.handle)["results/aws.txt"], b"by aws")
        place.run(*s3, "rm", *writes, f"{place.url}results/aws.txt")

    def refused() -> str:
        try:
            place.run(*s3, "cp", *reads, "new.txt", f"{place.url}results/aws.txt")
        except Failed:
            return "refused"
        raise Failed("Credentials to read have written.")

    yield "aws s3 ls", list_all
    yield "aws s3 cp", copy_one
    yield "aws s3 sync, 14 files", sync
    yield "aws s3 cp to the dataset and rm, profile with --write", write
    yield "aws s3 cp to the dataset, profile that reads", refused


def rclone(place: Place) -> Steps:
    """List, copy, check and write with rclone."""
    program = shutil.which("rclone")
    if program is None:
        yield "rclone", not_there("There is no rclone here.")
        return
    remote = f":s3:{place.url.removeprefix('s3://')}"
    reads = [*place.rclone, f"--s3-profile={place.profile}"]
    writes = [*place.rclone, f"--s3-profile={place.writing_profile}"]

    def list_all() -> str:
        listed = place.run(program, "lsf", "-R", "--files-only", *reads, remote).splitlines()
        expect(len(listed), len(place.files) + 1)
        return f"{len(listed)} files"

    def copy() -> str:
        limits = ["--bwlimit", RATE, "--transfers", "1", "--checkers", "1"]
        place.run(program, "copy", *reads, *limits, remote, "rclone-copy")
        place.compare(place.folder / "rclone-copy")
        return "equal"

    def check() -> None:
        place.run(program, "check", *reads, remote, "rclone-copy")

    def write() -> None:
        place.run(program, "rcat", *writes, f"{remote}results/rclone.txt", input="by rclone")
        expect(place.sandbox.storage.files(place.handle)["results/rclone.txt"], b"by rclone")
        place.run(program, "deletefile", *writes, f"{remote}results/rclone.txt")

    yield "rclone lsf", list_all
    yield f"rclone copy --bwlimit {RATE}, 14 files", copy
    yield "rclone check", check
    yield "rclone rcat and deletefile, profile with --write", write


def duckdb(place: Place) -> Steps:
    """Query with DuckDB by secrets."""
    python = python_with("duckdb", DUCKDB)
    if python is None:
        yield "duckdb", not_there("DuckDB or its extensions could not be installed.")
        return
    program = str(HERE / "other_tools_duckdb.py")
    table = f"{place.url}table.csv"

    def once() -> str:
        return place.run(
            python, program, "httpfs", table, input=place.run(*granting(place, "--format", "duckdb"))
        )

    def renewing() -> str:
        secret = (
            f"CREATE SECRET reef (TYPE s3, PROVIDER credential_chain, CHAIN 'process', PROFILE '{place.profile}', "
            f"REFRESH auto, ENDPOINT '{place.sandbox.s3_url.removeprefix('http://')}', URL_STYLE 'path', "
            f"USE_SSL false, REGION 'us-east-1', SCOPE '{place.url}');"
        )
        return place.run(python, program, "aws", table, PAUSE, input=secret)

    yield "duckdb, provena credentials --format duckdb", once
    yield "duckdb, credential_chain, twice with a pause", renewing


def gdal(place: Place) -> Steps:
    """Read a raster with GDAL."""
    python = python_with("gdal", GDAL)
    if python is None:
        yield "gdal", not_there("GDAL could not be installed.")
        return
    program = str(HERE / "other_tools_gdal.py")

    grid = f"{place.url}grid.asc"

    def once() -> str:
        script = f'eval "$({shlex.join(granting(place))})"; {shlex.join([python, program, grid])}'
        return place.run("sh", "-c", script)

    def renewing() -> str:
        variables = {
            "AWS_PROFILE": place.profile,
            "AWS_S3_ENDPOINT": place.sandbox.s3_url.removeprefix("http://"),
            "AWS_HTTPS": "NO",
            "AWS_VIRTUAL_HOSTING": "FALSE",
        }
        return replace(place, environment={**place.environment, **variables}).run(
            python, program, grid, PAUSE
        )

    yield "gdal, provena credentials", once
    yield "gdal, AWS_PROFILE, twice with a pause", renewing


TOOLS: Final[dict[str, Callable[[Place], Steps]]] = {
    "aws": aws,
    "rclone": rclone,
    "duckdb": duckdb,
    "gdal": gdal,
}


def granting(place: Place, *options: str) -> list[str]:
    """Return the command that prints credentials."""
    return [*PROVENA, "credentials", place.handle, "--profile", "sandbox", "--quiet", *options]


def not_there(reason: str) -> Work:
    """Return work that says why a tool was left out."""
    return lambda: reason


def expect(found: object, wanted: object) -> None:
    """Compare what was found with what was wanted.

    Raises:
        Failed: They differ.
    """
    if found != wanted:
        raise Failed(f"{str(found)[:200]!r} was found, not {str(wanted)[:200]!r}.")


if __name__ == "__main__":
    raise SystemExit(main())
