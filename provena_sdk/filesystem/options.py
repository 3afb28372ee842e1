"""The storage options of ``provena://``: settings that may be kept, pickled and shown, and never a secret."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from provena_sdk.errors import InvalidArgument
from provena_sdk.files.credentials import Access

if TYPE_CHECKING:
    from provena_sdk.client import Provena
    from provena_sdk.config import Deployment

_SECRETS: Final = frozenset(
    {"access_token", "offline_token", "client_secret", "token", "key", "secret", "password"}
)
_OF_FSSPEC: Final = frozenset(
    {"asynchronous", "loop", "batch_size", "use_listings_cache", "listings_expiry_time", "max_paths"}
)
_OWN: Final = ("profile", "deployment", "realm", "access")


def check_options(access: str | None, options: Mapping[str, object]) -> None:
    """Refuse options that there are not, and secrets.

    Args:
        access: The option of that name.
        options: What is not one of our own options.

    Raises:
        InvalidArgument: One is a secret, is unknown, or has no such value.
    """
    for name in options:
        if name in _SECRETS:
            raise InvalidArgument(
                name,
                "a secret is no storage option: those are kept, pickled and shown.",
                hint="Name a profile that holds it, or set the environment variable PROVENA_ACCESS_TOKEN, "
                "PROVENA_OFFLINE_TOKEN or PROVENA_CLIENT_SECRET.",
            )
        if name not in _OF_FSSPEC:
            known = ", ".join([*_OWN, *sorted(_OF_FSSPEC)])
            raise InvalidArgument(name, "there is no such storage option.", hint=f"There are {known}.")
    if access is not None and access not in [*Access]:
        raise InvalidArgument(
            "access", f"{access!r} is none of {', '.join(map(repr, map(str, Access)))}, None."
        )


def client_for(
    profile: str | None, deployment: str | Mapping[str, str | None] | None, realm: str | None
) -> Provena:
    """Make the client that storage options lead to.

    Args:
        profile: A profile of ``config.toml``, by its name.
        deployment: The domain, or a deployment's fields.
        realm: The sign-in realm.

    Raises:
        ConfigurationError: No deployment is named, or a setting cannot be used.
        InvalidArgument: A field of the deployment is unknown.
    """
    from provena_sdk.client import Provena

    where = _deployment(deployment) if isinstance(deployment, Mapping) else deployment
    return Provena(where, realm, profile=profile)


def _deployment(fields: Mapping[str, Any]) -> Deployment:
    from provena_sdk.config import Deployment

    try:
        return Deployment(**fields)
    except TypeError:
        pass
    raise InvalidArgument(
        "deployment",
        "it needs the fields of a Deployment: domain, and perhaps realm, datastore, search, issuer, s3_endpoint, "
        "s3_region and ca_file.",
    )
