"""Issue credentials for one dataset's prefix, from a store's STS or with an account per prefix."""

from __future__ import annotations

import json
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol
from xml.sax.saxutils import escape

from provena_sdk.sandbox.external.http import ask
from provena_sdk.sandbox.external.parts import LEAST_ROLE_SECONDS, ExternalStore
from provena_sdk.sandbox.external.policy import document, statements
from provena_sdk.sandbox.object_store import TemporaryCredentials

_SESSION = "provena-sandbox"


class Issuer(Protocol):
    """Issues credentials."""

    def issue(self, prefix: str, *, write: bool, token: str) -> TemporaryCredentials:
        """Return credentials for a prefix, for the holder of the access token."""
        ...

    def expire_all(self) -> None:
        """Expire all credentials that were issued, if the store can."""
        ...


class AssumedRole:
    """Credentials from ``AssumeRole``.

    Args:
        store: The store.
        sts: Its STS client.
        seconds: Their lifetime.
    """

    def __init__(self, store: ExternalStore, sts: Any, seconds: float) -> None:
        self._store = store
        self._sts = sts
        self._seconds = int(seconds)

    def issue(self, prefix: str, *, write: bool, token: str) -> TemporaryCredentials:
        """Return credentials for a prefix."""
        answer = self._sts.assume_role(
            RoleArn=self._store.role,
            RoleSessionName=_SESSION,
            DurationSeconds=self._seconds,
            Policy=json.dumps(document(statements(self._store.bucket, prefix, write=write))),
        )
        return _from_sts(answer)

    def expire_all(self) -> None:
        """Refuse, because STS cannot revoke credentials.

        Raises:
            RuntimeError: Always.
        """
        raise RuntimeError("Credentials from an external store's STS cannot be revoked.")


class WebIdentity(AssumedRole):
    """Credentials from ``AssumeRoleWithWebIdentity``: the store checks the caller's token itself.

    They last at least a quarter of an hour, but no longer than the token.
    """

    def issue(self, prefix: str, *, write: bool, token: str) -> TemporaryCredentials:
        """Return credentials for a prefix."""
        lifetime = {"DurationSeconds": self._seconds} if self._seconds >= LEAST_ROLE_SECONDS else {}
        answer = self._sts.assume_role_with_web_identity(
            RoleArn=self._store.role,
            RoleSessionName=_SESSION,
            WebIdentityToken=token,
            Policy=json.dumps(document(statements(self._store.bucket, prefix, write=write))),
            **lifetime,
        )
        return _from_sts(answer)


def _from_sts(answer: Any) -> TemporaryCredentials:
    given = answer["Credentials"]
    return TemporaryCredentials(
        given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"], given["Expiration"]
    )


@dataclass(frozen=True)
class _Account:
    prefix: str
    write: bool
    expires: float


class Accounts:
    """Credentials of accounts, one per prefix, which are removed when they expire.

    They have no session token. The bucket's policy grants each account its access.

    Args:
        store: The store.
        ca_file: PEM file of certificates to trust instead of the system's.
        put_policy: Sets the bucket's policy.
        seconds: Lifetime of credentials.
    """

    def __init__(
        self,
        store: ExternalStore,
        ca_file: str | None,
        put_policy: Callable[[dict[str, Any] | None], None],
        seconds: float,
    ) -> None:
        self._store = store
        self._ca_file = ca_file
        self._put_policy = put_policy
        self._seconds = seconds
        self._lock = threading.Lock()
        self._accounts: dict[str, _Account] = {}

    def issue(self, prefix: str, *, write: bool, token: str) -> TemporaryCredentials:
        """Return credentials for a prefix."""
        name, secret = f"sandbox{secrets.token_hex(8)}", secrets.token_hex(20)
        expiry = datetime.now(UTC) + timedelta(seconds=self._seconds)
        with self._lock:
            self._call(
                "create-user",
                f"<Account><Access>{name}</Access><Secret>{escape(secret)}</Secret><Role>user</Role>"
                "<UserID>0</UserID><GroupID>0</GroupID><ProjectID>0</ProjectID></Account>",
            )
            self._accounts[name] = _Account(prefix, write, expiry.timestamp())
            self._state_policy()
        return TemporaryCredentials(name, secret, "", expiry)

    def expire(self) -> None:
        """Remove the accounts that have expired."""
        self._remove(lambda account: account.expires <= time.time())

    def expire_all(self) -> None:
        """Remove every account."""
        self._remove(lambda account: True)

    def _remove(self, chosen: Callable[[_Account], bool]) -> None:
        with self._lock:
            over = [name for name, account in self._accounts.items() if chosen(account)]
            for name in over:
                del self._accounts[name]
                self._call(f"delete-user?access={name}")
            if over:
                self._state_policy()

    def _state_policy(self) -> None:
        groups: dict[tuple[str, bool], list[str]] = {}
        for name, account in self._accounts.items():
            groups.setdefault((account.prefix, account.write), []).append(name)
        stated = [
            statement
            for (prefix, write), names in groups.items()
            for statement in statements(self._store.bucket, prefix, write=write, accounts=names)
        ]
        self._put_policy(document(stated) if stated else None)

    def _call(self, path: str, body: str = "") -> None:
        # botocore takes longer to import than the sandbox to start.
        from botocore.auth import S3SigV4Auth  # noqa: PLC0415  # keeps botocore away
        from botocore.awsrequest import AWSRequest  # noqa: PLC0415  # keeps botocore away
        from botocore.credentials import Credentials  # noqa: PLC0415  # keeps botocore away

        url = f"{(self._store.accounts_url or '').rstrip('/')}/{path}"
        request = AWSRequest("PATCH", url, data=body.encode())
        root = Credentials(self._store.access_key_id, self._store.secret_access_key)
        S3SigV4Auth(root, "s3", self._store.region).add_auth(request)
        headers = dict(request.headers.items())
        ask(url, method="PATCH", headers=headers, body=body.encode(), ca_file=self._ca_file)
