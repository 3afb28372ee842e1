"""Numbers of files and bytes as people write them."""

from __future__ import annotations

from typing import Final

_UNITS: Final = ("B", "kB", "MB", "GB", "TB")
# Up to so many seconds, a time left is rounded to so many seconds.
_STEPS: Final = ((55, 10), (15 * 60, 60), (3600, 300), (48 * 3600, 600))


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


def share(done: int, total: int) -> str:
    """Format a number of bytes out of a total, both in the total's unit.

    Example:
        >>> share(80_400_000, 241_000_000), share(1_230_000_000, 40_000_000_000), share(5, 10)
        ('80 of 241 MB', '1.2 of 40 GB', '5 of 10 B')
    """
    power = 0
    while total >= 1000 ** (power + 1) and power < len(_UNITS) - 1:
        power += 1
    return f"{_figure(done, power)} of {_figure(total, power)} {_UNITS[power]}"


def _figure(size: int, power: int) -> str:
    value = size / 1000**power
    return f"{value:.0f}" if power == 0 or value >= 10 else f"{value:.1f}"


def duration(seconds: float) -> str:
    """Format a duration.

    Example:
        >>> duration(4.2), duration(123), duration(4000)
        ('4.2 s', '2 min 3 s', '1 h 6 min')
    """
    if seconds < 10:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def time_left(seconds: float) -> tuple[float, str]:
    """Round an estimate so that it changes rarely.

    Args:
        seconds: The estimate.

    Returns:
        The step in seconds to which it is rounded, and the time left in words.

    Example:
        >>> [time_left(seconds)[1] for seconds in (4, 38, 175, 2000, 9000, 200_000)]
        ['a few seconds left', '40 s left', '3 min left', '35 min left', '2 h 30 min left', 'more than 2 days left']
    """
    if seconds > 48 * 3600:
        return 3600.0, "more than 2 days left"
    step = next(step for most, step in _STEPS if seconds <= most)
    rounded = round(seconds / step) * step
    if not rounded:
        return float(step), "a few seconds left"
    minutes, rest = divmod(rounded, 60)
    hours, minutes = divmod(minutes, 60)
    parts = (f"{hours} h" if hours else "", f"{minutes} min" if minutes else "", f"{rest} s" if rest else "")
    return float(step), f"{' '.join(filter(None, parts))} left"
