"""The stories of scripts/stories come true, whatever the environment sets."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

STORIES = sorted((Path(__file__).parents[1] / "scripts" / "stories").glob("*.py"))
HAPPENS = {
    "nothing_but_an_account": (
        "Signed in as unlinked, who is None in the registry.",
        "Linked to Una Linden",
        "Created Reef Institute of Cairns",
        "Registered 10378.1/",
        "1 uploaded",
        "Its second version is 10378.1/",
    )
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
