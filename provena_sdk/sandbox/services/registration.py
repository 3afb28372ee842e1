"""Register datasets: mint, update, revert, version."""

from __future__ import annotations

import copy
from typing import Any, Final

from provena_sdk.sandbox.data.items import EDITORS, Item, Metadata, dataset_body, s3_location
from provena_sdk.sandbox.data.registry import owns
from provena_sdk.sandbox.data.users import READ, WRITE, Identity
from provena_sdk.sandbox.http.server import Response, encode_json, json_response
from provena_sdk.sandbox.http.validation import text_parameter
from provena_sdk.sandbox.metadata.rules import first_flaw
from provena_sdk.sandbox.services.lookup import fetch, unreachable
from provena_sdk.sandbox.services.registry.permissions import NO_LINKED_PERSON
from provena_sdk.sandbox.serving.service import Call, Deployment, Refused, Service

# Largest item of the registry's table, in bytes; metadata are stored in it twice.
ITEM_BYTES: Final = 400 * 1024
# Largest text that the key service encrypts, in bytes; it includes the user's roles.
CIPHER_BYTES: Final = 4096

_MINT_FAILED = "Unexpected non 200 status code in dataset minting process. Status code: "
_UPDATE_FAILED = "Unexpected non 200 status code in dataset update process. Status code: 500. Details: "
_VERSION_FAILED = "Non 200 status code in dataset version process. Status code: 400. Details: "
_TOO_LARGE = (
    "Something went wrong when trying to write the updated item. Details: An error occurred (ValidationException) "
    "when calling the PutItem operation: Item size has exceeded the maximum allowed size."
)
_LOCKED = "This dataset is locked - you cannot update the metadata. Unlock the dataset first."
_UPDATED = "Successfully updated metadata in Registry and S3 bucket - see location details."
_REVERTED = "Successfully reverted metadata in Registry and S3 bucket - see location details."
_SEEDED = "Successfully seeded location - see location details."


