"""The sign-in page as a QR code, for terminals without a browser: scan it and sign in on another device."""

from __future__ import annotations

import io

# Light modules are drawn and dark ones left out, so set white on black, whatever the terminal's colours are.
_ON = "\x1b[97;40m"
_OFF = "\x1b[0m"
_QUIET_MODULES = 2


def lines(url: str) -> list[str] | None:
    """Draw ``url`` as a QR code of half blocks.

    Args:
        url: The page to open.

    Returns:
        The lines, without colours; None without the extra ``provena-sdk[qr]``, or for a URL too long for a QR code.
    """
    try:
        import segno  # noqa: PLC0415  # an extra
    except ImportError:
        return None
    try:
        code = segno.make_qr(url, error="l", version=None)
    except ValueError:
        return None
    out = io.StringIO()
    code.terminal(out, border=_QUIET_MODULES, compact=True)
    return out.getvalue().splitlines()


def drawn(url: str, *, columns: int, encoding: str | None) -> str:
    """Draw ``url`` for a terminal.

    Args:
        url: The page to open.
        columns: The terminal's width.
        encoding: The terminal's encoding.

    Returns:
        Lines with their colours; empty when the code cannot be drawn or does not fit.
    """
    rows = lines(url)
    if not rows or len(rows[0]) + 4 > columns:
        return ""
    try:
        "".join(rows).encode(encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return ""
    return "".join(f"    {_ON}{row}{_OFF}\n" for row in rows)
