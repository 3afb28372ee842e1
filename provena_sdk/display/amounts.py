"""Numbers of files and bytes as people write them."""

from __future__ import annotations

from typing import Final

_UNITS: Final = ("B", "kB", "MB", "GB", "TB")


def counted(files: int) -> str:
    """Format a number of files.

    Example:
        >>> counted(1), counted(1200)
        ('1 file', '1,200 files')
    """
    return f"{files:,} file" if files == 1 else f"{files:,} files"


def human_size(size: int) -> str:
    """Format a number of bytes with a decimal unit.

    Example:
        >>> human_size(999), human_size(1_250_000)
        ('999 B', '1.2 MB')
    """
    value = float(size)
    for unit in _UNITS:
        if value < 1000 or unit == _UNITS[-1]:
            return f"{size} B" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    raise AssertionError("unreachable")
