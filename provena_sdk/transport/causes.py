"""Find in the access token why a service refused a call or failed.

A service names neither the missing role nor the missing claim; the token shows them.
"""

from __future__ import annotations

import json
from typing import Any, Final

from provena_sdk.auth.tokens import Claims, read_claims
from provena_sdk.errors import RoleMissing, ServerError, ServiceError
from provena_sdk.operations import catalogue
from provena_sdk.operations.answers import request_roles
from provena_sdk.operations.operation import Call
from provena_sdk.secret import Secret

LARGEST_USER: Final = 4096
"""The most bytes of name, email and roles as JSON with which a mint succeeds; the service encrypts them."""

_BARE: Final = (None, "Internal Server Error")


def needed_roles(role: str) -> tuple[str, ...]:
    """Return all roles that an operation requires; writing also requires the role to read.

    Example:
        >>> needed_roles("entity-registry-write")
        ('entity-registry-read', 'entity-registry-write')
    """
    area, _, level = role.rpartition("-")
    return (f"{area}-read", role) if level == "write" else (role,)


def with_missing_role(call: Call[Any], error: ServiceError, token: Secret | None) -> ServiceError:
    """Return a refusal that names the role that the token lacks.

    Args:
        call: The call that was refused.
        error: The refusal; any other error is returned unchanged.
        token: The access token that was sent.
    """
    claims = _claims(token)
    if not isinstance(error, RoleMissing) or claims is None or call.operation.role is None:
        return error
    needed = needed_roles(call.operation.role)
    missing = [role for role in needed if role not in claims.roles]
    if missing:
        message = f"You lack {_roles(missing)}, which {call.operation.name} needs."
        hint = request_roles(missing)
    else:
        message = f"The service says that you lack a role, although your token holds {_roles(needed)}."
        hint = "Sign in again, in case your roles have changed; then ask the deployment's operator."
    return RoleMissing(
        message,
        role=missing[0] if missing else call.operation.role,
        operation=error.operation,
        status=error.status,
        detail=error.detail,
        hint=hint,
        dataset_id=error.dataset_id,
    )


def cause_of_failure(call: Call[Any], error: Exception, token: Secret | None) -> str | None:
    """Return the likely cause in the token of a failed mint, or None if the token shows none.

    Args:
        call: The call that failed.
        error: Its error.
        token: The access token that was sent.
    """
    claims = _claims(token)
    is_bare = isinstance(error, ServerError) and error.status == 500 and error.detail in _BARE
    if call.operation is not catalogue.datastore.MINT_DATASET or not is_bare or claims is None:
        return None
    if claims.email is None:
        return (
            "The likely cause: your account has no e-mail address in its token, and minting needs one. Have it added, "
            "and sign in again."
        )
    user = {"username": claims.username, "email": claims.email, "roles": claims.roles}
    if len(json.dumps(user)) > LARGEST_USER:
        return (
            f"The likely cause: your account has {len(claims.roles)} roles, more than minting can store with your "
            "name. Have some taken away, and sign in again."
        )
    return None


def _claims(token: Secret | None) -> Claims | None:
    claims = None if token is None else read_claims(token)
    return claims if claims is not None and claims.username is not None else None


def _roles(names: tuple[str, ...] | list[str]) -> str:
    return f"the role{'s' if len(names) > 1 else ''} {' and '.join(names)}"
