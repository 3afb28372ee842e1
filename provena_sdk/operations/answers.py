"""Turn an HTTP response into a result or an error.

The rules follow the services' measured behaviour. A 401 means one of three things: with ``WWW-Authenticate`` it is
about the token or a role, otherwise about one dataset. An unknown id is a 400.
"""

from __future__ import annotations

import json
import re
import string
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn, TypeVar

from provena_sdk import errors
from provena_sdk.display.text import READ_LIMIT, SERVER_LIMIT, printable, server_text
from provena_sdk.errors import AnswerFields, FieldError
from provena_sdk.net.http_dates import retry_after
from provena_sdk.operations.mismatch import MISMATCHES, described, items_in, rest_of
from provena_sdk.operations.operation import Call, Service

T = TypeVar("T")

GATEWAY_STATUSES = frozenset({502, 503, 504})

_NEVER_HTML = frozenset({400, 401, 403, 422})
"""Statuses that the services send with JSON only; a web page with one of them comes from a proxy or gateway."""

_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)
_MOST_ENTRIES = 100
_DEEPEST = 32
_UNKNOWN_ID = re.compile(
    r"Could not find the given key|Failed to find item\. Is the ID|was not present in the registry"
    r"|from the lock table, are you sure it exists|was not a valid registry\s+item"
)
_NAMED_HANDLE = re.compile(r"\d{1,12}(?:\.\d{1,12}){0,4}/\w[\w.-]{0,60}\b")
_UNKNOWN_FILE = re.compile(r"^File path .* does not exist in dataset")
_OTHER_KIND = re.compile(
    r"could not parsed as an appropriate typ|with the associated route's subtype model|neither a seed item nor a valid"
)
_SEED = re.compile(r"[Ss]eed [Ii]tem")
_UNPARSABLE = "unparsable entity"
_NOT_TO_REVISE = "not authorised to revise the item"
_MISSING_ROLE = "don't have the correct role"
_BAD_TOKEN = ("Could not validate credentials", "Not authenticated", "Token had incorrect structure")
_LOCKED = "is locked"
_REVIEWS_OF_OTHERS = "only search for your own dataset releases"
_NO_REVIEWER = re.compile(r"not a dataset reviewer|not the approver")
_LINKED = "already has a person ID assigned"
_PERSON_OF_OTHERS = "did not grant access to the auth configuration for this person"
_NOT_LINKED = re.compile(r"\blink(ed)? (your User|Person)|linked Person in the registry")


def read(call: Call[T], status: int, headers: Mapping[str, str], body: bytes, *, whole: bool = True) -> T:
    """Read the answer to a call.

    Args:
        call: The call that was sent.
        status: HTTP status of the answer.
        headers: Its headers; a case-insensitive mapping.
        body: Its body.
        whole: Whether the body is complete; False if it was too large to keep.

    Returns:
        The parsed body of a 200.

    Raises:
        ServiceError: The answer is an error or cannot be read; the subclass says which.
    """
    outcome = _outcome(call, status, headers, body, whole)
    # Deleted so that a traceback cannot show them: answers, and the errors of parsing them, may hold credentials.
    del headers, body
    if isinstance(outcome, errors.ServiceError):
        raise outcome
    return outcome


def _outcome(
    call: Call[T], status: int, headers: Mapping[str, str], body: bytes, whole: bool
) -> T | errors.ServiceError:
    if call.operation.as_it_came and _comes_through(status, whole):
        return call.operation.parse((status, headers, body))
    if 200 < status < 300:
        return _unreadable(call, status, headers, body, reason=f"its status is {status}, not 200")
    if status != 200:
        return _error(call, status, headers, body)
    if not whole:
        return _unreadable(call, status, headers, body, too_large=True)
    if not call.operation.is_json:
        return call.operation.parse(_text(body))
    return _parsed(call, status, headers, body)


def _comes_through(status: int, whole: bool) -> bool:
    """Return whether an answer is returned as it came; a token or a limit of requests may be cured by a retry."""
    return whole and (200 <= status < 300 or (400 <= status < 500 and status not in (401, 429)))


def _parsed(call: Call[T], status: int, headers: Mapping[str, str], body: bytes) -> T | errors.ServiceError:
    parse = call.operation.parse
    data = None
    try:
        data = _json(body)
        # A refusal comes first: it lacks fields that every success has.
        return _refusal(call, data) or parse(data)
    except (json.JSONDecodeError, RecursionError):
        return _unreadable(call, status, headers, body)
    except MISMATCHES as error:
        reason = described(error)
    return rest_of(parse, data) or _unreadable(
        call, status, headers, body, reason=items_in(parse, data) or reason
    )


