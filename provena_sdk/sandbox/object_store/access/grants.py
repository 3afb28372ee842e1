"""Temporary credentials limited to a prefix, and presigned URLs."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import quote, urlsplit

from provena_sdk.sandbox.object_store.access import signature

MAX_PRESIGN_SECONDS = 7 * 24 * 3600


@dataclass(frozen=True, slots=True)
class TemporaryCredentials:
    """Credentials for an S3 client. ``expiry`` is time-zone aware; the repr hides the secrets."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str = field(repr=False)
    expiry: datetime


@dataclass(slots=True)
class Grant:
    """The permissions of one access key, and their expiry in Unix seconds (None means never)."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str | None = field(repr=False)
    bucket: str | None
    prefix: str
    write: bool
    expires: float | None

    @property
    def is_root(self) -> bool:
        """Whether the grant covers every bucket."""
        return self.bucket is None

    def covers(self, bucket: str, key: str, *, write: bool) -> bool:
        """Return whether the grant allows reading or writing this object."""
        if self.bucket is None:
            return True
        return bucket == self.bucket and key.startswith(self.prefix) and (self.write or not write)


class Grants:
    """The credentials that a server accepts.

    Args:
        clock: Returns the time in Unix seconds; a test may replace it.

    Example:
        >>> grants = Grants()
        >>> keys = grants.issue("reef", "datasets/10378-1-12/", write=False, lifetime_seconds=3600)
        >>> grants.find(keys.access_key_id).covers("reef", "datasets/10378-1-12/a.csv", write=False)
        True
    """

    def __init__(self, *, clock: Callable[[], float] = time.time) -> None:
        self.clock = clock
        self._grants: dict[str, Grant] = {}
        access_key_id, secret = _new_key("AKIA")
        self._root = Grant(access_key_id, secret, None, None, "", True, None)
        self._grants[access_key_id] = self._root

    def __repr__(self) -> str:
        return f"<Grants: {len(self._grants) - 1} temporary>"

    @property
    def root(self) -> Grant:
        """Credentials without limits, for tests; they have no session token."""
        return self._root

    def issue(
        self, bucket: str, prefix: str, *, write: bool, lifetime_seconds: float
    ) -> TemporaryCredentials:
        """Issue temporary credentials for the objects of a bucket whose keys begin with ``prefix``.

        They may list the whole bucket, as those of the real service do.

        Args:
            bucket: The bucket's name.
            prefix: Usually ends in a slash.
            write: Whether they may also write and delete.
            lifetime_seconds: Their lifetime, in seconds.
        """
        access_key_id, secret = _new_key("ASIA")
        token = secrets.token_urlsafe(192)
        expires = self.clock() + lifetime_seconds
        self._grants[access_key_id] = Grant(access_key_id, secret, token, bucket, prefix, write, expires)
        return TemporaryCredentials(access_key_id, secret, token, datetime.fromtimestamp(expires, UTC))

    def find(self, access_key_id: str) -> Grant | None:
        """Return the grant for an access key, expired or not, or None."""
        return self._grants.get(access_key_id)

    def has_expired(self, grant: Grant) -> bool:
        """Return whether a grant has expired."""
        return grant.expires is not None and grant.expires <= self.clock()

    def expire_all(self) -> None:
        """Expire every temporary grant now; requests then get ``ExpiredToken``."""
        now = self.clock()
        for grant in list(self._grants.values()):
            if grant.expires is not None:
                grant.expires = min(grant.expires, now)

    def expire(self, access_key_id: str) -> None:
        """Expire one temporary grant now; the root and unknown access keys are ignored."""
        grant = self._grants.get(access_key_id)
        if grant is not None and grant.expires is not None:
            grant.expires = min(grant.expires, self.clock())

    def revoke(self, access_key_id: str) -> None:
        """Remove a temporary grant; requests then get ``InvalidAccessKeyId``."""
        if access_key_id != self._root.access_key_id:
            self._grants.pop(access_key_id, None)


def presign(grants: Grants, base_url: str, bucket: str, key: str, expires_seconds: int) -> str:
    """Return a URL that reads one object without credentials.

    Args:
        grants: The grants whose root credentials sign it.
        base_url: The server's URL.
        bucket: The bucket's name.
        key: The object's key; it need not exist.
        expires_seconds: Lifetime of the URL: 1 to 604,800 seconds.

    Raises:
        ValueError: ``expires_seconds`` is out of bounds.
    """
    if not 1 <= expires_seconds <= MAX_PRESIGN_SECONDS:
        raise ValueError(
            f"expires_seconds must be between 1 and {MAX_PRESIGN_SECONDS}, not {expires_seconds}"
        )
    root = grants.root
    timestamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(grants.clock()))
    scope = signature.Scope(timestamp[:8], "us-east-1", "s3")
    query = {
        "X-Amz-Algorithm": signature.ALGORITHM,
        "X-Amz-Credential": f"{root.access_key_id}/{scope}",
        "X-Amz-Date": timestamp,
        "X-Amz-Expires": str(expires_seconds),
        "X-Amz-SignedHeaders": "host",
    }
    base = urlsplit(base_url)
    path = f"{base.path.rstrip('/')}/{quote(bucket, safe='-_.~')}/{quote(key, safe='/-_.~')}"
    canonical = signature.canonical_request(
        "GET", path, query.items(), {"host": base.netloc}, "host", signature.UNSIGNED_PAYLOAD
    )
    signing_key = signature.signing_key(root.secret_access_key, scope)
    signed = signature.sign(signing_key, signature.string_to_sign(timestamp, scope, canonical))
    return (
        f"{base.scheme}://{base.netloc}{path}"
        f"?{signature.canonical_query(query.items())}&X-Amz-Signature={signed}"
    )


def _new_key(kind: str) -> tuple[str, str]:
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
    return kind + "".join(secrets.choice(alphabet) for _ in range(16)), secrets.token_urlsafe(30)
