"""Check URLs in answers, which users open or pass to other programs."""

from __future__ import annotations

from urllib.parse import urlsplit

from provena_api.models import CredentialResponse, PresignedURLResponse

from provena_sdk.operations.operation import Unusable


def check_presigned(answer: PresignedURLResponse) -> None:
    """Refuse a presigned URL that is not an http or https URL.

    Raises:
        Unusable: It has another scheme, no host, or characters that do not belong in a URL.
    """
    _check("presigned_url", answer.presigned_url)


def check_console(answer: CredentialResponse) -> None:
    """Refuse the URL of a console session that is not an http or https URL; None is accepted.

    Raises:
        Unusable: As for :func:`check_presigned`.
    """
    if answer.console_session_url:
        _check("console_session_url", answer.console_session_url)


def _check(name: str, url: str) -> None:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        usable = False
    if not usable or not url.isascii() or not url.isprintable() or " " in url:
        raise Unusable(f"{name} is not an http or https URL")
