"""Citations of a dataset, as text and for reference managers."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable
from html import escape
from typing import Any, Final, Literal, TypeAlias

from provena_sdk.display.text import alternatives, printable, quoted
from provena_sdk.errors import InvalidArgument
from provena_sdk.export.record import DatasetRecord, Party

CitationStyle: TypeAlias = Literal["apa", "bibtex", "ris", "csl-json"]
"""The styles of citations."""

_LINE: Final = 4_000
_ABSTRACT: Final = 20_000
# The American Psychological Association's manual, 7th edition, section 9.8.
_MOST_AUTHORS: Final = 20
_AND: Final = re.compile(r"\band\b", re.IGNORECASE)
_NOT_IN_NAMES: Final = re.compile(r"[^a-z0-9]+")
_NOT_IN_KEYS: Final = re.compile(r"[^A-Za-z0-9.-]+")
_LATEX: Final = {
    "\\": r"\textbackslash{}",
    # Escaped braces would still be counted as braces.
    "{": r"\textbraceleft{}",
    "}": r"\textbraceright{}",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    **{special: f"\\{special}" for special in "$&#_%"},
}


class Citation(str):
    """A citation: a ``str`` that a notebook shows with its line breaks."""

    __slots__ = ()

    def _repr_html_(self) -> str:
        return f'<pre style="white-space: pre-wrap">{escape(self)}</pre>'

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(str(self))


def checked_style(style: object) -> str:
    """Return the style of a citation.

    Raises:
        InvalidArgument: There is no such style.
    """
    if not isinstance(style, str) or style not in _STYLES:
        raise InvalidArgument("style", f"must be {alternatives(_STYLES)}, not {quoted(style, 60)}.")
    return style


def cite(record: DatasetRecord, style: str) -> Citation:
    """Return a citation in a style; see :func:`checked_style`."""
    return Citation(_STYLES[style](record))


def apa(record: DatasetRecord) -> str:
    """Return a citation as the American Psychological Association's manual, 7th edition, section 10.9, wants it."""
    authors = _apa_authors(record.authors)
    version = f" (Version {record.version})" if record.version else ""
    parts = [
        authors if authors.endswith(".") else f"{authors}.",
        f"({record.year or 'n.d.'}).",
        f"{_line(record.name)}{version} [Data set].",
    ]
    # The manual leaves out a publisher who is the author.
    if record.publisher.name and record.publisher.name not in [author.name for author in record.authors]:
        parts.append(f"{_line(record.publisher.name)}.")
    return " ".join([*parts, record.url])


def bibtex(record: DatasetRecord) -> str:
    """Return an entry for BibTeX and biblatex; ``@misc``, since BibTeX's own styles know no data sets."""
    publisher = record.publisher.name
    fields = {
        "author": " and ".join(map(_bibtex_author, record.authors)),
        # Twice in braces, so that styles keep its capitals.
        "title": f"{{{_latex(record.name)}}}",
        "year": str(record.year) if record.year else None,
        # BibTeX's styles print only the former for @misc, and reference managers read only the latter.
        "howpublished": f"Data set, {_latex(publisher)}" if publisher else "Data set",
        "publisher": _latex(publisher),
        "version": str(record.version) if record.version else None,
        "url": record.url,
        "keywords": ", ".join(map(_latex, record.info.keywords or [])),
        "copyright": _latex(record.info.license),
        "note": _latex(_preferred(record)),
    }
    lines = [f"  {name} = {{{value}}}" for name, value in fields.items() if value]
    return "@misc{" + ",\n".join([_key(record), *lines]) + "\n}"


