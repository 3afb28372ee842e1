"""Answers that several routes give."""

from __future__ import annotations

from typing import Any

from provena_sdk.sandbox.http.server import Response, json_response


def succeeded(details: str, **fields: Any) -> Response:
    """Return the answer of an operation that succeeded."""
    return json_response({"status": {"success": True, "details": details}, **fields})


def failed(details: str, *null: str, **fields: Any) -> Response:
    """Return the 200 of an operation that failed; the fields in ``null`` are null."""
    status = {"success": False, "details": details}
    return json_response({"status": status, **dict.fromkeys(null), **fields})


def not_found(handle: str) -> str:
    """Return the table's message about an id that it does not hold."""
    return f"\"Failed to find item. Is the ID ('{handle}') correct and in the database?\""


def no_lock_entry(handle: str) -> str:
    """Return the lock table's message about an id that it does not hold."""
    return f"Failed to retrieve ID {handle} from the lock table, are you sure it exists?"
