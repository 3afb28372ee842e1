"""ORCIDs of persons and RORs of organisations: bare, or as a URL."""

from __future__ import annotations

import re
from typing import Final

from provena_sdk.display.text import quoted
from provena_sdk.errors import InvalidArgument
from provena_sdk.operations import arguments, handles

_ORCID: Final = re.compile(r"(?:https?://(?:www\.)?orcid\.org/)?((?:\d{4}-){3}\d{3}[\dx])/?", re.I | re.A)
_ROR: Final = re.compile(r"(?:https?://(?:www\.)?ror\.org/)?(0[a-hj-km-np-tv-z\d]{6}\d{2})/?", re.I | re.A)


def orcid(text: str) -> str | None:
    """Return the ORCID in a text that is one; None for any other text.

    Example:
        >>> orcid("https://orcid.org/0000-0002-1825-0097"), orcid("0000-0002-1825-0097"), orcid("Ada Diver")
        ('0000-0002-1825-0097', '0000-0002-1825-0097', None)
    """
    found = _ORCID.fullmatch(text.strip())
    return found[1].upper() if found else None


def ror(text: str) -> str | None:
    """Return the ROR in a text that is one; None for any other text.

    Example:
        >>> ror("https://ror.org/03qn8fb07"), ror("03qn8fb07"), ror("Kelp Lab")
        ('03qn8fb07', '03qn8fb07', None)
    """
    found = _ROR.fullmatch(text.strip())
    return found[1].lower() if found else None


def orcid_url(argument: str, value: object) -> str:
    """Return an ORCID as a URL, which the registry requires; it accepts any URL, and so does this.

    Args:
        argument: The argument's name, for the message.
        value: What the caller passed.

    Returns:
        The URL.

    Raises:
        InvalidArgument: It is neither an ORCID nor a URL, or its last digit does not fit the others.

    Example:
        >>> orcid_url("orcid", "0000-0002-1825-0097")
        'https://orcid.org/0000-0002-1825-0097'
    """
    text = arguments.text(argument, value).strip()
    found = orcid(text)
    if found is None:
        return _url(argument, text, "an ORCID such as '0000-0002-1825-0097'")
    if found[-1] != _check_digit(found[:-1]):
        raise InvalidArgument(argument, f"{quoted(text)} is not a valid ORCID: its last digit does not fit.")
    return f"https://orcid.org/{found}"


def ror_url(argument: str, value: object) -> str:
    """Return a ROR as a URL, which the registry requires; it accepts any URL, and so does this.

    Args:
        argument: The argument's name, for the message.
        value: What the caller passed.

    Returns:
        The URL.

    Raises:
        InvalidArgument: It is neither a ROR nor a URL.

    Example:
        >>> ror_url("ror", "03qn8fb07")
        'https://ror.org/03qn8fb07'
    """
    text = arguments.text(argument, value).strip()
    found = ror(text)
    return f"https://ror.org/{found}" if found else _url(argument, text, "a ROR such as '03qn8fb07'")


def _url(argument: str, text: str, otherwise: str) -> str:
    if not handles.web_host(text):
        raise InvalidArgument(argument, f"must be {otherwise}, or a URL, not {quoted(text)}.")
    return text


def _check_digit(digits: str) -> str:
    """Return the last digit of an ORCID, by ISO 7064 MOD 11-2."""
    total = 0
    for digit in digits.replace("-", ""):
        total = (total + int(digit)) * 2
    last = (12 - total % 11) % 11
    return "X" if last == 10 else str(last)
