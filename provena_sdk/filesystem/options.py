"""The storage options of ``provena://``: settings that may be kept, pickled and shown, and never a secret."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from provena_sdk.config.deployment import Deployment, domain_name
from provena_sdk.config.settings import Given
from provena_sdk.connection import Datasets, connect
from provena_sdk.datasets.credentials import Access
from provena_sdk.errors import ConfigurationError, InvalidArgument

_SECRETS: Final = frozenset(
    {"access_token", "offline_token", "client_secret", "token", "key", "secret", "password"}
)
_OF_FSSPEC: Final = frozenset(
    {"asynchronous", "loop", "batch_size", "use_listings_cache", "listings_expiry_time", "max_paths"}
)
OF_READING: Final = ("block_size", "cache_type", "cache_options")
"""What may be given for all files that are opened to be read."""

# pandas opens what was refused once more with this, for the sake of public buckets.
_WITHOUT_EFFECT: Final = "anon"
_IN_CODE: Final = "Provena('example.org')"
_IN_OPTIONS: Final = "storage_options={'deployment': 'example.org'}"
_OWN: Final = ("profile", "deployment", "realm", "access", "lease")


def check_options(
    deployment: object, access: str | None, lease: object, options: Mapping[str, object]
) -> None:
    """Refuse options that there are not, and secrets.

    Args:
        deployment: The option of that name.
        access: The option of that name.
        lease: The option of that name.
        options: What is not one of our own options.

    Raises:
        InvalidArgument: One is a secret, is unknown, or has no such value.
        ConfigurationError: The deployment is no domain, or one of its addresses cannot be used.
    """
    # At once, so that a secret in the wrong place is neither kept nor shown.
    check_deployment(deployment)
    if not isinstance(lease, bool):
        raise InvalidArgument("lease", f"True or False is needed, not {type(lease).__name__}.")
    if lease and access == Access.WRITE:
        raise InvalidArgument("access", "a lease only reads.", hint="Open it without 'lease' to write.")
    for name in options:
        if name in _SECRETS:
            raise InvalidArgument(
                name,
                "a secret is not a storage option: those are kept, pickled and shown.",
                hint="Name a profile that holds it, or set the environment variable PROVENA_ACCESS_TOKEN, "
                "PROVENA_OFFLINE_TOKEN or PROVENA_CLIENT_SECRET.",
            )
        if name not in _OF_FSSPEC and name not in OF_READING and name != _WITHOUT_EFFECT:
            known = ", ".join([*_OWN, *OF_READING, *sorted(_OF_FSSPEC)])
            raise InvalidArgument(name, "there is no such storage option.", hint=f"There are {known}.")
    if access is not None and access not in [*Access]:
        raise InvalidArgument("access", f"must be 'read', 'write' or None, not {access!r}.")


def datasets_for(
    profile: str | None, deployment: str | Mapping[str, str | bool | None] | None, realm: str | None
) -> Datasets:
    """Return the datasets that storage options lead to.

    Args:
        profile: A profile of ``config.toml``, by its name.
        deployment: The domain, or a deployment's fields.
        realm: The sign-in realm.

    Raises:
        ConfigurationError: No deployment is named, or a setting cannot be used.
        InvalidArgument: A field of the deployment is unknown.
    """
    where = _deployment(deployment) if isinstance(deployment, Mapping) else deployment
    try:
        return connect(Given(where, realm, profile=profile))
    except ConfigurationError as error:
        if error.hint is not None:
            error.hint = error.hint.replace(_IN_CODE, f"{_IN_CODE} or {_IN_OPTIONS}")
        raise


def domain_of(
    profile: str | None, deployment: str | Mapping[str, str | bool | None] | None, realm: str | None
) -> str | None:
    """Return the domain that the leases must be of, which need no sign-in; None for any.

    Args:
        profile: A profile of ``config.toml``; a lease takes none.
        deployment: The domain, or a deployment's fields.
        realm: The sign-in realm; a lease takes none.

    Raises:
        InvalidArgument: A profile or a realm was given.
    """
    for name, value in (("profile", profile), ("realm", realm)):
        if value is not None:
            raise InvalidArgument(name, "a lease is read without signing in.", hint="Leave it out.")
    return str(deployment["domain"]) if isinstance(deployment, Mapping) else deployment


def check_deployment(given: object) -> None:
    """Refuse what names no deployment.

    Args:
        given: The domain, or a deployment's fields; None is fine.

    Raises:
        InvalidArgument: It is neither, or one of the fields is unknown.
        ConfigurationError: It is no domain, or an address cannot be used.
    """
    if isinstance(given, Mapping):
        _deployment(given)
    elif isinstance(given, str):
        domain_name("deployment", given)
    elif given is not None:
        raise InvalidArgument(
            "deployment", f"a domain or a deployment's fields are needed, not {type(given).__name__}."
        )


def _deployment(fields: Mapping[str, Any]) -> Deployment:
    try:
        return Deployment(**fields)
    except TypeError:
        pass
    raise InvalidArgument(
        "deployment",
        "it needs the fields of a Deployment: domain, and perhaps realm, datastore, search, issuer, s3_endpoint, "
        "s3_region, ca_file and allow_plain_http.",
    )