class Registration:
    """The routes below ``/register`` and ``/metadata/validate-metadata``."""

    def __init__(self, service: Service) -> None:
        self._deployment: Deployment = service.deployment
        metadata = "CollectionFormat"
        service.route("POST", "/metadata/validate-metadata", self._validate, [READ], body=metadata)
        service.route("POST", "/register/mint-dataset", self._mint, [READ, WRITE], body=metadata)
        query = {"handle_id": (text_parameter, True), "reason": (text_parameter, True)}
        service.route(
            "POST", "/register/update-metadata", self._update, [READ, WRITE], body=metadata, query=query
        )
        service.route(
            "PUT", "/register/revert-metadata", self._revert, [READ, WRITE], body="ItemRevertRequest"
        )
        service.route("POST", "/register/version", self._version, [READ, WRITE], body="VersionRequest")

    def _flaw(self, metadata: Metadata) -> str | None:
        return first_flaw(metadata, self._deployment.state.subtype_of)

    def _validate(self, call: Call) -> Response:
        if "registry" in self._deployment.faults.outages:
            raise Refused(
                500, f"Failed to call validation endpoint in registry. Error: {unreachable('/registry')}"
            )
        flaw = self._flaw(call.body)
        return json_response({"success": flaw is None, "details": flaw or "Validation successful."})

    def _mint(self, call: Call) -> Response:
        outages = self._deployment.faults.outages
        if "sign-in" in outages:
            raise Refused(500, "API service creds request failed, code: 503.")
        if "registry" in outages:
            detail = unreachable("/registry/entity/dataset/validate")
            raise Refused(
                500, f"Failed to call validation endpoint in registry before seeding. Error: {detail}"
            )
        flaw = self._flaw(call.body)
        if flaw is not None:
            nothing = {"handle": None, "s3_location": None, "register_create_activity_session_id": None}
            return json_response({"status": {"success": False, "details": flaw}, **nothing})
        item = self._seed(call.identity)
        self._complete(item, call.body, call.identity)
        if "jobs" in outages:
            # The dataset exists by now, although the answer reports a failure.
            raise Refused(500, f"{_UPDATE_FAILED}Unknown.")
        item.create_workflow = self._deployment.work.record_creation(item)
        item.changed()
        return json_response(
            {
                "status": {"success": True, "details": _SEEDED},
                "handle": item.id,
                "s3_location": s3_location(item.id, self._deployment.storage.bucket),
                "register_create_activity_session_id": item.create_workflow,
            }
        )

    def _seed(self, identity: Identity) -> Item:
        state = self._deployment.state
        _check_cipher(identity)
        if "auth" in self._deployment.faults.outages:
            raise Refused(500, f"{_MINT_FAILED}500. Details: Unknown.")
        if state.linked_person(identity.username) is None:
            raise Refused(500, f"{_MINT_FAILED}400. Details: {NO_LINKED_PERSON}.")
        if "handles" in self._deployment.faults.outages:
            reason = f"Exception: {unreachable('/handle/mint')}"
            raise Refused(
                500,
                f"{_MINT_FAILED}500. Details: Handle service failed to respond - mint unsuccessful. {reason}",
            )
        now = state.now()
        return state.put(Item(state.new_handle(), "DATASET", identity.username, now, now, kind="seed"))

    def _complete(self, item: Item, metadata: Metadata, identity: Identity) -> None:
        state = self._deployment.state
        self._deployment.storage.write_metadata(item.id, metadata)
        if 2 * len(encode_json(metadata)) > ITEM_BYTES:
            raise Refused(500, _UPDATE_FAILED + _TOO_LARGE)
        item.kind = "complete"
        item.body = dataset_body(item.id, metadata, self._deployment.storage.bucket)
        item.record("Initial record creation", identity.username, state.now())
        state.put(item)

    def _writable(self, handle: str, identity: Identity) -> Item:
        item, roles = fetch(self._deployment, handle, identity)
        if EDITORS.isdisjoint(roles):
            raise Refused(401, "You are not authorised to write metadata for this dataset!")
        if item.locked:
            raise Refused(401, _LOCKED)
        return item

    def _rewrite(self, item: Item, metadata: Metadata, reason: str, identity: Identity) -> None:
        item.set_metadata(metadata)
        item.record(reason, identity.username, self._deployment.state.now())
        self._deployment.storage.write_metadata(item.id, metadata)
        self._deployment.state.put(item)

    def _update(self, call: Call) -> Response:
        item = self._writable(call.query["handle_id"], call.identity)
        flaw = self._flaw(call.body)
        if flaw is not None:
            raise Refused(400, flaw)
        if not call.query["reason"]:
            raise Refused(500, None)
        self._rewrite(item, call.body, call.query["reason"], call.identity)
        status = {"success": True, "details": _UPDATED}
        return json_response(
            {
                "status": status,
                "handle": item.id,
                "s3_location": s3_location(item.id, self._deployment.storage.bucket),
            }
        )

    def _revert(self, call: Call) -> Response:
        history_id, reason = call.body["history_id"], call.body["reason"]
        item = self._writable(call.body["id"], call.identity)
        entry = next((entry for entry in item.history if entry["id"] == history_id), None)
        if entry is None:
            detail = (
                f"The item with id {item.id} does not have a history entry with id matching {history_id}."
            )
            raise Refused(400, f"{detail} No action taken.")
        metadata = copy.deepcopy(entry["item"]["collection_format"])
        why = f"Reverting dataset to history id {history_id}. Reason: {reason}."
        self._rewrite(item, metadata, why, call.identity)
        return json_response({"status": {"success": True, "details": _REVERTED}})

    def _version(self, call: Call) -> Response:
        state, identity = self._deployment.state, call.identity
        old = self._versionable(call.body["id"], identity)
        new = self._new_version(old, call.body["reason"], identity)
        old.versioning = {**old.versioning, "next_version": new.id}
        state.put(old)
        return json_response({"new_version_id": new.id, "version_job_session_id": new.version_workflow})

    def _versionable(self, handle: str, identity: Identity) -> Item:
        state = self._deployment.state
        if "registry" in self._deployment.faults.outages:
            detail = unreachable("/registry/entity/dataset/proxy/version")
            raise Refused(500, f"Versioning dataset failed, request error: {detail}")
        if state.linked_person(identity.username) is None:
            raise Refused(400, f"{_VERSION_FAILED}{NO_LINKED_PERSON}.")
        item = state.items.get(handle)
        if item is None:
            raise Refused(400, f"{_VERSION_FAILED}Could not find the given key ({handle}) in the registry..")
        if item.subtype != "DATASET" or not (owns(item, identity) or "admin" in state.roles(item, identity)):
            raise Refused(
                401,
                "Dataset version failed, not authorised 401. Details: "
                f"You are not authorised to revise the item (id='{handle}')..",
            )
        if item.kind == "seed":
            detail = f"Item with id {handle} is a Seed Item. Cannot create version of seed items.."
            raise Refused(400, _VERSION_FAILED + detail)
        if item.versioning["next_version"] is not None:
            detail = (
                f"Cannot create a new version for an item (id='{handle}') which is not the latest version.."
            )
            raise Refused(400, _VERSION_FAILED + detail)
        return item

    def _new_version(self, old: Item, reason: str, identity: Identity) -> Item:
        state = self._deployment.state
        now = state.now()
        new = Item(state.new_handle(), "DATASET", identity.username, now, now)
        new.general_roles, new.group_roles = old.general_roles, dict(old.group_roles)
        # It starts as a copy of the old one, including its release status and the location of its files.
        new.body = copy.deepcopy(old.body)
        new.record(f"New version of existing item (id={old.id}).", identity.username, now)
        # The second step loses the item's own user_metadata.
        body = dataset_body(new.id, copy.deepcopy(old.metadata), self._deployment.storage.bucket)
        new.body = {**body, "user_metadata": None}
        moved = "(System) Dataset S3 path updated to new version's storage location"
        new.record(moved, identity.username, state.now())
        new.versioning = _versioning(old, reason)
        new.version_workflow = self._deployment.work.record_version(old, new)
        self._deployment.storage.write_metadata(new.id, new.metadata)
        return state.put(new)


def _versioning(old: Item, reason: str) -> dict[str, Any]:
    number = old.versioning["version"] + 1
    return {"previous_version": old.id, "version": number, "reason": reason, "next_version": None}


def _check_cipher(identity: Identity) -> None:
    """Fail as the service does, which encrypts the caller, without an e-mail address or with too many roles."""
    known = {"username": identity.username, "email": identity.email, "roles": identity.roles}
    if identity.email is None or len(encode_json(known)) > CIPHER_BYTES:
        raise Refused(500, None)
