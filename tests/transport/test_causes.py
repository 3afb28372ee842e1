"""What the token at hand says about why a service refused or failed, through both transports."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from provena_api.models import CollectionFormat

from provena_sdk import errors
from provena_sdk.operations import catalogue
from provena_sdk.operations.workflow import Workflow, call
from provena_sdk.secret import Secret
from provena_sdk.workflows import datastore, review

READ, WRITE, SYS_READ, SYS_ADMIN = (
    "entity-registry-read",
    "entity-registry-write",
    "sys-admin-read",
    "sys-admin-admin",
)
REFUSAL = {"detail": "You are not authorised to access this resource as you don't have the correct role."}
CHALLENGE = {"www-authenticate": "Bearer"}
METADATA = {
    "associations": {"organisation_id": "1/1"},
    "approvals": {
        name: {"relevant": False}
        for name in ("ethics_registration", "ethics_access", "indigenous_knowledge", "export_controls")
    },
    "dataset_info": {
        "name": "n",
        "description": "d",
        "access_info": {"reposited": True},
        "publisher_id": "1/1",
        "created_date": {"relevant": False},
        "published_date": {"relevant": False},
        "license": "https://example.com",
    },
}


def token(roles: list[str], email: str | None = "ada@example.org") -> str:
    claims = {
        "preferred_username": "ada",
        "realm_access": {"roles": [*roles, "offline_access"]},
        "email": email,
    }
    return ".".join(
        base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in ({}, claims, 1)
    )


def mint() -> Workflow[Any]:
    return call(catalogue.datastore.MINT_DATASET(body=CollectionFormat.from_dict(METADATA)))


@pytest.mark.parametrize(
    ("roles", "workflow", "role", "words"),
    [
        ([WRITE], mint, READ, f"You lack the role {READ}, which datastore.mint_dataset needs."),
        ([READ], mint, WRITE, f"You lack the role {WRITE}, which"),
        ([], mint, READ, f"You lack the roles {READ} and {WRITE}, which"),
        ([WRITE], lambda: datastore.check_access("write"), READ, f"the role {READ}"),
        ([SYS_READ], lambda: review.delete_reviewer("1/1"), SYS_ADMIN, f"the role {SYS_ADMIN}"),
        ([READ, WRITE], mint, WRITE, f"although your token holds the roles {READ} and {WRITE}."),
    ],
)
def test_the_role_that_is_really_missing_is_named(
    server: Any, face: Any, reply: Any, tokens: Any, roles: list[str], workflow: Any, role: str, words: str
) -> None:
    tokens.value = Secret(token(roles))
    server.default = reply(REFUSAL, status=401, headers=CHALLENGE)
    with pytest.raises(errors.RoleMissing) as caught:
        face.run(server.url, workflow())
    assert caught.value.role == role
    assert words in str(caught.value)
    assert caught.value.detail == REFUSAL["detail"]
    assert len(server.seen) == 1


def test_a_token_that_cannot_be_read_leaves_the_operations_own_role(
    server: Any, face: Any, reply: Any
) -> None:
    server.default = reply(REFUSAL, status=401, headers=CHALLENGE)
    with pytest.raises(errors.RoleMissing) as caught:
        face.run(server.url, mint())
    assert caught.value.role == WRITE


BARE = {
    "raw": b"Internal Server Error",
    "status": 500,
    "headers": {"content-type": "text/plain; charset=utf-8"},
}


@pytest.mark.parametrize(
    ("held", "cause"),
    [
        (token([READ, WRITE], email=None), "no e-mail address in its token"),
        (token([READ, WRITE, *(f"role-{number:04}" for number in range(400))]), "has 403 roles"),
        (token([READ, WRITE]), None),
    ],
)
def test_what_in_the_token_made_a_mint_fail_is_named(
    server: Any, face: Any, reply: Any, tokens: Any, held: str, cause: str | None
) -> None:
    tokens.value = Secret(held)
    server.default = reply(**BARE)
    with pytest.raises(errors.OutcomeUnknown) as caught:
        face.run(server.url, mint())
    assert (cause or "The likely cause") in str(caught.value) or cause is None
    assert ("The likely cause" in str(caught.value)) is (cause is not None)
    assert "Look at your newest datasets" in str(caught.value)


def test_a_mint_that_failed_for_another_reason_does_not_blame_the_token(
    server: Any, face: Any, reply: Any, tokens: Any
) -> None:
    tokens.value = Secret(token([READ, WRITE], email=None))
    server.default = reply({"detail": "API service creds request failed, code: 503."}, status=500)
    with pytest.raises(errors.OutcomeUnknown) as caught:
        face.run(server.url, mint())
    assert "The likely cause" not in str(caught.value)
