"""The stories of scripts/stories come true, whatever the environment sets."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

STORIES = sorted((Path(__file__).parents[1] / "scripts" / "stories").glob("*.py"))
HAPPENS = {
    "first_ten_minutes": (
        "10378.1/1900011  Coral temperatures  not released  145°E to 150°E, 20°S to 12°S",
        "145°E to 150°E, 20°S to 12°S  Coral temperatures",
        "  >>> ds.download_all_files",
        "belongs to Rosa Marchetti (reader)",
        "2 files, 1.1 kB",
        "mean     27.933333",
        "Registered 10378.1/1900012.",
        "1 uploaded",
        "say what it is for       purpose",
        "+ Monitoring",
        "version 1 of 2",
        "Castellanos, W. (2026). Reef temperatures 2024",
        "@misc{",
        "pending, reviewer Ruth Okonkwo",
        "Registered Reef temperatures 2025.",
    ),
    "where_did_this_come_from": (
        "Registered 'Sea surface temperature 2024' as 10378.1/",
        "Registered 'Degree heating weeks 2024' as 10378.1/",
        "Registered the run as 10378.1/",
        "Upstream of 'Degree heating weeks 2024'",
        "Heat stress run 2024          used               Sea surface temperature 2024",
        "Downstream of 'Sea surface temperature 2024'",
        "Persons: Wren Castellanos.",
        "Exported as PROV-JSON and read back: 25 records.",
    ),
    "nothing_but_an_account": (
        "Signed in as unlinked, not in the registry yet.",
        "Linked to Una Linden",
        "Created Reef Institute of Cairns",
        "Registered 10378.1/",
        "1 uploaded",
        "Its second version is 10378.1/",
        "complete",
        "coral-team",
        "pending, reviewer Ruth Okonkwo",
        "The reviewer finds Reef temperatures 2024: complete since January.",
        "released, reviewer Ruth Okonkwo",
    ),
}


@pytest.mark.parametrize("story", STORIES, ids=lambda path: path.stem)
def test_a_story_comes_true(story: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", str(story)],
        env={**os.environ, "PROVENA_DOMAIN": "localhost", "PROVENA_OFFLINE_TOKEN": "abc"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    place = 0
    for said in HAPPENS[story.stem]:
        place = done.stdout.find(said, place)
        assert place >= 0, (said, done.stdout)


@pytest.mark.slow
def test_the_picture_in_the_documents_is_that_of_the_story(tmp_path: Path) -> None:
    root = Path(__file__).parents[1]
    story = root / "scripts" / "stories" / "where_did_this_come_from.py"
    drawn = tmp_path / "lineage.svg"
    subprocess.run(
        [sys.executable, str(story), "--picture", str(drawn)], check=True, capture_output=True, timeout=100
    )
    command = "python scripts/stories/where_did_this_come_from.py --picture docs/lineage.svg"
    assert drawn.read_text("utf-8") == (root / "docs" / "lineage.svg").read_text("utf-8"), f"run: {command}"
