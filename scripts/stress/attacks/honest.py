"""What a Provena deployment answers when nobody attacks it: sign-in, datastore and search."""

from __future__ import annotations

import base64
import copy
import json
import time
from collections.abc import Mapping
from typing import Any, Final

from scripts.stress.attacks.wire import Asked, Reply, say, say_json

MARK: Final = "S3cr3t"
"""Stands in every secret; wherever it shows, in capitals or not, one has leaked."""

HANDLE: Final = "10378.1/1451860"
BUCKET: Final = "reef"
PREFIX: Final = "datasets/10378-1-1451860/"
USER_CODE: Final = "WDJB-MJHT"
NAMES: Final = tuple(f"Reef survey {number}" for number in range(5))

OFFLINE: Final = f"{MARK}-offline-token"
REFRESH: Final = f"{MARK}-refresh-token"
CLIENT_SECRET: Final = f"{MARK}+of/a=client%"
DEVICE_CODE: Final = f"{MARK}-device-code"
KEY_ID: Final = f"ASIA{MARK.upper()}"
SECRET_KEY: Final = f"{MARK}-secret-access-key"
SESSION_TOKEN: Final = f"{MARK}-session-token"


def token(**claims: object) -> str:
    """Make an access token as Keycloak writes it; the mark stands in its signature."""
    payload = {
        "preferred_username": "ada",
        "sub": "0001",
        "email": "ada@example.org",
        "typ": "Bearer",
        "exp": time.time() + 300,
        "realm_access": {"roles": ["entity-registry-read", "entity-registry-write"]},
        **claims,
    }
    header, body = (
        base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")
        for part in ({"alg": "RS256"}, payload)
    )
    return f"{header}.{body}.{MARK}signature"


_ROUTES: Final = {
    "/registry/items/fetch-dataset": "fetch",
    "/registry/items/list": "list",
    "/registry/items/generate-presigned-url": "presign",
    "/registry/credentials/generate-read-access-credentials": "read-credentials",
    "/registry/credentials/generate-write-access-credentials": "write-credentials",
    "/metadata/dataset-schema": "schema",
    "/metadata/validate-metadata": "validate",
    "/register/mint-dataset": "mint",
    "/register/update-metadata": "update",
    "/register/version": "version",
    "/release/sys-reviewers/list": "reviewers",
    "/search/entity-registry": "search",
    "/": "health",
}


def operation(role: str, method: str, path: str, query: Mapping[str, str]) -> str:
    """Name what is asked for, in a word; for the store, in S3's own."""
    if role == "store":
        return _store_operation(method, path, query)
    if role == "signin":
        last = path.rsplit("/", 1)[-1]
        return {"openid-configuration": "discovery"}.get(last, last)
    return "access" if path.startswith("/check-access/") else _ROUTES.get(path, path)


def _store_operation(method: str, path: str, query: Mapping[str, str]) -> str:
    has_key = len(path.strip("/").split("/")) > 1
    if not has_key:
        if method == "POST":
            return "DeleteObjects"
        return "ListMultipartUploads" if "uploads" in query else "ListObjects"
    if "uploads" in query:
        return "CreateMultipartUpload"
    if "uploadId" in query:
        named = {"PUT": "UploadPart", "POST": "CompleteMultipartUpload", "DELETE": "AbortMultipartUpload"}
        return named.get(method, "ListParts")
    return f"{method.capitalize()}Object"


def item(**changes: object) -> dict[str, Any]:
    """A dataset as the registry holds it; each change names a field of it or, dotted, one further in."""
    found: dict[str, Any] = {
        "display_name": NAMES[0],
        "user_metadata": None,
        "collection_format": metadata(),
        "s3": {"bucket_name": BUCKET, "path": PREFIX, "s3_uri": f"s3://{BUCKET}/{PREFIX}"},
        "release_history": [],
        "release_status": "NOT_RELEASED",
        "release_approver": None,
        "release_timestamp": None,
        "access_info_uri": None,
        "history": [],
        "id": HANDLE,
        "owner_username": "ada",
        "created_timestamp": 1_795_348_258,
        "updated_timestamp": 1_795_348_259,
        "item_category": "ENTITY",
        "item_subtype": "DATASET",
        "record_type": "COMPLETE_ITEM",
        "workflow_links": {"create_activity_workflow_id": "f0a0", "version_activity_workflow_id": None},
        "versioning_info": {"previous_version": None, "version": 1, "reason": None, "next_version": None},
    }
    return changed(found, changes)


def metadata() -> dict[str, Any]:
    """Metadata that can be registered."""
    no = {"relevant": False, "obtained": False}
    return {
        "associations": {"organisation_id": "10378.1/1900001"},
        "approvals": {
            "ethics_registration": dict(no),
            "ethics_access": dict(no),
            "indigenous_knowledge": dict(no),
            "export_controls": dict(no),
        },
        "dataset_info": {
            "name": NAMES[0],
            "description": "About the reef",
            "access_info": {"reposited": True},
            "publisher_id": "10378.1/1900001",
            "created_date": {"relevant": True, "value": "2024-01-02"},
            "published_date": {"relevant": False},
            "license": "https://creativecommons.org/licenses/by/4.0/",
        },
    }


