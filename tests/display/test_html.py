"""HTML: what is escaped, and what it may contain."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest

from provena_sdk.display.html import Html, badge, element, facts, fragment, html, link, rows
from provena_sdk.views.card import Card, Link

EVIL = "<script>alert(1)</script>\"'&\x1b[2J\u202e" + "x" * 10_000


class Read(HTMLParser):
    """The tags of a piece of HTML, whether all are closed, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: dict[str, str | None] = {}
        self.text = ""
        self._open: list[str] = []
        self.feed(text)
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= dict(attrs)
        self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def test_everything_from_elsewhere_is_escaped_and_bounded() -> None:
    shown = fragment(
        html(EVIL),
        element("div", EVIL),
        badge(EVIL),
        facts({EVIL: EVIL}),
        rows([EVIL], [[EVIL]]),
        link(EVIL, EVIL),
    )
    found = Read(shown)
    assert "script" not in found.tags
    assert "<script>alert(1)</script>" in found.text
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert len(shown) < 10_000


def test_html_passes_as_it_is() -> None:
    assert element("td", Html("<b>1</b>"), "<") == "<td><b>1</b>&lt;</td>"


@pytest.mark.parametrize(
    "url",
    ["javascript:alert(1)", "JavaScript:x", "data:text/html,x", "", None, "//a.org", "https://a.org/\u202e"],
)
def test_only_web_addresses_become_links(url: str | None) -> None:
    assert link(url, "here") == "here"
    assert Read(Card("a", Link("here", url))._repr_html_()).tags.count("a") == 0


def test_a_link_is_quoted() -> None:
    found = Read(link('https://a.org/"onclick="alert(1)', "here"))
    assert set(found.attributes) == {"href", "rel", "target"}


def test_a_fragment_needs_no_script_and_no_network() -> None:
    shown = fragment("x")
    assert "<style>" in shown
    for word in ("<script", "url(", "@import", "src=", "http"):
        assert word not in shown


def test_a_card_as_text_has_what_its_html_has() -> None:
    card = Card(
        "Reef",
        Link("10378.1/7", "https://hdl.handle.net/10378.1/7"),
        (("released", "good"),),
        "Temperatures.",
        (("owner", "Ada"), ("size", None), ("licence", Link("CC BY", "https://a.org/by"))),
        (),
        ("dataset.list_files()",),
    )
    assert str(card).splitlines() == [
        "Reef",
        "10378.1/7 <https://hdl.handle.net/10378.1/7>  released",
        "Temperatures.",
        "  owner    Ada",
        "  licence  CC BY <https://a.org/by>",
        "  >>> dataset.list_files()",
    ]
    text = Read(card._repr_html_()).text
    for word in (
        "Reef",
        "10378.1/7",
        "released",
        "Temperatures.",
        "owner",
        "Ada",
        "CC BY",
        "dataset.list_files()",
    ):
        assert word in text
    assert repr(card) == "<Card 'Reef'>"


def test_a_card_of_hostile_text() -> None:
    card = Card(
        EVIL, Link(EVIL, EVIL), ((EVIL, "bad"),), EVIL, ((EVIL, EVIL), ("b", Link(EVIL, EVIL))), (), (EVIL,)
    )
    assert "script" not in Read(card._repr_html_()).tags
    for shown in (str(card), repr(card)):
        assert all(line.isprintable() for line in shown.splitlines())
    assert len(repr(card)) <= 200
