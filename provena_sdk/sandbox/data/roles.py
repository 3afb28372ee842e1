"""The roles of a deployment, as the auth service reports them."""

from __future__ import annotations

from typing import Any, Final, NamedTuple


class Role(NamedTuple):
    """A role that users can hold."""

    name: str
    display_name: str
    level: str
    description: str
    is_for_users: bool = False


COMPONENTS: Final[dict[str, tuple[Role, ...]]] = {
    "handle-service": (
        Role(
            "handle-read",
            "Handle service read only access",
            "READ",
            "Allows access to read only functions of the handle service. This enables viewing, "
            "retrieving, listing of handles.",
        ),
        Role(
            "handle-write",
            "Handle service write access",
            "WRITE",
            "Allows access to read and write functions of the handle service. This enables "
            "registering, viewing, retrieving, listing of handles.",
        ),
        Role(
            "handle-admin",
            "Handle service full admin access",
            "ADMIN",
            "Allows full access to the handle service.",
        ),
    ),
    "sys-admin": (
        Role(
            "sys-admin-read",
            "Sys admin read only access",
            "READ",
            "Allows read only access to system admin functions. This includes listing and viewing "
            "access requests.",
        ),
        Role(
            "sys-admin-write",
            "Sys admin write/read access",
            "WRITE",
            "Allows read and write access to system admin functions. This includes listing, "
            "viewing, modifying and adding notes to access requests.",
        ),
        Role(
            "sys-admin-admin",
            "Sys admin full access",
            "ADMIN",
            "Allows complete access to system admin functions. This includes listing, viewing, "
            "modifying, deleting and adding notes to access requests.",
        ),
    ),
    "entity-registry": (
        Role(
            "entity-registry-read",
            "Entity registry read only access",
            "READ",
            "Allows read only access to the entity registry - list, view.",
            True,
        ),
        Role(
            "entity-registry-write",
            "Entity registry write/read access",
            "WRITE",
            "Allows creation and modification of resources in the entity registry.",
            True,
        ),
        Role(
            "entity-registry-admin",
            "Entity registry full access",
            "ADMIN",
            "Allows all actions against all entity registry resources.",
        ),
    ),
    "job-service": (
        Role(
            "job-service-admin",
            "Job Service Admin",
            "ADMIN",
            "Admin role which enables management of jobs including lodging.",
        ),
        Role("job-service-write", "Job Service Write", "WRITE", "Allows r/w and lodging of jobs"),
        Role("job-service-read", "Job Service Read", "READ", "Allows reading of all user's jobs"),
    ),
}


def report(held: frozenset[str]) -> dict[str, Any]:
    """Return the access report of a user with these roles."""
    return {
        "components": [
            {"component_name": name, "component_roles": [_entry(role, held) for role in roles]}
            for name, roles in COMPONENTS.items()
        ]
    }


def difference(wanted: dict[str, Any], held: frozenset[str]) -> dict[str, Any]:
    """Return the part of a report in which it differs from the roles that a user holds."""
    changed = []
    for component in wanted["components"]:
        roles = [
            role
            for role in component["component_roles"]
            if role["access_granted"] != (role["role_name"] in held)
        ]
        if roles:
            changed.append({**component, "component_roles": roles})
    return {"components": changed}


def unknown_roles(wanted: dict[str, Any]) -> set[tuple[str, str]]:
    """Return component and name of the roles in a report that no deployment has."""
    known = {(component, role.name) for component, roles in COMPONENTS.items() for role in roles}
    named = {
        (component["component_name"], role["role_name"])
        for component in wanted["components"]
        for role in component["component_roles"]
    }
    return named - known


def _entry(role: Role, held: frozenset[str]) -> dict[str, Any]:
    return {
        "role_name": role.name,
        "role_display_name": role.display_name,
        "role_level": role.level,
        "description": role.description,
        "intended_users": ["GENERAL", "ADMINISTRATOR"] if role.is_for_users else ["ADMINISTRATOR"],
        "access_granted": role.name in held,
    }
