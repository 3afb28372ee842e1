from __future__ import annotations

from typing import Any, Self

from ..types import wrong_type

__all__ = ("UserLinkUserAssignResponse",)


class UserLinkUserAssignResponse(dict[str, Any]):
    """The answer to a link that was made, which is empty."""

    __slots__ = ()

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """Read the JSON object ``data``; it is copied, not kept."""
        if not isinstance(data, dict):
            raise wrong_type("UserLinkUserAssignResponse", "an object", data)
        return cls(data)

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object to send."""
        return dict(self)
