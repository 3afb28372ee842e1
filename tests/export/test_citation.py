"""Citations, read by the programs that they are for."""

from __future__ import annotations

import json
import pickle
from dataclasses import replace
from typing import Any

import pytest
import rispy
from bibtexparser.entrypoint import parse_string
from hypothesis import given
from hypothesis import strategies as st

from provena_sdk import errors
from provena_sdk.export.citation import Citation, checked_style, cite
from provena_sdk.export.record import DatasetRecord, describe, written_authors
from tests.export.records import HANDLE, ORGANISATION, item, organisation, person, record

URL = f"https://hdl.handle.net/{HANDLE}"


def by(authors: list[str], **info: Any) -> DatasetRecord:
    return replace(record(**info), authors=written_authors(authors))


def bibtex_entry(text: str) -> Any:
    library = parse_string(text)
    assert not library.failed_blocks
    (entry,) = library.entries
    return entry


def ris_entry(text: str) -> dict[str, Any]:
    entries: list[dict[str, Any]] = rispy.loads(text)
    assert len(entries) == 1
    return entries[0]


def test_apa() -> None:
    assert cite(record(), "apa") == (
        f"Castellanos, W. (2024). Alpha reef survey [Data set]. Coral Sea Institute. {URL}"
    )


@pytest.mark.parametrize(
    ("authors", "words"),
    [
        (["Castellanos, Mary-Jane  Ann"], "Castellanos, M.-J. A. (2024)."),
        (["Okonkwo, R", "Tane, W"], "Okonkwo, R., & Tane, W. (2024)."),
        (["Okonkwo, R", "Coral team", "Tane, W"], "Okonkwo, R., Coral team, & Tane, W. (2024)."),
        (["Coral team"], "Coral team. (2024)."),
        (["Plato,"], "Plato. (2024)."),
        ([f"N{n}, A" for n in range(20)], "N18, A., & N19, A. (2024)."),
        ([f"N{n}, A" for n in range(25)], "N18, A., … N24, A. (2024)."),
    ],
)
def test_authors_in_apa(authors: list[str], words: str) -> None:
    assert f" {words} " in f" {cite(by(authors), 'apa')}"


def test_a_publisher_who_is_the_author_is_named_once_in_apa() -> None:
    assert (
        cite(by(["Coral Sea Institute"]), "apa")
        == f"Coral Sea Institute. (2024). Alpha reef survey [Data set]. {URL}"
    )


@pytest.mark.parametrize(
    ("info", "year"),
    [
        ({}, 2024),
        ({"published_date": {"relevant": True, "value": "2021-02-03"}}, 2021),
        ({"published_date": {"relevant": False, "value": "2021-02-03"}}, 2024),
        ({"created_date": {"relevant": True, "value": "1999-01-01"}}, 2024),
    ],
)
def test_the_year_is_that_of_publication(info: dict[str, Any], year: int) -> None:
    assert record(**info).year == year


def test_the_year_of_a_released_dataset_is_that_of_its_release() -> None:
    released = item()
    released.release_timestamp = 1_767_225_600 + 86_400
    assert describe(released, None, {}).year == 2024
    released.release_status = type(released.release_status)("RELEASED")
    assert describe(released, None, {}).year == 2026


def test_versions() -> None:
    first = {"version": 1, "next_version": None, "previous_version": None}
    assert "Version" not in cite(record(versions=first), "apa")
    second = {"version": 2, "previous_version": "10378.1/1", "next_version": None}
    assert "Alpha reef survey (Version 2) [Data set]." in cite(record(versions=second), "apa")
    assert bibtex_entry(cite(record(versions=second), "bibtex"))["version"] == "2"


@pytest.mark.parametrize(
    ("owner", "agents", "holder", "author"),
    [
        (person(), {}, None, "Wren Castellanos"),
        (None, {ORGANISATION: organisation()}, "Reef trust", "Coral Sea Institute"),
        (None, {}, "Reef trust", "Reef trust"),
        (None, {}, None, "writer"),
    ],
)
def test_who_is_the_author(owner: Any, agents: dict[str, Any], holder: str | None, author: str) -> None:
    assert [one.name for one in describe(item(rights_holder=holder), owner, agents).authors] == [author]


def test_a_publisher_who_cannot_be_found_out_is_left_out() -> None:
    unknown = describe(item(), person(), {})
    assert cite(unknown, "apa") == f"Castellanos, W. (2024). Alpha reef survey [Data set]. {URL}"
    assert "publisher" not in bibtex_entry(cite(unknown, "bibtex")).fields_dict