def _refusal(call: Call[Any], data: object) -> errors.ServiceError | None:
    if not call.operation.refuses:
        return None
    status = data.get("status", data) if isinstance(data, dict) else None
    if not isinstance(status, dict) or status.get("success") is not False:
        return None
    detail = server_text(str(status.get("details") or "no reason given"))
    if isinstance(data, dict) and data.get("unparsable_items") and _UNPARSABLE in detail:
        return None  # only a warning of the registry, whose page has all the items that it can read
    return _explained(call, 200, detail) or errors.OperationRejected(
        f"The service refused: {_sentence(detail)}", **_fields(call, 200, detail)
    )


def _fields(call: Call[Any], status: int, detail: str | None, hint: str | None = None) -> AnswerFields:
    return {
        "operation": call.operation.name,
        "status": status,
        "detail": detail,
        "hint": hint,
        "dataset_id": call.dataset_id,
    }


def _error(call: Call[Any], status: int, headers: Mapping[str, str], body: bytes) -> errors.ServiceError:
    detail, entries = _detail(headers, body)
    kind = _KINDS.get(status)
    explained = _explained(call, status, detail)
    if explained is not None:
        return explained
    if _is_html(headers) and status in _NEVER_HTML:
        return _server(call, status, headers, detail, entries)
    if kind is not None:
        return kind(call, status, headers, detail, entries)
    if status >= 500:
        return _server(call, status, headers, detail, entries)
    if 300 <= status < 400:
        return _no_endpoint(call, status, headers, detail, entries)
    return _bad_request(call, status, headers, detail, entries)


_Entries = tuple[FieldError, ...]


def _explained(call: Call[Any], status: int, detail: str | None) -> errors.ServiceError | None:
    """Return the error for an explanation that means the same whatever the status; None for all others."""
    text = detail or ""
    if _NOT_LINKED.search(text):
        return errors.PersonNotLinked(
            "Your account is not linked to a Person in the registry.",
            **_fields(
                call,
                status,
                detail,
                "Link one with provena.people.link_me(first_name=…, last_name=…, ethics_approved=True), and try again.",
            ),
        )
    if _LINKED in text:
        return errors.BadRequest(
            f"Your account is linked already: {_sentence(detail)}",
            **_fields(
                call,
                status,
                detail,
                "provena.people.me() returns the person; only administrators undo links.",
            ),
        )
    if _OTHER_KIND.search(text):
        kind = f"{'an' if _noun(call)[0] in 'aeiou' else 'a'} {_noun(call)}"
        return errors.BadRequest(
            f"{_subject(call, text)} cannot be read as {kind}.",
            **_fields(
                call,
                status,
                detail,
                f"The id may belong to another kind of item. If it is {kind}, ask the deployment's operator to "
                "repair it.",
            ),
        )
    if status in (200, 400) and _SEED.search(text):
        return errors.BadRequest(
            f"{_subject(call, text)} is a seed item: its registration was never completed.",
            **_fields(call, status, detail, "Ask the deployment's operator to finish or remove it."),
        )
    if _UNKNOWN_ID.search(text):
        noun = _noun(call)
        missing = errors.DatasetNotFound if noun == "dataset" else errors.ItemNotFound
        return missing(
            f"No {noun} has {_subject(call, text, 'this id', before='the id ')}.",
            **_fields(call, status, detail, "Check the handle, and that it belongs to this deployment."),
        )
    return None


def request_roles(roles: Sequence[str]) -> str:
    """Return the hint for roles that are missing; none named stands for an unknown one."""
    named = ", ".join(map(repr, roles)) or "…"
    which = "them" if len(roles) > 1 else "it"
    return f"Request {which} with provena.roles.request({named}); signing in again will not help by itself."


def _noun(call: Call[Any]) -> str:
    """Return the kind of item that the operation is about."""
    service, _, name = call.operation.name.partition(".")
    if service in ("datastore", "search"):
        return "dataset"
    if service == "auth" and "link" in name:
        return "person"
    for kind in ("dataset_template", "dataset", "organisation", "person"):
        if service == "registry" and kind in name:
            return kind.replace("_", " ")
    return "item"


def _subject(call: Call[Any], detail: str, otherwise: str = "The item", *, before: str = "") -> str:
    """Return the handle that the call is about, or that the explanation names."""
    found = _NAMED_HANDLE.search(detail)
    handle = call.dataset_id or (found[0] if found else None)
    return otherwise if handle is None else f"{before}{handle}"


