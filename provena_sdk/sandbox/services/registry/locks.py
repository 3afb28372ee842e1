"""Locks of the items of one kind, which the datastore follows at once."""

from __future__ import annotations

from functools import partial

from provena_sdk.sandbox.data.items import Item
from provena_sdk.sandbox.data.users import READ, WRITE, Identity
from provena_sdk.sandbox.http.server import Response, json_response
from provena_sdk.sandbox.http.validation import text_parameter
from provena_sdk.sandbox.services.registry.answers import no_lock_entry, succeeded
from provena_sdk.sandbox.services.registry.kinds import Kind, wrong_route
from provena_sdk.sandbox.services.registry.permissions import may_read, roles_on
from provena_sdk.sandbox.serving.service import Call, Deployment, Refused, Service


class Locks:
    """The routes below ``locks`` of one kind."""

    def __init__(self, service: Service, kind: Kind) -> None:
        self._deployment: Deployment = service.deployment
        self._kind = kind
        for action, locked in (("lock", True), ("unlock", False)):
            change = partial(self._change, locked=locked)
            path = f"{kind.path}/locks/{action}"
            service.route("PUT", path, change, [READ, WRITE], body="LockChangeRequest")
        handle = {"id": (text_parameter, True)}
        service.route("GET", f"{kind.path}/locks/locked", self._locked, [READ], query=handle)
        service.route("GET", f"{kind.path}/locks/history", self._history, [READ], query=handle)

    def _change(self, call: Call, *, locked: bool) -> Response:
        item = self._existing(call.body["id"])
        if "admin" not in roles_on(self._deployment, item, call.identity):
            raise Refused(401, "You are not authorised to lock this item.")
        wrong = wrong_route(self._kind, item)
        if wrong is not None:
            raise Refused(400, wrong)
        if item.locked is locked:
            raise Refused(
                400, "Resource is already locked." if locked else "Cannot unlock already unlocked resource."
            )
        item.set_lock(
            locked=locked,
            username=call.identity.username,
            email=call.identity.email,
            reason=call.body["reason"],
            at=self._deployment.state.now(),
        )
        return succeeded(f"Resource {'locked' if locked else 'unlocked'} successfully.")

    def _locked(self, call: Call) -> Response:
        return json_response({"locked": self._visible(call.query["id"], call.identity).locked})

    def _history(self, call: Call) -> Response:
        history = self._visible(call.query["id"], call.identity).lock_history
        return succeeded("Successfully fetched the lock history", history=history)

    def _existing(self, handle: str) -> Item:
        item = self._deployment.state.items.get(handle)
        if item is None:
            raise Refused(400, no_lock_entry(handle))
        return item

    def _visible(self, handle: str, identity: Identity) -> Item:
        item = self._existing(handle)
        if not may_read(self._deployment, item, identity):
            raise Refused(401, "You are not authorised to view the lock history of this item.")
        return item
