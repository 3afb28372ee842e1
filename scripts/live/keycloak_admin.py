"""What an administrator of a Keycloak does: realms, users, clients, sessions, keys."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from provena_sdk.sandbox.signin.sessions import Rotation
from scripts.live.realm import ROTATIONS


class Admin:
    """An administrator's calls.

    Args:
        url: The server's address.
        user: The administrator's name, and password.
        authority: The authority of the server's certificate, for https.
    """

    def __init__(self, url: str, user: str, authority: Path | None = None) -> None:
        self._token_url = f"{url}/realms/master/protocol/openid-connect/token"
        self._user = user
        verify = ssl.create_default_context(cafile=authority) if authority else False
        self._http = httpx.Client(base_url=f"{url}/admin/realms/", verify=verify, trust_env=False, timeout=60)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._http.close()

    def add_realm(self, description: Mapping[str, Any]) -> None:
        """Make a realm; see :func:`scripts.live.realm.realm`."""
        self._call("POST", "", description)

    def remove_realm(self, realm: str) -> None:
        """Remove a realm and everything in it."""
        self._call("DELETE", realm)

    def change_realm(self, realm: str, changes: Mapping[str, Any]) -> None:
        """Change settings of a realm."""
        self._call("PUT", realm, {"realm": realm, **changes})

    def rotate_refresh_tokens(self, realm: str, rotation: Rotation) -> None:
        """Set what happens to refresh tokens once used."""
        self.change_realm(realm, ROTATIONS[rotation])

    def change_client(self, realm: str, client: str, changes: Mapping[str, Any]) -> None:
        """Change settings of a client."""
        found = self._call("GET", f"{realm}/clients", query={"clientId": client})[0]
        self._call("PUT", f"{realm}/clients/{found['id']}", found | changes)

    def user_id(self, realm: str, user: str) -> str:
        """Return a user's id."""
        found = self._call("GET", f"{realm}/users", query={"username": user, "exact": "true"})
        identifier: str = found[0]["id"]
        return identifier

    def sessions(self, realm: str, user: str) -> list[dict[str, Any]]:
        """Return a user's sessions; those of offline tokens are :meth:`offline_sessions`."""
        found: list[dict[str, Any]] = self._call("GET", f"{realm}/users/{self.user_id(realm, user)}/sessions")
        return found

    def offline_sessions(self, realm: str, user: str, client: str) -> list[dict[str, Any]]:
        """Return a user's offline sessions with a client."""
        number = self._call("GET", f"{realm}/clients", query={"clientId": client})[0]["id"]
        identifier = self.user_id(realm, user)
        found: list[dict[str, Any]] = self._call(
            "GET", f"{realm}/users/{identifier}/offline-sessions/{number}"
        )
        return found

    def end_sessions(self, realm: str, user: str) -> None:
        """Sign a user out everywhere."""
        self._call("POST", f"{realm}/users/{self.user_id(realm, user)}/logout")

    def revoke_consent(self, realm: str, user: str, client: str) -> None:
        """End what a user lets a client do, offline too, as they can do on their account page."""
        self._call("DELETE", f"{realm}/users/{self.user_id(realm, user)}/consents/{client}")

    def rotate_key(self, realm: str) -> None:
        """Give the realm a new key to sign with; tokens signed with the old one stay valid."""
        provider = "org.keycloak.keys.KeyProvider"
        keys = self._call("GET", f"{realm}/components", query={"type": provider})
        highest = max(int(key["config"].get("priority", ["0"])[0]) for key in keys)
        self._call(
            "POST",
            f"{realm}/components",
            {
                "name": f"rsa-{highest + 1}",
                "providerId": "rsa-generated",
                "providerType": provider,
                "parentId": keys[0]["parentId"],
                "config": {
                    "priority": [str(highest + 1)],
                    "enabled": ["true"],
                    "active": ["true"],
                    "keySize": ["2048"],
                    "algorithm": ["RS256"],
                },
            },
        )

    def _call(
        self, method: str, path: str, body: object = None, *, query: Mapping[str, str] | None = None
    ) -> Any:
        # The token lives for a minute; asking anew each time is simpler than keeping it.
        form = {
            "grant_type": "password",
            "client_id": "admin-cli",
            "username": self._user,
            "password": self._user,
        }
        token = self._http.post(self._token_url, data=form).raise_for_status().json()["access_token"]
        answer = self._http.request(
            method, path, json=body, params=query, headers={"Authorization": f"Bearer {token}"}
        )
        if answer.is_error:
            raise RuntimeError(f"{method} {path}: {answer.status_code} {answer.text}")
        return answer.json() if answer.content else None
