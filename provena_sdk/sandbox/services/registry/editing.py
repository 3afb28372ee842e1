"""Create items of one kind, and change them."""

from __future__ import annotations

import copy
from typing import Any, Final

from provena_sdk.sandbox.data.items import EDITORS, Item
from provena_sdk.sandbox.data.users import READ, WRITE, Identity
from provena_sdk.sandbox.http.server import Response, json_response
from provena_sdk.sandbox.http.validation import text_parameter
from provena_sdk.sandbox.services.registry.answers import failed, no_lock_entry, succeeded
from provena_sdk.sandbox.services.registry.checks import flaw_of
from provena_sdk.sandbox.services.registry.kinds import Kind, misfit
from provena_sdk.sandbox.services.registry.permissions import linked_person, roles_on
from provena_sdk.sandbox.serving.service import Call, Deployment, Refused, Service

_SESSION: Final = "register_create_activity_session_id"
_CREATED: Final = "Successfully uploaded the complete item. Return item includes handle id."
_FIRST: Final = "Initial record creation"
_NO_NAME: Final = (
    "An error occurred (ValidationException) when calling the PutItem operation: One or more parameter values are "
    "not valid. A value specified for a secondary index key is not supported. The AttributeValue for a key attribute "
    "cannot contain an empty string value. IndexName: item_subtype-updated_timestamp-index, IndexKey: display_name."
)


