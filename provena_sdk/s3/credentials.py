"""Temporary credentials of the object store, and their supply."""

from __future__ import annotations

from datetime import datetime
from typing import NoReturn, Protocol

from provena_sdk.secret import Secret, hidden


class Credentials:
    """Temporary credentials of the object store. Their representation hides the secrets, and they cannot be pickled.

    Args:
        access_key_id: The access key's id.
        secret_access_key: The secret key.
        session_token: The session token; empty for a key without one.
        expiry: When the store stops accepting them; must have a time zone.

    Attributes:
        access_key_id: The access key's id.
        secret_access_key: The secret key.
        session_token: The session token, or None.
        expiry: When the store stops accepting them.

    Raises:
        ValueError: ``expiry`` has no time zone, or another argument is not one line of plain characters.

    Example:
        >>> from datetime import UTC
        >>> Credentials("id", "key", "token", datetime(2030, 1, 1, tzinfo=UTC))
        Credentials(expiry=datetime.datetime(2030, 1, 1, 0, 0, tzinfo=datetime.timezone.utc))
    """

    __slots__ = ("access_key_id", "expiry", "secret_access_key", "session_token")

    def __init__(
        self,
        access_key_id: str | Secret,
        secret_access_key: str | Secret,
        session_token: str | Secret,
        expiry: datetime,
    ) -> None:
        self.access_key_id = hidden(access_key_id, "access_key_id")
        self.secret_access_key = hidden(secret_access_key, "secret_access_key")
        self.session_token = hidden(session_token, "session_token") if session_token else None
        self.expiry = expiry
        # The errors' frames must not show them.
        del access_key_id, secret_access_key, session_token
        for secret in self.secrets:
            if not secret.is_sendable:
                raise ValueError(f"{secret.name}: one line of plain characters is needed.")
        if expiry.tzinfo is None:
            raise ValueError("expiry: a time zone is needed to compare it with the clock.")

    @property
    def secrets(self) -> tuple[Secret, ...]:
        """The secrets: the access key's id, the secret key and the session token."""
        held = (self.access_key_id, self.secret_access_key, self.session_token)
        return tuple(secret for secret in held if secret is not None)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Credentials):
            return NotImplemented
        return self.secrets == other.secrets and self.expiry == other.expiry

    def __hash__(self) -> int:
        return hash((self.secrets, self.expiry))

    def __repr__(self) -> str:
        return f"Credentials(expiry={self.expiry!r})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("Credentials are never pickled; send the dataset's id, and ask for new ones there.")


class CredentialsSupply(Protocol):
    """A supply of the credentials that sign requests."""

    async def current(self) -> Credentials:
        """Return the credentials for the next request."""
        ...

    def refused(self, credentials: Credentials) -> None:
        """Record that the store no longer accepts these credentials.

        Args:
            credentials: The credentials that signed the request.
        """
        ...
