"""Temporary keys limited to a prefix, and URLs signed in advance."""

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
    """Keys for an S3 client. ``expiry`` is aware; the secrets are left out of the repr."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str = field(repr=False)
    expiry: datetime


@dataclass(slots=True)
class Grant:
    """What one key pair may do, and until when (Unix seconds; None means for ever)."""

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
        """Say whether the grant allows reading or writing this object."""
        if self.bucket is None:
            return True
        return bucket == self.bucket and key.startswith(self.prefix) and (self.write or not write)


class Grants:
    """The key pairs a server accepts.

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
        """A key pair without limits, for tests; it has no session token."""
        return self._root

    def issue(
        self, bucket: str, prefix: str, *, write: bool, lifetime_seconds: float
    ) -> TemporaryCredentials:
        """Make temporary keys for the objects of a bucket whose keys begin with ``prefix``.

        The whole bucket may be listed, as with the keys the real service gives.

        Args:
            bucket: The bucket's name.
            prefix: Usually ends in a slash.
            write: Whether writing and deleting are allowed beside reading.
            lifetime_seconds: How long the keys are good, in seconds.
        """
        access_key_id, secret = _new_key("ASIA")
        token = secrets.token_urlsafe(192)
        expires = self.clock() + lifetime_seconds
        self._grants[access_key_id] = Grant(access_key_id, secret, token, bucket, prefix, write, expires)
        return TemporaryCredentials(access_key_id, secret, token, datetime.fromtimestamp(expires, UTC))

    def find(self, access_key_id: str) -> Grant | None:
        """Return the grant behind an access key, expired or not; None when there is none."""
        return self._grants.get(access_key_id)

    def has_expired(self, grant: Grant) -> bool:
        """Say whether a grant's time is over."""
        return grant.expires is not None and grant.expires <= self.clock()

    def expire_all(self) -> None:
        """End every temporary grant now; its keys are answered with ``ExpiredToken``."""
        now = self.clock()
        for grant in list(self._grants.values()):
            if grant.expires is not None:
                grant.expires = min(grant.expires, now)

    def expire(self, access_key_id: str) -> None:
        """End one temporary grant now; the root pair and unknown keys are left alone."""
        grant = self._grants.get(access_key_id)
        if grant is not None and grant.expires is not None:
            grant.expires = min(grant.expires, self.clock())

    def revoke(self, access_key_id: str) -> None:
        """Forget a temporary grant; its keys are answered with ``InvalidAccessKeyId``."""
        if access_key_id != self._root.access_key_id:
            self._grants.pop(access_key_id, None)


def presign(grants: Grants, base_url: str, bucket: str, key: str, expires_seconds: int) -> str:
    """Return a URL that reads one object without further keys.

    Args:
        grants: Whose root pair signs.
        base_url: The server's URL.
        bucket: The bucket's name.
        key: The object's key; it need not exist.
        expires_seconds: How long the URL is good: 1 to 604,800 seconds.

    Raises:
        ValueError: ``expires_seconds`` is out of bounds.
    """
    if not 1 <= expires_seconds <= MAX_PRESIGN_SECONDS:
        raise ValueError(f"expires_seconds: {expires_seconds} is not within 1 to {MAX_PRESIGN_SECONDS}")
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
