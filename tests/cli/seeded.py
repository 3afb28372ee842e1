"""The datasets and local files that transcripts and tests of commands speak of."""

from __future__ import annotations

from pathlib import Path

from provena_sdk.sandbox import Sandbox
from tests.cli.terminal import with_path

REEF = "10378.1/1900011"
TIDES = "10378.1/1900012"


def furnish(sandbox: Sandbox) -> None:
    """Register the datasets."""
    reef = sandbox.add_dataset(
        "Alpha reef survey",
        files={
            "obs/2023.csv": b"day,temperature\n2023-01-01,26.9\n",
            "obs/2024.csv": b"day,temperature\n2024-01-01,27.5\n2024-01-02,27.6\n",
            "readme.txt": b"Temperatures at the alpha reef.\n",
        },
        spatial_info={"coverage": "SRID=4326;POLYGON((145 -10, 155 -10, 155 -25, 145 -25, 145 -10))"},
        temporal_info={"duration": {"begin_date": "2010-02-01", "end_date": "2021-04-03"}},
    )
    tides = sandbox.add_dataset("Tides of the reef", files={"tides.csv": b"day,metres\n2024-01-01,2.5\n"})
    assert (reef, tides) == (REEF, TIDES), "the transcripts name them so"
    sandbox.state.reviewers.add("10378.1/1900005")


def surroundings(sandbox: Sandbox, home: Path) -> dict[str, str]:
    """Return the environment of a person at a terminal, who is signed in to the sandbox.

    Args:
        sandbox: The sandbox.
        home: The person's folder.
    """
    return with_path(
        {
            **sandbox.environment(),
            "PROVENA_ACCESS_TOKEN": sandbox.access_token("writer"),
            "REVIEWER": sandbox.access_token("reviewer"),
            "ADMIN": sandbox.access_token("admin"),
            "PROVENA_STATE_DIR": str(home / "state"),
            "HOME": str(home),
            "TERM": "xterm-256color",
            "LANG": "C.UTF-8",
            "TZ": "UTC",
            "PAGER": "cat",
            "EDITOR": "true",
        }
    )


def local_files(folder: Path) -> None:
    """Write the files that a person has beside them."""
    (folder / "results").mkdir()
    (folder / "results" / "summary.csv").write_text("a,b\n1,2\n", "utf-8")
    (folder / "results" / "map.txt").write_text("a map\n", "utf-8")
