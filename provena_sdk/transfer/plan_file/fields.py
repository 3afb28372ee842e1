"""Take the values of a JSON object, each with its type; whatever is missing, unknown or of another type is refused."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

from provena_sdk.display.text import alternatives, quoted

MOST_NUMBER: Final = 2**63 - 1
"""The largest number that a value may be."""


class Fields:
    """The values of one JSON object.

    Args:
        values: The object.
        name: The object's name in messages, with a dot; empty for the line itself.

    Raises:
        ValueError: It is not a JSON object.
    """

    def __init__(self, values: object, name: str = "") -> None:
        if not isinstance(values, dict):
            raise ValueError(
                f"{quoted(name.removesuffix('.'))} must be an object." if name else "it is not an object."
            )
        self._values: Mapping[str, object] = values
        self._name = name

    def require(self, names: Collection[str], optional: Collection[str] = ()) -> None:
        """Check which values there are.

        Args:
            names: The values that there must be.
            optional: The values that there may be.

        Raises:
            ValueError: One is missing, or there is another.
        """
        for name in names:
            if name not in self._values:
                raise ValueError(f"{quoted(self._name + name)} is missing.")
        for name in self._values:
            if name not in names and name not in optional:
                raise ValueError(f"{quoted(self._name + name)} is not expected here.")

    def has(self, name: str) -> bool:
        """Return whether there is a value."""
        return name in self._values

    def text(self, name: str, most: int) -> str:
        """Return a text.

        Args:
            name: Its name.
            most: The most characters it may have.

        Raises:
            ValueError: It is not a text, is empty, or is longer.
        """
        value = self._values.get(name)
        if not isinstance(value, str) or not value:
            raise ValueError(f"{quoted(self._name + name)} must be a text.")
        if len(value) > most:
            raise ValueError(f"{quoted(self._name + name)} has more than {most:,} characters.")
        return value

    def choice(self, name: str, known: Collection[str]) -> str:
        """Return one of several texts.

        Args:
            name: Its name.
            known: The texts.

        Raises:
            ValueError: It is another value.
        """
        value = self._values.get(name)
        if not isinstance(value, str) or value not in known:
            raise ValueError(f"{quoted(self._name + name)} must be {alternatives(known)}.")
        return value

    def number(self, name: str, most: int = MOST_NUMBER, *, least: int = 0) -> int:
        """Return an integer.

        Args:
            name: Its name.
            most: The largest that it may be.
            least: The smallest that it may be.

        Raises:
            ValueError: It is another value.
        """
        value = self._values.get(name)
        if type(value) is not int or not least <= value <= most:
            raise ValueError(f"{quoted(self._name + name)} must be an integer from {least} to {most}.")
        return value

    def part(self, name: str) -> Fields:
        """Return an object within this one.

        Args:
            name: Its name.

        Raises:
            ValueError: It is not an object.
        """
        return Fields(self._values.get(name), f"{self._name}{name}.")

    def plain(self) -> dict[str, object]:
        """Return all values as they are."""
        return dict(self._values)
