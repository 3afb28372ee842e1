"""Arguments that mean a person, an organisation or the like: a handle, or a name that is looked up."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import ClassVar, Final, Generic, Protocol, TypeVar, overload

from provena_sdk.display.text import printable, quoted
from provena_sdk.errors import NameAmbiguous, NameNotFound
from provena_sdk.operations import arguments, handles, identifiers
from provena_sdk.operations.workflow import Workflow, handle_of
from provena_sdk.tracebacks import short_traceback
from provena_sdk.views.tabular import Tabular
from provena_sdk.workflows.registry.matching import Rank, rank

_MOST_SHOWN: Final = 8
_LONGEST: Final = 200


class Named(Protocol):
    """What has an id and a name."""

    id: str
    display_name: str


A = TypeVar("A", bound=Named)


@dataclass(frozen=True, slots=True)
class Kind(Generic[A]):
    """What a name can stand for.

    Attributes:
        noun: What one is called.
        plural: What several are called.
        everything: Fetches all of them.
        names: The names of one of them.
        identifiers: What identifies one of them besides its id, such as an e-mail address.
        otherwise: The next step when no name is similar.
    """

    noun: str
    plural: str
    everything: Callable[[], Workflow[Sequence[A]]]
    names: Callable[[A], Sequence[str | None]]
    identifiers: Callable[[A], Sequence[str | None]]
    otherwise: str


@dataclass(frozen=True, slots=True, repr=False)
class Matches(Tabular, Sequence[A]):
    """What matches a name, best first.

    Attributes:
        query: What was looked for.
        kind: What was searched.
        ranks: How well each of the matches does so.
        similar: If nothing matches, what is spelt similarly.
    """

    _columns: ClassVar = ("handle", "name", "identifier")
    _index: ClassVar = "handle"

    query: str
    kind: Kind[A]
    found: tuple[A, ...]
    ranks: tuple[Rank, ...]
    similar: tuple[A, ...] = ()

    @overload
    def __getitem__(self, index: int) -> A: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[A]: ...
    def __getitem__(self, index: int | slice) -> A | Sequence[A]:
        return self.found[index]

    def __len__(self) -> int:
        return len(self.found)

    def __iter__(self) -> Iterator[A]:
        return iter(self.found)

    def __repr__(self) -> str:
        return f"<Matches {quoted(self.query, 60)}: {len(self)}>"

    @short_traceback
    def one(self) -> A:
        """Return the match that is meant: the only one, or the only one of this whole name or identifier.

        Returns:
            The person or organisation.

        Raises:
            NameNotFound: Nothing matches.
            NameAmbiguous: Several match equally well; the error lists them.

        Example:
            >>> provena.organisations.find("coral sea").one().display_name
            'Coral Sea Institute'
        """
        if len(self) > 1 and self.ranks[0] > Rank.WORDS:
            raise self._ambiguous("query", self.found)
        return self.found[0] if len(self) == 1 else self.whole("query")

    def whole(self, argument: str) -> A:
        """Return the match of this whole name or identifier; part of a name is not enough to act on.

        Args:
            argument: The argument's name, for the message.

        Returns:
            The match.

        Raises:
            NameNotFound: None has this whole name.
            NameAmbiguous: Several have.
        """
        best = self._best()
        if not best or self.ranks[0] > Rank.WORDS:
            similar = self.found or self.similar
            raise NameNotFound(
                argument,
                f"no {self.kind.noun} is called {quoted(self.query, 60)}.",
                candidates=tuple(item.id for item in similar),
                hint=f"Did you mean {_listed(similar)}?" if similar else self.kind.otherwise,
            )
        if len(best) > 1:
            raise self._ambiguous(argument, best)
        return best[0]

    def _best(self) -> list[A]:
        return [item for item, each in zip(self.found, self.ranks, strict=True) if each == self.ranks[0]]

    def _ambiguous(self, argument: str, best: Sequence[A]) -> NameAmbiguous:
        return NameAmbiguous(
            argument,
            f"{len(best)} {self.kind.plural} match {quoted(self.query, 60)}: {_listed(best)}.",
            candidates=tuple(item.id for item in best),
            hint="Pass the handle or id of the one you mean.",
        )

    def _title(self) -> str:
        counted = (
            f"1 {self.kind.noun} matches" if len(self) == 1 else f"{len(self):,} {self.kind.plural} match"
        )
        return f"{counted} {quoted(self.query, 80)}"

    def _rows(self) -> list[tuple[object, ...]]:
        return [
            (item.id, item.display_name, ", ".join(filter(None, self.kind.identifiers(item))))
            for item in self.found
        ]


def _listed(items: Sequence[Named]) -> str:
    shown = [f"{printable(item.display_name, 60)} ({printable(item.id, 60)})" for item in items[:_MOST_SHOWN]]
    more = f" and {len(items) - _MOST_SHOWN} more" if len(items) > _MOST_SHOWN else ""
    return ", ".join(shown) + more


def find(kind: Kind[A], argument: str, query: object) -> Workflow[Matches[A]]:
    """Find what matches a name, part of one, an id or another identifier.

    All are listed and compared here. The search service would give at most 50 ids, a request each to look at, from an
    index that does not yet have what was just created, and so could not show that a name is unique.

    Args:
        kind: What to search.
        argument: The argument's name, for messages.
        query: What the caller passed.

    Returns:
        The matches, best first, then by name.

    Raises:
        InvalidArgument: The query is empty or not a str.
    """
    text = arguments.text(argument, query).strip()
    return matches(kind, text, (yield from kind.everything()))


def matches(kind: Kind[A], query: str, items: Sequence[A]) -> Matches[A]:
    """Return the items that match a name or identifier, best first, then by name."""
    ranked = [(_rank(kind, query, item), item) for item in items]
    found = [(each, item) for each, item in ranked if each is not None]
    found.sort(key=lambda pair: (pair[0], pair[1].display_name.casefold(), pair[1].id))
    similar = () if found else _similar(kind, query, items)
    return Matches(query, kind, tuple(item for _, item in found), tuple(each for each, _ in found), similar)


def _similar(kind: Kind[A], query: str, items: Sequence[A]) -> tuple[A, ...]:
    named = {name[:_LONGEST]: item for item in items for name in (*kind.names(item), item.id) if name}
    close = get_close_matches(query[:_LONGEST], named, n=3, cutoff=0.7)
    return tuple({named[name].id: named[name] for name in close}.values())


def reference(kind: Kind[A], argument: str, value: object) -> Workflow[str]:
    """Return the id that an argument means: a handle in one of its forms, or a whole name or identifier.

    Args:
        kind: What the argument means.
        argument: Its name, for messages.
        value: What the caller passed.

    Returns:
        The id. A handle is not looked up.

    Raises:
        InvalidArgument: It is empty or not a str.
        NameNotFound: It is not a handle, and none has this name.
        NameAmbiguous: Several have this name; the error lists them.
    """
    return (yield from references(kind, {argument: value}))[argument]


def references(kind: Kind[A], values: Mapping[str, object]) -> Workflow[dict[str, str]]:
    """Return the ids that several arguments of the same kind mean, and list that kind at most once.

    Args:
        kind: What the arguments mean.
        values: What the caller passed, by the arguments' names.

    Returns:
        The ids, by the arguments' names.

    Raises:
        InvalidArgument: An argument is empty or not a str.
        NameNotFound: One is not a handle, and none has this name.
        NameAmbiguous: Several have the same name; the error lists them.
    """
    texts = {argument: arguments.text(argument, value).strip() for argument, value in values.items()}
    named = [argument for argument, text in texts.items() if not is_handle(text)]
    ids = {}
    for argument in texts.keys() - named:
        ids[argument] = yield from handle_of(argument, texts[argument])
    everything: Sequence[A] = (yield from kind.everything()) if named else ()
    return ids | {name: matches(kind, texts[name], everything).whole(name).id for name in named}


def is_handle(text: str) -> bool:
    """Return whether a text is a handle in one of its forms, rather than a name, an ORCID or a ROR.

    Example:
        >>> is_handle("hdl:10378.1/1900003"), is_handle("Ada Diver"), is_handle("https://ror.org/03qn8fb07")
        (True, False, False)
    """
    if identifiers.orcid(text) or identifiers.ror(text):
        return False
    return handles.is_handle(text) or handles.is_written(text)


def _rank(kind: Kind[A], query: str, item: A) -> Rank | None:
    asked = _normal(handles.without_scheme(query))
    if any(asked == _normal(known) for known in (item.id, *kind.identifiers(item)) if known):
        return Rank.ID
    return rank(query, kind.names(item))


def _normal(identifier: str) -> str:
    return identifiers.orcid(identifier) or identifiers.ror(identifier) or identifier.casefold()