def _bad_request(
    call: Call[Any], status: int, headers: Mapping[str, str], detail: str | None, entries: _Entries
) -> errors.ServiceError:
    text = detail or ""
    if _UNKNOWN_FILE.match(text):
        path = call.request.get("json", {}).get("file_path")
        named = "no such file" if path is None else f"no file {path!r}"
        return errors.FileNotInDataset(
            f"{f'Dataset {call.dataset_id}' if call.dataset_id else 'The dataset'} holds {named}.",
            **_fields(
                call,
                status,
                detail,
                "Paths are relative to the dataset's folder; list its files to see them.",
            ),
        )
    if _UNPARSABLE in text:
        return errors.BadRequest(
            "The service cannot read one of the items on this page, and returned none of them.",
            **_fields(
                call,
                status,
                detail,
                "Ask the deployment's operator to repair that item. Meanwhile, use smaller pages or another sort order "
                "to list the items before it.",
            ),
        )
    return errors.BadRequest(
        f"The service refused ({status}): {_sentence(detail)}", **_fields(call, status, detail)
    )


def _unauthorized(
    call: Call[Any], status: int, headers: Mapping[str, str], detail: str | None, entries: _Entries
) -> errors.ServiceError:
    text = detail or ""
    if _MISSING_ROLE in text:
        role = call.operation.role
        named = f"the role {role}" if role else "a role"
        return errors.RoleMissing(
            f"You lack {named}, which {call.operation.name} needs.",
            role=role,
            **_fields(
                call,
                status,
                detail,
                request_roles([role] if role else []),
            ),
        )
    if "www-authenticate" in headers or any(text.startswith(known) for known in _BAD_TOKEN):
        return errors.TokenRejected(
            "The service did not accept the access token.",
            **_fields(call, status, detail, "Sign in again; if you passed a token yourself, get a new one."),
        )
    if call.operation.service is Service.JOB:
        return errors.ItemAccessDenied(
            f"The job belongs to somebody else: {_sentence(detail)}",
            **_fields(call, status, detail, "The job service shows you only your own jobs."),
        )
    if _PERSON_OF_OTHERS in text:
        return errors.ItemAccessDenied(
            f"Somebody else registered the person {_subject(call, text)}.",
            **_fields(
                call,
                status,
                detail,
                "Only who registered a person can link it; provena.people.link_me(…) registers one of your own.",
            ),
        )
    subject = f"{_noun(call)} {call.dataset_id}" if call.dataset_id else "this item"
    if _LOCKED in text:
        return errors.DatasetLocked(
            f"{subject[0].upper()}{subject[1:]} is locked.",
            **_fields(
                call, status, detail, "Unlock it with ds.unlock(reason), or ask its owner to unlock it."
            ),
        )
    if _NO_REVIEWER.search(text):
        return errors.NotTheReviewer(
            f"You are not the reviewer of {subject}.",
            **_fields(call, status, detail, "Only the reviewer who was asked can decide."),
        )
    otherwise = ", or it is not a dataset" if _NOT_TO_REVISE in text else ""
    # Provenance starts from datasets.
    is_dataset = _noun(call) == "dataset" or call.operation.service is Service.PROV
    denied = errors.DatasetAccessDenied if is_dataset else errors.ItemAccessDenied
    return denied(
        f"You have no permission for this on {subject}{otherwise}: {_sentence(detail)}",
        **_fields(call, status, detail, "Ask its owner for access; signing in again will not help."),
    )


def _forbidden(
    call: Call[Any], status: int, headers: Mapping[str, str], detail: str | None, entries: _Entries
) -> errors.ServiceError:
    hint = None
    if _REVIEWS_OF_OTHERS in (detail or ""):
        hint = "provena.reviews.inbox() lists the datasets that you are asked to review."
    elif "review" in (detail or ""):
        hint = (
            "While a review is pending, wait for the decision or ask the reviewer to reject it; once the dataset is "
            "released, make a new version with ds.version(reason)."
        )
    return errors.Forbidden(
        f"The service forbids this: {_sentence(detail)}", **_fields(call, status, detail, hint)
    )


def _no_endpoint(
    call: Call[Any], status: int, headers: Mapping[str, str], detail: str | None, entries: _Entries
) -> errors.ServiceError:
    service = call.operation.service.value
    return errors.EndpointNotFound(
        f"The {service} service has no such operation ({status}).",
        **_fields(call, status, detail, f"Check the {service} URL of the deployment."),
    )


def _invalid(
    call: Call[Any], status: int, headers: Mapping[str, str], detail: str | None, entries: _Entries
) -> errors.ServiceError:
    reasons = "; ".join(map(str, entries[:5])) or detail
    more = f"; and {len(entries) - 5} more" if len(entries) > 5 else ""
    reasons = _sentence(reasons and printable(reasons, 2 * SERVER_LIMIT) + more)
    return errors.ValidationFailed(
        f"The service rejected the request as malformed: {reasons}",
        errors=entries,
        **_fields(call, status, detail),
    )