def test_bibtex() -> None:
    text = cite(
        record(
            "50 % of {reef} & kelp_1 #2 $ ~ ^ \\", keywords=["coral", "kelp"], preferred_citation="Cite Wren."
        ),
        "bibtex",
    )
    entry = bibtex_entry(text)
    assert (entry.entry_type, entry.key) == ("misc", "castellanos2024-1900011")
    assert entry["author"] == "Castellanos, Wren"
    assert entry["title"] == (
        r"{50 \% of \textbraceleft{}reef\textbraceright{} \& kelp\_1 \#2 \$ \textasciitilde{} \textasciicircum{} "
        r"\textbackslash{}}"
    )
    assert entry["year"] == "2024"
    assert entry["howpublished"] == "Data set, Coral Sea Institute"
    assert entry["url"] == URL
    assert entry["keywords"] == "coral, kelp"
    assert entry["note"] == "Preferred citation: Cite Wren."


def test_authors_in_bibtex() -> None:
    entry = bibtex_entry(cite(by(["Rand and Sons, A", "Trust and Co", "Tane, Will"]), "bibtex"))
    assert entry["author"] == "{Rand and Sons}, A and {Trust and Co} and Tane, Will"
    assert bibtex_entry(cite(by(["Rand AND Sons, A"]), "bibtex"))["author"] == "{Rand AND Sons}, A"


def test_ris() -> None:
    second = {"version": 2, "previous_version": "10378.1/1", "next_version": None}
    entry = ris_entry(cite(record(keywords=["coral", "kelp"], versions=second), "ris"))
    assert entry["type_of_reference"] == "DATA"
    assert entry["authors"] == ["Castellanos, Wren"]
    assert entry["title"] == "Alpha reef survey"
    assert entry["year"] == "2024"
    assert entry["date"] == "2024/05/01/"
    assert entry["publisher"] == "Coral Sea Institute"
    assert entry["edition"] == "2"
    assert entry["urls"] == [URL]
    assert entry["keywords"] == ["coral", "kelp"]


def test_csl_json() -> None:
    (entry,) = json.loads(cite(by(["Castellanos, Wren", "Coral team"], keywords=["coral"]), "csl-json"))
    assert entry == {
        "id": HANDLE,
        "type": "dataset",
        "title": "Alpha reef survey",
        "author": [{"family": "Castellanos", "given": "Wren"}, {"literal": "Coral team"}],
        "issued": {"date-parts": [[2024, 5, 1]]},
        "publisher": "Coral Sea Institute",
        "URL": URL,
        "abstract": "Description of Alpha reef survey",
        "keyword": "coral",
    }


@given(name=st.text(min_size=1), keyword=st.text(), author=st.text())
def test_any_text_can_be_read_back(name: str, keyword: str, author: str) -> None:
    described = record(name, keywords=[keyword], description=name, preferred_citation=keyword)
    if author.strip(" ,\t\n") and author.split():
        described = replace(described, authors=written_authors([author]))
    assert bibtex_entry(cite(described, "bibtex"))["year"] == "2024"
    assert ris_entry(cite(described, "ris"))["year"] == "2024"
    assert json.loads(cite(described, "csl-json"))[0]["id"] == HANDLE
    for style in ("apa", "bibtex", "ris", "csl-json"):
        text = cite(described, style)
        assert all(line.isprintable() for line in text.split("\n"))
        text.encode()


def test_an_unknown_style() -> None:
    with pytest.raises(
        errors.InvalidArgument, match="style must be 'apa', 'bibtex', 'ris' or 'csl-json', not 'mla'"
    ):
        checked_style("mla")


@pytest.mark.parametrize(
    ("authors", "message"),
    [
        ("Castellanos, Wren", "authors must be several names, such as a list, not str."),
        ([], "authors must have at least one name."),
        (["Tane, Will", " "], r"authors\[1\] must be a name, such as 'Castellanos, Wren'."),
        ([3], r"authors\[0\] must be a name"),
    ],
)
def test_authors_that_are_none(authors: Any, message: str) -> None:
    with pytest.raises(errors.InvalidArgument, match=message):
        written_authors(authors)


def test_a_citation_is_a_text_that_a_notebook_shows_line_by_line() -> None:
    cited = cite(record("<b>"), "bibtex")
    assert type(pickle.loads(pickle.dumps(cited))) is Citation
    assert cited._repr_html_().startswith(
        '<pre style="white-space: pre-wrap">@misc{castellanos2024-1900011,\n'
    )
    assert "<b>" not in cited._repr_html_()