def ris(record: DatasetRecord) -> str:
    """Return a record in the format of Research Information Systems, which reference managers import."""
    issued = record.issued
    fields = [
        ("TY", "DATA"),
        *(("AU", _inverted(author)) for author in record.authors),
        ("TI", record.name),
        ("PY", str(issued.year) if issued else None),
        ("DA", f"{issued:%Y/%m/%d}/" if issued else None),
        ("PB", record.publisher.name),
        ("ET", str(record.version) if record.version else None),
        ("UR", record.url),
        ("AB", record.info.description),
        *(("KW", word) for word in record.info.keywords or []),
        ("N1", _preferred(record)),
        ("C1", f"Licence: {record.info.license}"),
    ]
    lines = [f"{tag}  - {_line(value, _ABSTRACT)}" for tag, value in fields if value]
    return "\n".join([*lines, "ER  - "])


def csl_json(record: DatasetRecord) -> str:
    """Return a list of one item in the JSON format of the Citation Style Language, version 1.0.2."""
    issued = record.issued
    item = {
        "id": record.handle,
        "type": "dataset",
        "title": _line(record.name),
        "author": [_csl_author(author) for author in record.authors],
        "issued": {"date-parts": [[issued.year, issued.month, issued.day]]} if issued else None,
        "publisher": _line(record.publisher.name or "") or None,
        "version": str(record.version) if record.version else None,
        "URL": record.url,
        "abstract": _line(record.info.description, _ABSTRACT) or None,
        "keyword": ", ".join(map(_line, record.info.keywords or [])) or None,
        "note": _line(_preferred(record) or "") or None,
    }
    return json.dumps([{name: value for name, value in item.items() if value}], indent=2, ensure_ascii=False)


_STYLES: Final[dict[str, Callable[[DatasetRecord], str]]] = {
    "apa": apa,
    "bibtex": bibtex,
    "ris": ris,
    "csl-json": csl_json,
}


def _apa_authors(authors: tuple[Party, ...]) -> str:
    names = [_apa_author(author) for author in authors]
    if len(names) > _MOST_AUTHORS:
        return f"{', '.join(names[: _MOST_AUTHORS - 1])}, … {names[-1]}"
    if len(names) == 1:
        return names[0]
    return f"{', '.join(names[:-1])}, & {names[-1]}"


def _apa_author(author: Party) -> str:
    if not author.is_person:
        return _line(author.label)
    given = (
        "-".join(f"{half[0]}." for half in name.split("-") if half)
        for name in _line(author.given or "").split()
    )
    return ", ".join(filter(None, (_line(author.family or ""), " ".join(given))))


def _bibtex_author(author: Party) -> str:
    if not author.is_person:
        return f"{{{_latex(author.label)}}}"
    return ", ".join(_bibtex_name(part) for part in (author.family, author.given) if part)


def _bibtex_name(name: str) -> str:
    # BibTeX takes commas and "and" for the ends of names.
    text = _latex(name)
    return f"{{{text}}}" if "," in text or _AND.search(text) else text


def _csl_author(author: Party) -> dict[str, str]:
    if not author.is_person:
        return {"literal": _line(author.label)}
    names = {"family": author.family, "given": author.given}
    return {name: _line(value) for name, value in names.items() if value}


def _inverted(author: Party) -> str:
    if not author.is_person:
        return author.label
    return ", ".join(filter(None, (author.family, author.given)))


def _preferred(record: DatasetRecord) -> str | None:
    wanted = record.info.preferred_citation
    return f"Preferred citation: {wanted}" if wanted else None


def _key(record: DatasetRecord) -> str:
    first = record.authors[0]
    plain = unicodedata.normalize("NFKD", first.family or first.label).encode("ascii", "ignore").decode()
    name = _NOT_IN_NAMES.sub("", plain.lower())[:40] or "dataset"
    number = _NOT_IN_KEYS.sub("-", record.handle.rpartition("/")[2])[:60]
    return f"{name}{record.year or ''}-{number}"


def _line(text: str, limit: int = _LINE) -> str:
    return printable(text, limit)


def _latex(text: str | None) -> str:
    return "".join(_LATEX.get(character, character) for character in _line(text or ""))
