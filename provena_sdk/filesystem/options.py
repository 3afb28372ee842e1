"""The storage options of ``provena://``: settings that may be stored, pickled and printed, never secrets."""

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
"""Options that apply to all files opened for reading."""

# After a refusal, pandas tries again with this option, in case the bucket is public.
_WITHOUT_EFFECT: Final = "anon"
_IN_CODE: Final = "Provena('example.org')"
_IN_OPTIONS: Final = "storage_options={'deployment': 'example.org'}"
_OWN: Final = ("profile", "deployment", "realm", "access", "lease")


def check_options(
    deployment: object, access: str | None, lease: object, options: Mapping[str, object]
) -> None:
    """Check the storage options; refuse unknown options, invalid values and secrets.

    Args:
        deployment: The option ``deployment``.
        access: The option ``access``.
        lease: The option ``lease``.
        options: All other options.

    Raises:
        InvalidArgument: An option is a secret, is unknown, or has an invalid value.
        ConfigurationError: The deployment is not a domain, or one of its URLs cannot be used.
    """
    # First, so that a secret in the wrong place is neither stored nor printed.
    check_deployment(deployment)
    if not isinstance(lease, bool):
        raise InvalidArgument("lease", f"must be True or False, not {type(lease).__name__}.")
    if lease and access == Access.WRITE:
        raise InvalidArgument("access", "a lease is read-only.", hint="To write, leave out 'lease'.")
    for name in options:
        if name in _SECRETS:
            raise InvalidArgument(
                name,
                "a storage option must not be a secret, because options are stored, pickled and printed.",
                hint="Name a profile that holds it, or set the environment variable PROVENA_ACCESS_TOKEN, "
                "PROVENA_OFFLINE_TOKEN or PROVENA_CLIENT_SECRET.",
            )
        if name not in _OF_FSSPEC and name not in OF_READING and name != _WITHOUT_EFFECT:
            known = ", ".join([*_OWN, *OF_READING, *sorted(_OF_FSSPEC)])
            raise InvalidArgument(name, "there is no such storage option.", hint=f"The options are {known}.")
    if access is not None and access not in [*Access]:
        raise InvalidArgument("access", f"must be 'read', 'write' or None, not {access!r}.")


def datasets_for(
    profile: str | None, deployment: str | Mapping[str, str | bool | None] | None, realm: str | None
) -> Datasets:
    """Return the datasets of the deployment that the storage options select.

    Args:
        profile: The name of a profile in ``config.toml``.
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
    """Return the domain whose leases to use; None for any.

    Args:
        profile: Must be None, as a lease needs no sign-in.
        deployment: The domain, or a deployment's fields.
        realm: Must be None, as a lease needs no sign-in.

    Raises:
        InvalidArgument: A profile or a realm was given.
    """
    for name, value in (("profile", profile), ("realm", realm)):
        if value is not None:
            raise InvalidArgument(name, "a lease is used without signing in.", hint="Leave it out.")
    return str(deployment["domain"]) if isinstance(deployment, Mapping) else deployment


def check_deployment(given: object) -> None:
    """Check the option ``deployment``.

    Args:
        given: The domain, a deployment's fields, or None.

    Raises:
        InvalidArgument: It is of another type, or a field is unknown.
        ConfigurationError: It is not a domain, or a URL cannot be used.
    """
    if isinstance(given, Mapping):
        _deployment(given)
    elif isinstance(given, str):
        domain_name("deployment", given)
    elif given is not None:
        raise InvalidArgument(
            "deployment", f"must be a domain or a deployment's fields, not {type(given).__name__}."
        )


def _deployment(fields: Mapping[str, Any]) -> Deployment:
    try:
        return Deployment(**fields)
    except TypeError:
        pass
    raise InvalidArgument(
        "deployment",
        "must have the fields of a Deployment: domain, and optionally realm, datastore, search, issuer, "
        "s3_endpoint, s3_region, ca_file and allow_plain_http.",
    )
