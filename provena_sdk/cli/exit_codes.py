"""The exit codes of every command."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """How a command ended, for scripts.

    Attributes:
        meaning: What the code means, in a few words.
    """

    meaning: str

    DONE = 0, "done"
    FAILED = 1, "failed"
    USAGE = 2, "wrong usage: an argument, an option or a setting"
    NOT_SIGNED_IN = 3, "not signed in"
    NOT_PERMITTED = 4, "not permitted"
    NOT_FOUND = 5, "not found"
    CONFLICT = 6, "conflict: somebody or something else is in the way"
    PARTLY_DONE = 7, "partly done: some of several things failed"
    NOT_REACHABLE = 8, "a service could not be reached, or is overloaded"
    NO_SPACE = 9, "no space left on the disk"
    DIFFERENT = 10, "differences found"
    OUTCOME_UNKNOWN = 11, "outcome unknown: it may have taken effect"
    INTERRUPTED = 130, "interrupted with Ctrl-C"

    def __new__(cls, code: int, meaning: str) -> ExitCode:  # noqa: D102  # the members are its only callers
        member = int.__new__(cls, code)
        member._value_ = code
        member.meaning = meaning
        return member
