from __future__ import annotations

from typing import Any, Self

from attrs import define, field

from .. import types
from ..types import wrong_type

__all__ = ("VersionDetails",)

_FIELDS = frozenset(
    (
        "commit_id",
        "commit_url",
        "release_title",
        "release_url",
        "tag_name",
    )
)


@define(kw_only=True, repr=False)
class VersionDetails(types.Shown):
    """Which version of its code a service runs.

    Attributes:
        commit_id: The commit.
        commit_url: The commit's page.
        release_title: The release's title.
        release_url: The release's page.
        tag_name: The tag, if the commit has one.
        additional_properties: Fields the interface does not name, kept and sent back.
    """

    _telling = ("commit_id=", "commit_url=", "release_title=")

    commit_id: str | None = None
    commit_url: str | None = None
    release_title: str | None = None
    release_url: str | None = None
    tag_name: str | None = None
    additional_properties: dict[str, Any] = field(factory=dict, repr=False)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """Read the JSON object ``data``, which is not changed.

        Raises:
            KeyError: A required field is missing.
            TypeError: A value has the wrong JSON type.
            ValueError: A date cannot be read.
        """
        if not isinstance(data, dict):
            raise wrong_type("VersionDetails", "an object", data)
        self = cls.__new__(cls)
        value = data.get("commit_id")
        if value is not None and not isinstance(value, str):
            raise wrong_type("VersionDetails.commit_id", "a string", value)
        self.commit_id = value
        value = data.get("commit_url")
        if value is not None and not isinstance(value, str):
            raise wrong_type("VersionDetails.commit_url", "a string", value)
        self.commit_url = value
        value = data.get("release_title")
        if value is not None and not isinstance(value, str):
            raise wrong_type("VersionDetails.release_title", "a string", value)
        self.release_title = value
        value = data.get("release_url")
        if value is not None and not isinstance(value, str):
            raise wrong_type("VersionDetails.release_url", "a string", value)
        self.release_url = value
        value = data.get("tag_name")
        if value is not None and not isinstance(value, str):
            raise wrong_type("VersionDetails.tag_name", "a string", value)
        self.tag_name = value
        self.additional_properties = (
            {} if data.keys() <= _FIELDS else {key: data[key] for key in data if key not in _FIELDS}
        )
        return self

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object to send; fields that are None are left out."""
        data = self.additional_properties.copy()
        if self.commit_id is not None:
            data["commit_id"] = self.commit_id
        if self.commit_url is not None:
            data["commit_url"] = self.commit_url
        if self.release_title is not None:
            data["release_title"] = self.release_title
        if self.release_url is not None:
            data["release_url"] = self.release_url
        if self.tag_name is not None:
            data["tag_name"] = self.tag_name
        return data
