"""A card: what an object is, at a glance, as text and as HTML."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from provena_sdk.display.html import Html, Tone, badge, element, facts, fragment, html, is_web_url, link
from provena_sdk.display.notebook import pretty
from provena_sdk.display.pictures.picture import Picture
from provena_sdk.display.text import printable

_DESCRIPTION_LIMIT: Final = 600
_NAME_LIMIT: Final = 60


@dataclass(frozen=True, slots=True)
class Link:
    """Text that is a link in HTML, and followed by the URL in a terminal."""

    text: str
    url: str | None

    def __str__(self) -> str:
        text = printable(self.text)
        if not is_web_url(self.url) or self.url == self.text:
            return text
        return f"{text} <{printable(self.url)}>"


@dataclass(frozen=True, slots=True, repr=False)
class Card:
    """A title, words in frames, facts, pictures and calls. Any text in it may come from elsewhere.

    Attributes:
        title: What it is.
        link: Its identifier, and where it is found.
        badges: Short words and their tones.
        description: A paragraph.
        facts: Names and values; those that are None or empty are left out.
        pictures: Pictures, which the text form leaves out: what they show must be among the facts.
        calls: Calls that one would make next.
    """

    title: str
    link: Link | None = None
    badges: tuple[tuple[str, Tone], ...] = ()
    description: str = ""
    facts: tuple[tuple[str, object], ...] = ()
    pictures: tuple[Picture, ...] = ()
    calls: tuple[str, ...] = ()

    def __str__(self) -> str:
        words = [*([str(self.link)] if self.link else []), *(printable(word) for word, _ in self.badges)]
        known = [
            (printable(name, _NAME_LIMIT), value if isinstance(value, Link) else printable(value))
            for name, value in self.facts
            if value is not None and value != ""
        ]
        width = max((len(name) for name, _ in known), default=0)
        lines = [
            printable(self.title),
            "  ".join(words),
            printable(self.description, _DESCRIPTION_LIMIT),
            *(f"  {name.ljust(width)}  {value}" for name, value in known),
            *(f"  >>> {printable(call)}" for call in self.calls),
        ]
        return "\n".join(filter(None, lines))

    def __repr__(self) -> str:
        return f"<Card {printable(self.title, 120)!r}>"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        pretty(self, printer)

    def _repr_html_(self) -> str:
        head = element("div", self.title, kind="p-title")
        where = link(self.link.url, self.link.text) if self.link else Html("")
        line = element("div", *(badge(word, tone) for word, tone in self.badges), where, kind="p-line")
        about = (
            element("div", html(self.description, _DESCRIPTION_LIMIT), kind="p-line p-quiet")
            if self.description
            else ""
        )
        values = facts(
            [
                (name, link(value.url, value.text) if isinstance(value, Link) else value)
                for name, value in self.facts
            ]
        )
        pictures = (
            element("div", *(picture.inline() for picture in self.pictures)) if self.pictures else Html("")
        )
        body = element("div", element("div", values, kind="p-wide"), pictures, kind="p-side")
        calls = element("pre", Html("\n".join(map(html, self.calls)))) if self.calls else Html("")
        return fragment(element("div", head, line, about, body, calls, kind="p-box"))