class Editing:
    """The writing routes of one kind; those of datasets are the datastore's."""

    def __init__(self, service: Service, kind: Kind) -> None:
        self._deployment: Deployment = service.deployment
        self._kind = kind
        roles = [READ, WRITE]
        query = {"id": (text_parameter, True), "reason": (text_parameter, False)}
        service.route("POST", f"{kind.path}/create", self._create, roles, body=kind.form)
        service.route("POST", f"{kind.path}/seed", self._seed, roles)
        service.route("PUT", f"{kind.path}/update", self._update, roles, body=kind.form, query=query)
        service.route("PUT", f"{kind.path}/revert", self._revert, roles, body="ItemRevertRequest")
        if kind.is_entity:
            service.route("POST", f"{kind.path}/version", self._version, roles, body="VersionRequest")

    def _create(self, call: Call) -> Response:
        state, identity = self._deployment.state, call.identity
        self._check_person(identity)
        flaw = flaw_of(self._kind, call.body, state)
        if flaw is not None:
            return failed(flaw, "created_item", _SESSION)
        if identity.email is None:
            raise Refused(400, "User does not have an email address. Item creation not possible.")
        item = self._new_item(identity)
        if not call.body["display_name"]:
            raise Refused(
                500,
                "Failed to write complete item to registry. Aborting. Contact administrator. "
                f"Error Failed to write raw entry to table. Error: {_NO_NAME}",
            )
        session = self._complete(item, call.body, identity)
        return succeeded(_CREATED, created_item=item.document(), **{_SESSION: session})

    def _seed(self, call: Call) -> Response:
        self._check_person(call.identity)
        item = self._new_item(call.identity)
        item.kind = "seed"
        self._deployment.state.put(item)
        return succeeded("Successfully seeded an empty entity.", seeded_item=item.document())

    def _update(self, call: Call) -> Response:
        state, identity = self._deployment.state, call.identity
        self._check_person(identity)
        flaw = flaw_of(self._kind, call.body, state)
        if flaw is not None:
            return failed(flaw, _SESSION)
        item = self._unlocked(call.query["id"])
        self._check_fits(item)
        if item.subtype != self._kind.subtype:  # a seed of another kind
            return failed(
                "The existing item is a valid item, but has a different subtype or category.", _SESSION
            )
        self._check_editor(item, identity)
        if not call.body["display_name"]:
            raise Refused(
                500, f"Something went wrong when trying to write the updated item. Details: {_NO_NAME}"
            )
        if item.kind == "seed":
            session = self._complete(item, call.body, identity)
            done = "Seeded item was updated to a complete item."
        else:
            session, reason = None, call.query["reason"]
            if reason is None:
                raise Refused(
                    400,
                    f"Cannot update item {item.id} as no reason was provided and this item is not a seed item. "
                    "Please provide a reason for this update.",
                )
            self._rewrite(item, call.body, reason, identity)
            done = "Complete item had it's contents updated."
        return succeeded(f"Successfully applied update. {done}", **{_SESSION: session})

    def _revert(self, call: Call) -> Response:
        handle, history_id = call.body["id"], call.body["history_id"]
        self._check_person(call.identity)
        item = self._unlocked(handle)
        self._check_editor(item, call.identity)
        self._check_fits(item)
        if item.kind == "seed":
            raise Refused(
                400,
                "You cannot revert a seed item to a previous version. "
                f"The item with id {handle} is not a complete item.",
            )
        entry = next((entry for entry in item.history if entry["id"] == history_id), None)
        if entry is None:
            raise Refused(
                400,
                f"The item with id {handle} does not have a history entry with id matching {history_id}. "
                "No action taken.",
            )
        reason = f"(Restoring to v{history_id}) {call.body['reason']}"
        self._rewrite(item, copy.deepcopy(entry["item"]), reason, call.identity)
        return succeeded(f"Successfully reverted item {handle} to v{history_id}.")

    def _version(self, call: Call) -> Response:
        state, identity = self._deployment.state, call.identity
        self._check_person(identity)
        old = self._versionable(call.body["id"], identity)
        new = self._new_item(identity)
        new.body = copy.deepcopy(old.body)
        new.general_roles, new.group_roles = old.general_roles, dict(old.group_roles)
        new.versioning = {
            "previous_version": old.id,
            "version": old.versioning["version"] + 1,
            "reason": call.body["reason"],
            "next_version": None,
        }
        new.record(f"New version of existing item (id={old.id}).", identity.username, state.now())
        new.version_workflow = self._deployment.work.record_version(old, new)
        old.versioning = {**old.versioning, "next_version": new.id}
        state.put(old)
        state.put(new)
        return json_response({"new_version_id": new.id, "version_job_session_id": new.version_workflow})

    def _versionable(self, handle: str, identity: Identity) -> Item:
        item = self._deployment.state.items.get(handle)
        if item is None:
            raise Refused(400, f"Could not find the given key ({handle}) in the registry.")
        if "admin" not in roles_on(self._deployment, item, identity):
            raise Refused(401, f"You are not authorised to revise the item (id='{handle}').")
        self._check_fits(item)
        if item.kind == "seed":
            raise Refused(400, f"Item with id {handle} is a Seed Item. Cannot create version of seed items.")
        following = item.versioning["next_version"]
        if following is not None:
            raise Refused(
                400,
                f"Cannot create a new version for an item (id='{handle}') which is not the latest version. "
                f"Next version {following} already exists!",
            )
        return item

    def _check_person(self, identity: Identity) -> None:
        if self._kind.is_entity:
            linked_person(self._deployment, identity)

    def _unlocked(self, handle: str) -> Item:
        item = self._deployment.state.items.get(handle)
        if item is None:
            why = f"Failed to check if locked. No access provided. Error: {no_lock_entry(handle)}."
            raise Refused(400, why)
        if item.locked:
            raise Refused(401, "Cannot perform this action as the resource is locked.")
        return item

    def _check_editor(self, item: Item, identity: Identity) -> None:
        if EDITORS.isdisjoint(roles_on(self._deployment, item, identity)):
            raise Refused(401, f"You are not authorised to edit the item (id='{item.id}').")

    def _check_fits(self, item: Item) -> None:
        if item.kind != "seed" and misfit(self._kind, item) is not None:
            raise Refused(
                500,
                f"Item with id {item.id} is neither a seed item nor a valid entry. "
                "Not sure how to handle this item. Aborting.",
            )

    def _new_item(self, identity: Identity) -> Item:
        state = self._deployment.state
        now = state.now()
        return Item(state.new_handle(), self._kind.subtype, identity.username, now, now)

    def _complete(self, item: Item, body: dict[str, Any], identity: Identity) -> str | None:
        """Give an item its first content, and return the session id of the activity that records it, if any."""
        item.kind = "complete"
        self._rewrite(item, body, _FIRST, identity)
        if self._kind.is_entity:
            item.create_workflow = self._deployment.work.record_creation(item)
        return item.create_workflow

    def _rewrite(self, item: Item, body: dict[str, Any], reason: str, identity: Identity) -> None:
        item.body = body
        item.record(reason, identity.username, self._deployment.state.now())
        self._deployment.state.put(item)
