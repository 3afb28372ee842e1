"""What the sandbox has to know of parts that are not its own."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal, get_args
from urllib.parse import urlsplit

from provena_sdk.sandbox.data.items import BUCKET

DEFAULT_REGION: Final = "us-east-1"
Issuing = Literal["assume-role", "web-identity", "accounts"]
ISSUING: Final[tuple[Issuing, ...]] = get_args(Issuing)

# The least that STS grants.
LEAST_ROLE_SECONDS: Final = 900
# MinIO and others take any role of this form for the caller's own.
_ANY_ROLE: Final = "arn:aws:iam::000000000000:role/provena-sandbox"


class Unreachable(OSError):
    """A part does not answer, or not as it should; the text says which and why."""


@dataclass(frozen=True, kw_only=True)
class ExternalStore:
    """An S3 store that keeps the files in place of the sandbox's own.

    Args:
        url: Its address.
        access_key_id: Key of an account that may do everything in the bucket, and hand out credentials.
        secret_access_key: The secret to it.
        issuing: How credentials for one dataset are had: ``assume-role`` asks the store's STS for a role that a
            session policy limits to the dataset's prefix; ``web-identity`` gives it the caller's token for that;
            ``accounts`` makes an account for each prefix, for a store without STS (versitygw).
        bucket: The bucket; it is made unless it is there.
        region: The region that requests are signed for.
        sts_url: Where STS listens; None means at ``url``.
        role_arn: The role to assume; None names one that stores other than Amazon's do not look at.
        accounts_url: Where versitygw makes accounts; ``accounts`` needs it.

    Raises:
        ValueError: An argument does not fit; the message says which.

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
            raise ValueError("accounts_url: where the store makes accounts has to be known.")

    @property
    def role(self) -> str:
        """The role to assume."""
        return self.role_arn or _ANY_ROLE


def check_url(name: str, url: str) -> None:
    """Refuse what is not a web address.

    Raises:
        ValueError: It is not; the message names the argument.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"{name} must be an address such as https://example.org, not {url!r}.")
