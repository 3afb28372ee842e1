"""The caller's identity and roles, as a service reports them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

from provena_api.models import User

from provena_sdk.display.text import SERVER_LIMIT, printable
from provena_sdk.errors import InvalidArgument

AccessLevel: TypeAlias = Literal["general", "read", "write", "admin"]


@dataclass(frozen=True, slots=True, repr=False)
class UserAccess:
    """The user as a service sees them, without the access token that the service echoes.

    Attributes:
        username: Name the user signs in with.
        email: E-mail address, or None if the account has none.
        roles: Roles of the account, in the service's order.
    """

    username: str
    email: str | None
    roles: tuple[str, ...]

    def __str__(self) -> str:
        roles = printable(", ".join(self.roles), SERVER_LIMIT) or "no roles"
        return f"{printable(self.username)} ({printable(self.email or 'no e-mail')}): {roles}"

    def __repr__(self) -> str:
        return f"<UserAccess {printable(self, 180)}>"


def user_access(user: User) -> UserAccess:
    """Return the parts of a service's answer that may be shown."""
    return UserAccess(user.username, user.email, tuple(user.roles))


def level(value: str) -> AccessLevel:
    """Check the name of an access level.

    Args:
        value: What the caller passed.

    Returns:
        The level.

    Raises:
        InvalidArgument: There is no such level.
    """
    for known in get_args(AccessLevel):
        if value == known:
            return known  # type: ignore[no-any-return]  # get_args loses the literal type
    raise InvalidArgument(
        "level", f"must be one of {', '.join(get_args(AccessLevel))}, not {printable(value, 60)!r}."
    )
