"""A realm of Keycloak with the sandbox's users, roles and clients, and with clients that something is wrong with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from provena_sdk.sandbox.data.users import (
    DEVICE_CLIENTS,
    SERVICE_CLIENT,
    SERVICE_SECRET,
    SERVICE_USER,
    STANDARD_USERS,
    User,
)
from provena_sdk.sandbox.signin.sessions import Rotation

PASSWORD: Final = "sandbox-password"
NO_OFFLINE_USER: Final = "nooffline"
"""A user without the role ``offline_access``, otherwise like ``writer``."""

DISABLED_CLIENT: Final = "disabled-client"
NO_DEVICE_CLIENT: Final = "no-device-client"
SHORT_CODE_CLIENT: Final = "short-code-client"
SHORT_CODE_SECONDS: Final = 6
SLOW_POLL_CLIENT: Final = "slow-poll-client"
SLOW_POLL_SECONDS: Final = 5

ROTATIONS: Final[Mapping[Rotation, Mapping[str, Any]]] = {
    "off": {"revokeRefreshToken": False, "refreshTokenMaxReuse": 0},
    "one-reuse": {"revokeRefreshToken": True, "refreshTokenMaxReuse": 1},
    "no-reuse": {"revokeRefreshToken": True, "refreshTokenMaxReuse": 0},
}

# Keycloak gives these to everybody, and tokens name the client "account" as an audience for them.
_ACCOUNT_ROLES: Final = {"account": ["manage-account", "view-profile"]}


def realm(name: str, *, rotation: Rotation = "off", access_token_seconds: int = 300) -> dict[str, Any]:
    """Describe a realm as Keycloak's admin interface takes it.

    Args:
        name: Its name.
        rotation: What happens to refresh tokens once used.
        access_token_seconds: How long access tokens live.
    """
    users = [user for user in STANDARD_USERS.values() if user.name != SERVICE_USER and user.email is not None]
    roles = sorted({role for user in users for role in user.roles})
    without_offline = User(NO_OFFLINE_USER, STANDARD_USERS["writer"].roles, f"{NO_OFFLINE_USER}@example.com")
    service = STANDARD_USERS[SERVICE_USER]
    return {
        "realm": name,
        "enabled": True,
        "sslRequired": "none",
        "accessTokenLifespan": access_token_seconds,
        # Nobody has to be kept from guessing these passwords, and hashing them well takes seconds.
        "passwordPolicy": "hashAlgorithm(pbkdf2-sha256) and hashIterations(1)",
        **ROTATIONS[rotation],
        "roles": {"realm": [{"name": role} for role in (*roles, "offline_access")]},
        "users": [
            *(_user(user, (*user.roles, "offline_access")) for user in users),
            _user(without_offline, without_offline.roles),
            {
                "username": SERVICE_USER,
                "email": service.email,
                "enabled": True,
                "serviceAccountClientId": SERVICE_CLIENT,
                "realmRoles": list(service.roles),
                "clientRoles": _ACCOUNT_ROLES,
            },
        ],
        "clients": [
            *(_device_client(client) for client in DEVICE_CLIENTS),
            _device_client(SHORT_CODE_CLIENT, code_seconds=SHORT_CODE_SECONDS),
            _device_client(SLOW_POLL_CLIENT, poll_seconds=SLOW_POLL_SECONDS),
            _device_client(DISABLED_CLIENT) | {"enabled": False},
            _device_client(NO_DEVICE_CLIENT) | {"attributes": {}},
            {
                "clientId": SERVICE_CLIENT,
                "secret": SERVICE_SECRET,
                "serviceAccountsEnabled": True,
                "standardFlowEnabled": False,
            },
        ],
    }


def _user(user: User, roles: tuple[str, ...]) -> dict[str, Any]:
    # Keycloak asks whoever has no names and no address for them, on a page of its own.
    return {
        "username": user.name,
        "email": user.email,
        "emailVerified": True,
        "firstName": user.name.capitalize(),
        "lastName": "Sandbox",
        "enabled": True,
        "credentials": [{"type": "password", "value": PASSWORD, "temporary": False}],
        "realmRoles": list(roles),
        "clientRoles": _ACCOUNT_ROLES,
    }


def _device_client(client: str, *, code_seconds: int = 600, poll_seconds: int = 1) -> dict[str, Any]:
    return {
        "clientId": client,
        "publicClient": True,
        "standardFlowEnabled": False,
        "attributes": {
            "oauth2.device.authorization.grant.enabled": "true",
            "oauth2.device.code.lifespan": str(code_seconds),
            "oauth2.device.polling.interval": str(poll_seconds),
        },
    }
