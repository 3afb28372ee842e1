"""Ranked full-text search over the registry, by SQLite's FTS5."""

from __future__ import annotations

import re
import sqlite3
import weakref
from collections.abc import Iterator

from provena_sdk.sandbox.data.items import Item

MAX_GRAM = 20
# Most spellings of one word to search for, as in OpenSearch.
MAX_SPELLINGS = 50
_WORD = re.compile(r"\w+")
_SCHEMA = """
CREATE VIRTUAL TABLE entry USING fts5(id, name, body, subtype UNINDEXED, tokenize = 'unicode61');
CREATE VIRTUAL TABLE vocabulary USING fts5vocab(entry, 'row');
CREATE TABLE place (id TEXT PRIMARY KEY, entry INTEGER NOT NULL);
"""
# Later columns weigh less: the id, the name, everything else.
_RANK = "bm25(entry, 2.0, 4.0, 1.0)"


class SearchIndex:
    """Finds items by prefixes of their words, best first, like an index of edge n-grams.

    A prefix without matches finds words with a similar prefix. The index holds the first ``MAX_GRAM`` letters of each
    word; a longer query finds nothing, not even the word itself.
    """

    def __init__(self) -> None:
        # The state's lock serialises access from several threads.
        self._database = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
        self._database.executescript(_SCHEMA)
        # Also an index that nobody closed; an open database warns when it is collected, in a random place.
        self._finalizer = weakref.finalize(self, self._database.close)

    def put(self, item: Item) -> None:
        """Add an item, or replace its entry."""
        row = self._database.execute("SELECT entry FROM place WHERE id = ?", (item.id,)).fetchone()
        words = " ".join(_words_of(_indexed(item)))
        values = (item.id, _whole(item.display_name or ""), _whole(words), item.subtype)
        if row is None:
            cursor = self._database.execute(
                "INSERT INTO entry (id, name, body, subtype) VALUES (?, ?, ?, ?)", values
            )
            self._database.execute("INSERT INTO place VALUES (?, ?)", (item.id, cursor.lastrowid))
        else:
            self._database.execute(
                "UPDATE entry SET id = ?, name = ?, body = ?, subtype = ? WHERE rowid = ?", (*values, row[0])
            )

    def remove(self, handle: str) -> None:
        """Remove an item's entry, if it has one."""
        self._database.execute(
            "DELETE FROM entry WHERE rowid IN (SELECT entry FROM place WHERE id = ?)", (handle,)
        )
        self._database.execute("DELETE FROM place WHERE id = ?", (handle,))

    def find(self, query: str, limit: int, subtype: str | None = None) -> list[tuple[str, float]]:
        """Return ids and scores of the items with a word that begins with any of the prefixes, best first.

        Args:
            query: Prefixes of words, in any order.
            limit: Most items to return.
            subtype: Only items of this subtype.
        """
        terms = [term for word in _WORD.findall(_whole(query).lower()) for term in self._spellings(word)]
        if not terms:
            return []
        match = " OR ".join(_beginning(term) for term in dict.fromkeys(terms))
        rows = self._database.execute(
            f"SELECT id, -{_RANK} FROM entry WHERE entry MATCH :match AND (:subtype IS NULL OR subtype = :subtype) "
            f"ORDER BY {_RANK}, rowid LIMIT :limit",
            {"match": match, "subtype": subtype, "limit": limit},
        )
        return [(found, score) for found, score in rows]

    def clear(self) -> None:
        """Forget everything."""
        self._database.executescript("DELETE FROM entry; DELETE FROM place;")

    def close(self) -> None:
        """Close the database."""
        self._finalizer()

    def _spellings(self, word: str) -> list[str]:
        if len(word) <= MAX_GRAM and self._begins_a_word(word):
            return [word]
        allowed = 0 if len(word) < 3 else 1 if len(word) < 6 else 2
        if not allowed:
            return []
        terms = self._database.execute("SELECT term FROM vocabulary")
        near = (_similar_beginning(term[:MAX_GRAM], word, allowed) for (term,) in terms)
        return list(dict.fromkeys(filter(None, near)))[:MAX_SPELLINGS]

    def _begins_a_word(self, beginning: str) -> bool:
        query = "SELECT 1 FROM entry WHERE entry MATCH ? LIMIT 1"
        return self._database.execute(query, (_beginning(beginning),)).fetchone() is not None


def _indexed(item: Item) -> object:
    if "collection_format" not in item.body:
        return item.body
    # Of the two copies of user_metadata, the item's own is indexed; a new version has none.
    return {**item.metadata["dataset_info"], "user_metadata": item.body["user_metadata"]}


def _whole(text: str) -> str:
    """Return the text without halves of surrogate pairs, which SQLite rejects."""
    return text.encode("utf-8", "replace").decode()


def _words_of(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for entry in value.values():
            yield from _words_of(entry)
    elif isinstance(value, list):
        for entry in value:
            yield from _words_of(entry)


def _beginning(text: str) -> str:
    """Return an FTS5 query for the words that begin with ``text``."""
    return f'"{text}"*'


def _similar_beginning(word: str, wanted: str, allowed: int) -> str:
    """Return the shortest prefix of ``word`` at most ``allowed`` edits away from ``wanted``, or an empty string.

    An edit adds, drops or replaces a letter.
    """
    previous = list(range(len(word) + 1))
    for row, letter in enumerate(wanted, 1):
        current = [row]
        for column, against in enumerate(word, 1):
            current.append(
                min(previous[column] + 1, current[-1] + 1, previous[column - 1] + (letter != against))
            )
        if min(current) > allowed:
            return ""
        previous = current
    return next((word[:length] for length, edits in enumerate(previous) if edits <= allowed), "")
