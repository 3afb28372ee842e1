"""Twenty mistakes, and what is shown after each: few lines, the user's own code, one frame of ours."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import pytest

from scripts import mistakes

MOST_LINES = {"terminal": 10, "ipython": 12, "nbclient": 12}
AWAITED = "async: a wrong handle"


pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def shown() -> Iterator[Mapping[str, Mapping[str, str]]]:
    """What is shown in each place, by mistake."""
    everything = {**mistakes.MISTAKES, **mistakes.ELSEWHERE}
    with mistakes.prepared() as prepared:
        yield {place: mistakes.shown(place, everything, *prepared) for place in mistakes.PLACES}


def test_there_are_twenty() -> None:
    assert len(mistakes.MISTAKES) == 20


@pytest.mark.parametrize("name", mistakes.MISTAKES)
@pytest.mark.parametrize("place", mistakes.PLACES)
def test_a_mistake_shows_few_lines(shown: Mapping[str, Mapping[str, str]], place: str, name: str) -> None:
    text = mistakes.plain(shown[place][name])
    assert mistakes.lines(text) <= MOST_LINES[place], text
    assert mistakes.MISTAKES[name] in text
    assert len(ours(text)) == 1, text


@pytest.mark.parametrize("name", mistakes.ELSEWHERE)
@pytest.mark.parametrize("place", mistakes.PLACES)
def test_other_libraries_add_only_their_own_frames(
    shown: Mapping[str, Mapping[str, str]], place: str, name: str
) -> None:
    if name not in shown[place]:
        pytest.skip("The library is not installed.")
    text = mistakes.plain(shown[place][name])
    assert len(ours(text)) == 1, text
    assert "direct cause" not in text
    assert "another exception occurred" not in text
    if place != "terminal":
        assert mistakes.lines(text) <= MOST_LINES[place], text


def test_every_frame_is_shown_on_request() -> None:
    name = "a wrong handle"
    chosen = {name: mistakes.MISTAKES[name]}
    with mistakes.prepared() as (names, environment, folder):
        for place in mistakes.PLACES:
            text = mistakes.shown(place, chosen, names, {**environment, "PROVENA_DEBUG": "1"}, folder)[name]
            assert {"datastore.py", "http.py", "retry.py", "answers.py"} <= ours(mistakes.plain(text))


def ours(text: str) -> set[str]:
    """The modules of the SDK whose frames are shown; IPython shortens the home folder."""
    return set(re.findall(r"/provena_sdk/(?:\w+/)*(\w+\.py)\b", text))
