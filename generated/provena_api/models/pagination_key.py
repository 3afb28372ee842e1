from __future__ import annotations

from typing import Any, Self

from ..types import wrong_type

__all__ = ("PaginationKey",)


class PaginationKey(dict[str, Any]):
    """The start of the next page, as a JSON object to send back unchanged."""

    __slots__ = ()

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """Read the JSON object ``data``; it is copied, not kept."""
        if not isinstance(data, dict):
            raise wrong_type("PaginationKey", "an object", data)
        return cls(data)

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object to send."""
        return dict(self)
