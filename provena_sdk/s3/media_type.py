"""The media types of written files."""

from __future__ import annotations

import re
from typing import Final

from provena_sdk.errors import InvalidArgument

_MEDIA_TYPE: Final = re.compile(r"[\x21-\x7e]+(?: [\x21-\x7e]+)*")
_MOST_CHARACTERS: Final = 255


def is_content_type(text: str) -> bool:
    r"""Return whether a text can be sent as a media type: at most 255 ASCII characters, printable, no surplus spaces.

    Example:
        >>> is_content_type("text/csv"), is_content_type("text/csv\r\n")
        (True, False)
    """
    return len(text) <= _MOST_CHARACTERS and _MEDIA_TYPE.fullmatch(text) is not None


def check_content_type(given: object, *, argument: str = "content_type") -> str | None:
    """Return a media type unchanged if it can be sent as a header.

    Args:
        given: The media type; None leaves it to the file's name.
        argument: The name of the caller's argument, for the error.

    Raises:
        InvalidArgument: It is not a str, is too long, is not printable ASCII, or has surplus spaces.

    Example:
        >>> check_content_type("text/csv; charset=utf-8")
        'text/csv; charset=utf-8'
    """
    if given is None:
        return None
    if isinstance(given, str) and is_content_type(given):
        return given
    shown = repr(given[:_MOST_CHARACTERS]) if isinstance(given, str) else type(given).__name__
    raise InvalidArgument(argument, f"a media type such as 'text/csv' is needed, not {shown}.")