def changed(fields: dict[str, Any], changes: Mapping[str, object]) -> dict[str, Any]:
    """Return a copy of nested fields with some of them replaced; a name is a path with dots."""
    found = copy.deepcopy(fields)
    for name, value in changes.items():
        place = found
        *outer, last = name.split(".")
        for step in outer:
            place = place[step]
        place[last] = value
    return found


STATUS: Final = {"success": True, "details": "Done."}


def fetched(**changes: object) -> dict[str, Any]:
    """The answer to fetch-dataset."""
    return {"status": STATUS, "item": item(**changes), "roles": ["metadata-read", "admin"], "locked": False}


def credentials(**changes: object) -> dict[str, Any]:
    """The answer to either request for credentials."""
    expiry = time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime(time.time() + 8 * 3600))
    found: dict[str, Any] = {
        "status": STATUS,
        "credentials": {
            "aws_access_key_id": KEY_ID,
            "aws_secret_access_key": SECRET_KEY,
            "aws_session_token": SESSION_TOKEN,
            "expiry": expiry,
        },
        "console_session_url": None,
    }
    return changed(found, changes)


def listed(names: tuple[str, ...] = NAMES, key: object = None) -> dict[str, Any]:
    """The answer to a listing of datasets: one page, and the key of the next."""
    items = [item(display_name=name, id=f"10378.1/{1451860 + number}") for number, name in enumerate(names)]
    return {
        "status": STATUS,
        "items": items,
        "seed_items": [],
        "unparsable_items": [],
        "total_item_count": len(items),
        "complete_item_count": len(items),
        "seed_item_count": 0,
        "unparsable_item_count": 0,
        "not_authorised_count": 0,
        "pagination_key": key,
    }


def discovery(realm: str, /, **changes: object) -> dict[str, Any]:
    """The published configuration of a realm."""
    base = f"{realm}/protocol/openid-connect"
    return {
        "issuer": realm,
        "token_endpoint": f"{base}/token",
        "device_authorization_endpoint": f"{base}/auth/device",
        "revocation_endpoint": f"{base}/revoke",
        "userinfo_endpoint": f"{base}/userinfo",
        **changes,
    }


def device(issuer: str, **changes: object) -> dict[str, Any]:
    """The answer to a request for a device's code."""
    return {
        "device_code": DEVICE_CODE,
        "user_code": USER_CODE,
        "verification_uri": f"{issuer}/device",
        "verification_uri_complete": f"{issuer}/device?user_code={USER_CODE}",
        "expires_in": 600,
        "interval": 5,
        **changes,
    }


def tokens(**changes: object) -> dict[str, Any]:
    """The answer of the token endpoint."""
    return {
        "access_token": token(),
        "expires_in": 300,
        "refresh_token": REFRESH,
        "refresh_expires_in": 1800,
        "token_type": "Bearer",
        "scope": "openid",
        **changes,
    }


def sign_in(asked: Asked) -> Reply:
    """Answer as the sign-in server."""
    issuer = f"http://{asked.headers.get('host', '')}{asked.path.partition('/protocol/')[0]}"
    issuer = issuer.removesuffix("/.well-known/openid-configuration")
    if asked.operation == "token" and asked.form.get("device_code") and asked.number == 0:
        return say_json({"error": "authorization_pending"}, "400 Bad Request")
    answers: dict[str, Any] = {
        "discovery": discovery(issuer),
        "device": device(issuer),
        "token": tokens(),
        "userinfo": {"preferred_username": "ada", "email": "ada@example.org"},
        "revoke": None,
    }
    if asked.operation not in answers:
        return say_json({"error": "not found"}, "404 Not Found")
    found = answers[asked.operation]
    return say("200 OK") if found is None else say_json(found)


def service(asked: Asked) -> Reply:
    """Answer as the datastore or the search."""
    s3 = item()["s3"]
    answers: dict[str, Any] = {
        "health": {"message": "Health check successful."},
        "fetch": fetched(id=asked.query.get("handle_id", HANDLE)),
        "list": listed(),
        "read-credentials": credentials(),
        "write-credentials": credentials(),
        "schema": {"json_schema": {"type": "object"}},
        "validate": STATUS,
        "mint": {
            "status": STATUS,
            "handle": HANDLE,
            "s3_location": s3,
            "register_create_activity_session_id": "1c58",
        },
        "update": {"status": STATUS, "handle": HANDLE, "s3_location": s3},
        "version": {"new_version_id": "10378.1/1451999", "version_job_session_id": "e1f5"},
        "presign": {
            "dataset_id": HANDLE,
            "file_path": "obs/2024.csv",
            "presigned_url": f"https://store.example.org/x?X-Amz-Signature={MARK}",
        },
        "reviewers": ["10378.1/7"],
        "access": {
            "username": "ada",
            "email": None,
            "roles": ["entity-registry-read"],
            "access_token": token(),
        },
        "search": found(3),
    }
    if asked.operation not in answers:
        return say_json({"detail": "Not Found"}, "404 Not Found")
    return say_json(answers[asked.operation])


def found(hits: int, **changes: object) -> dict[str, Any]:
    """The answer of the search."""
    results = [{"id": f"10378.1/{1451860 + number}", "score": 9.0 - number} for number in range(hits)]
    return {"status": STATUS, "results": results, "warnings": None, **changes}
