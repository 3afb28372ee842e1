"""Settings of external parts of a deployment."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal, get_args
from urllib.parse import urlsplit

from provena_sdk.sandbox.data.items import BUCKET

DEFAULT_REGION: Final = "us-east-1"
Issuing = Literal["assume-role", "web-identity", "accounts"]
ISSUING: Final[tuple[Issuing, ...]] = get_args(Issuing)

# Shortest lifetime that STS grants, in seconds.
LEAST_ROLE_SECONDS: Final = 900
# MinIO and others ignore the role, but require this form.
_ANY_ROLE: Final = "arn:aws:iam::000000000000:role/provena-sandbox"


class Unreachable(OSError):
    """An external part does not answer, or its answer is invalid; the message says which and why."""


@dataclass(frozen=True, kw_only=True)
class ExternalStore:
    """An S3 store for the files, instead of the sandbox's own.

    Args:
        url: Its URL.
        access_key_id: Access key of an account with full access to the bucket that may issue credentials.
        secret_access_key: Its secret.
        issuing: How to get credentials for one dataset: ``assume-role`` requests from the store's STS a role that a
            session policy limits to the dataset's prefix; ``web-identity`` does so with the caller's token;
            ``accounts`` creates an account per prefix, for a store without STS (versitygw).
        bucket: The bucket; it is created if missing.
        region: The region that requests are signed for.
        sts_url: URL of STS; None means ``url``.
        role_arn: The role to assume; the default is one that stores other than Amazon's ignore.
        accounts_url: URL where versitygw creates accounts; required for ``accounts``.

    Raises:
        ValueError: An argument is invalid; the message names it.

    Example:
        >>> ExternalStore(url="http://127.0.0.1:9000", access_key_id="root", secret_access_key="secret").issuing
        'assume-role'
    """

    url: str
    access_key_id: str
    secret_access_key: str = field(repr=False)
    issuing: Issuing = "assume-role"
    bucket: str = BUCKET
    region: str = DEFAULT_REGION
    sts_url: str | None = None
    role_arn: str | None = None
    accounts_url: str | None = None

    def __post_init__(self) -> None:
        check_url("url", self.url)
        for name in ("sts_url", "accounts_url"):
            if (url := getattr(self, name)) is not None:
                check_url(name, url)
        if self.issuing not in ISSUING:
            raise ValueError(f"issuing must be one of {', '.join(ISSUING)}, not {self.issuing!r}.")
        if self.issuing == "accounts" and self.accounts_url is None:
            raise ValueError("accounts_url must be given for issuing='accounts'.")

    @property
    def role(self) -> str:
        """The role to assume."""
        return self.role_arn or _ANY_ROLE


def check_url(name: str, url: str) -> None:
    """Check a URL.

    Raises:
        ValueError: It is not an http or https URL; the message names the argument.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"{name} must be a URL such as https://example.org, not {url!r}.")