def _rate_limited(
    call: Call[Any], status: int, headers: Mapping[str, str], detail: str | None, entries: _Entries
) -> errors.ServiceError:
    return errors.RateLimited(
        "The service received too many requests.",
        retry_after=retry_after(headers),
        **_fields(call, status, detail, "Wait, or use fewer workers."),
    )


def _server(
    call: Call[Any], status: int, headers: Mapping[str, str], detail: str | None, entries: _Entries
) -> errors.ServiceError:
    if status in GATEWAY_STATUSES or _is_html(headers):
        return errors.GatewayError(
            f"A gateway answered instead of the {call.operation.service.value} service ({status}).",
            **_fields(call, status, detail, "The service may be restarting; try again later."),
        )
    reason = f": {_sentence(detail)}" if detail else "."
    return errors.ServerError(
        f"The {call.operation.service.value} service failed ({status}){reason}",
        **_fields(
            call,
            status,
            detail,
            "Try again in a few minutes; if it fails again, contact the deployment's operator.",
        ),
    )


_Kind = Callable[[Call[Any], int, Mapping[str, str], str | None, _Entries], errors.ServiceError]
_KINDS: dict[int, _Kind] = {
    401: _unauthorized,
    403: _forbidden,
    404: _no_endpoint,
    405: _no_endpoint,
    422: _invalid,
    429: _rate_limited,
}


def _unreadable(
    call: Call[Any],
    status: int,
    headers: Mapping[str, str],
    body: bytes,
    reason: str | None = None,
    *,
    too_large: bool = False,
) -> errors.UnreadableAnswer:
    if too_large:
        message = f"The answer to {call.operation.name} is too large to be read."
        hint = f"Check the {call.operation.service.value} URL, or ask for fewer items at a time."
    elif reason is not None:
        about = f" about {call.dataset_id}" if call.dataset_id else ""
        message = f"The answer to {call.operation.name}{about} does not match the interface: {reason}."
        hint = "The service may be newer than this SDK; check for an update."
    elif _is_html(headers):
        message = f"{call.operation.name} was answered with a web page."
        hint = f"Check the {call.operation.service.value} URL, and whether a proxy asks you to log in."
    else:
        message = f"The answer to {call.operation.name} is not JSON ({len(body)} bytes)."
        hint = "It may have been cut off; try again."
    return errors.UnreadableAnswer(message, **_fields(call, status, None, hint))


def _detail(headers: Mapping[str, str], body: bytes) -> tuple[str | None, _Entries]:
    text = _text(body).strip()
    if not text:
        return None, ()
    if _is_html(headers) or text[:1] == "<":
        return _title(text[:READ_LIMIT]), ()
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return server_text(text), ()
    reason = data.get("detail", data.get("message")) if isinstance(data, dict) else data
    if isinstance(reason, list):
        entries = tuple(_entry(entry) for entry in reason[:_MOST_ENTRIES] if isinstance(entry, dict))
        return server_text("; ".join(map(str, entries))) or None, entries
    # Anything else is a misplaced answer and may hold secrets.
    return (server_text(reason) or None) if isinstance(reason, str) else None, ()


def _text(body: bytes) -> str:
    # The charset in the headers is ignored: JSON is UTF-8, and a proxy's page need not be perfect.
    return body.decode("utf-8", "replace").removeprefix("\ufeff")


def _json(body: bytes) -> Any:
    return json.loads(_text(body), parse_constant=_no_number)


def _no_number(word: str) -> NoReturn:
    raise ValueError(f"{word} is not JSON")


def _title(page: str) -> str | None:
    lower = page.translate(_LOWER)
    start = lower.find("<title>")
    end = lower.find("</title>", start)
    return server_text(page[start + len("<title>") : end].strip()) or None if 0 <= start < end else None


def _entry(entry: dict[str, Any]) -> FieldError:
    location = entry.get("loc")
    parts = location[:_DEEPEST] if isinstance(location, list) else [location]
    return FieldError(
        tuple(part if isinstance(part, int) else server_text(str(part)) for part in parts),
        server_text(str(entry.get("msg", ""))),
        server_text(str(entry.get("type", ""))),
    )


def _is_html(headers: Mapping[str, str]) -> bool:
    return headers.get("content-type", "").lower().startswith("text/html")


def _sentence(detail: str | None) -> str:
    """Return the service's explanation as a sentence, so that a hint can follow."""
    text = (detail or "").strip().rstrip(".") or "no reason given"
    return text if text[-1] in "!?…" else f"{text}."
