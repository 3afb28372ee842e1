"""Handles as links."""

from __future__ import annotations


def handle_url(handle: str) -> str | None:
    """Return the URL at which a handle is resolved; None for what is not a handle.

    Example:
        >>> handle_url("10378.1/1900011")
        'https://hdl.handle.net/10378.1/1900011'
    """
    prefix, slash, suffix = handle.partition("/")
    is_handle = (
        slash
        and prefix.isascii()
        and prefix.replace(".", "").isdigit()
        and suffix.isascii()
        and suffix.isalnum()
    )
    return f"https://hdl.handle.net/{handle}" if is_handle else None
