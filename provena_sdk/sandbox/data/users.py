"""The users of the sandbox, their roles, and the clients they sign in with."""

from __future__ import annotations

from dataclasses import dataclass, field

READ = "entity-registry-read"
WRITE = "entity-registry-write"
ADMIN = "entity-registry-admin"
SYS_READ = "sys-admin-read"
SYS_WRITE = "sys-admin-write"
SYS_ADMIN = "sys-admin-admin"

# Every token has these roles, after the user's own.
EVERYONES_ROLES = ("default-roles-provena", "offline_access", "uma_authorization")

DEVICE_CLIENTS = ("client-tools", "automated-access")
SERVICE_CLIENT = "sandbox-service"
SERVICE_SECRET = "sandbox-secret"
SERVICE_USER = "service-account-sandbox-service"


@dataclass(frozen=True, slots=True)
class User:
    """A user who can sign in.

    Args:
        name: The user name.
        roles: The user's own roles; tokens add the roles that every user has.
        email: The e-mail address in tokens, if any.
        person: Id of the linked person in the registry, if any.
        groups: Groups whose permissions on datasets the user has.
    """

    name: str
    roles: tuple[str, ...] = ()
    email: str | None = None
    person: str | None = None
    groups: frozenset[str] = field(default_factory=frozenset)


@dataclass(frozen=True, slots=True)
class Identity:
    """The caller, as an access token describes them."""

    username: str
    email: str | None
    roles: tuple[str, ...]
    token: str

    def __repr__(self) -> str:
        return f"Identity({self.username!r})"


def _user(
    name: str, *roles: str, person: int | None = None, email: bool = True, groups: tuple[str, ...] = ()
) -> User:
    return User(
        name,
        roles,
        f"{name}@example.com" if email else None,
        None if person is None else f"10378.1/{person}",
        frozenset(groups),
    )


_OPERATORS = (
    "handle-read",
    "handle-write",
    "handle-admin",
    "job-service-read",
    "job-service-write",
    "job-service-admin",
)

STANDARD_USERS: dict[str, User] = {
    user.name: user
    for user in (
        _user("reader", READ, person=1900008, groups=("coral-team",)),
        _user("writer", READ, WRITE, person=1900003),
        _user("writer2", READ, WRITE, person=1900004, groups=("coral-team",)),
        _user("reviewer", READ, WRITE, person=1900005),
        _user("unlinked", READ, WRITE),
        _user("noemail", READ, WRITE, person=1900009, email=False),
        _user("writeonly", WRITE, person=1900010),
        _user("admin", READ, WRITE, ADMIN, SYS_READ, SYS_WRITE, SYS_ADMIN, *_OPERATORS, person=1900006),
        _user("regadmin", READ, WRITE, ADMIN, person=1900007),
        _user("sysadmin", SYS_READ, SYS_WRITE, SYS_ADMIN),
        _user("syswrite", SYS_READ, SYS_WRITE),
        _user("nobody"),
        User(SERVICE_USER, (READ, WRITE), f"{SERVICE_USER}@example.com", "10378.1/1900003"),
    )
}
