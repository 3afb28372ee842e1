"""Answers that were not recorded: gateways, truncated bodies, wrong shapes and others."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provena_sdk import errors
from provena_sdk.operations import catalogue
from provena_sdk.operations.answers import read
from provena_sdk.operations.operation import Call

JSON = {"content-type": "application/json"}
HTML = {"content-type": "text/html; charset=utf-8"}
PAGE = b"<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>"
USER = b'{"username": "ada", "email": null, "roles": [], "access_token": "opaque-token"}'
TOKEN = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"


def answer(
    status: int,
    body: bytes | object,
    headers: dict[str, str] | None = None,
    operation: Any = catalogue.datastore.FETCH_DATASET,
    dataset_id: str | None = "10378.1/1",
) -> errors.ServiceError:
    """Read an answer that has to be an error, and return the error."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    with pytest.raises(errors.ServiceError) as caught:
        read(
            Call(operation, {}, dataset_id), status, httpx.Headers(JSON if headers is None else headers), data
        )
    return caught.value


@pytest.mark.parametrize(
    ("status", "headers", "body", "kind"),
    [
        (502, HTML, PAGE, errors.GatewayError),
        (503, HTML, PAGE, errors.GatewayError),
        (504, HTML, PAGE, errors.GatewayError),
        (503, JSON, {"message": "Service Unavailable"}, errors.GatewayError),
        (504, JSON, {"message": "Endpoint request timed out"}, errors.GatewayError),
        (500, HTML, PAGE, errors.GatewayError),
        (403, HTML, PAGE, errors.GatewayError),
        (401, HTML, PAGE, errors.GatewayError),
        (400, HTML, PAGE, errors.GatewayError),
        (429, HTML, PAGE, errors.RateLimited),
        (404, HTML, PAGE, errors.EndpointNotFound),
        (302, HTML, b"", errors.EndpointNotFound),
        (500, {"content-type": "text/plain"}, b"Internal Server Error", errors.ServerError),
        (500, JSON, {"detail": ""}, errors.ServerError),
        (500, JSON, b"", errors.ServerError),
        (507, {}, b"", errors.ServerError),
        (429, JSON, {"message": "Too Many Requests"}, errors.RateLimited),
        (422, JSON, {"detail": "not a list"}, errors.ValidationFailed),
        (422, JSON, {"detail": [None, 1, {"loc": None}, {"loc": "x", "msg": 3}]}, errors.ValidationFailed),
        (409, JSON, {"detail": "conflict"}, errors.BadRequest),
        (401, JSON, {"detail": "You may not"}, errors.DatasetAccessDenied),
        (401, {**JSON, "WWW-Authenticate": "Bearer"}, {"detail": "?"}, errors.TokenRejected),
        (401, {"www-authenticate": "Bearer"}, b"", errors.TokenRejected),
        (403, JSON, {"message": "Forbidden"}, errors.Forbidden),
        (200, HTML, PAGE, errors.UnreadableAnswer),
        (200, JSON, b"", errors.UnreadableAnswer),
        (200, JSON, b'{"status": {"success": tr', errors.UnreadableAnswer),
        (200, JSON, b"\xff\xfe\x00", errors.UnreadableAnswer),
        (200, JSON, [], errors.UnreadableAnswer),
        (200, JSON, None, errors.UnreadableAnswer),
        (200, JSON, {"status": "fine"}, errors.UnreadableAnswer),
        (200, JSON, {"item": None}, errors.UnreadableAnswer),
        (200, JSON, b'{"status": NaN}', errors.UnreadableAnswer),
        (200, JSON, b'{"status": ' + b"9" * 5_000 + b"}", errors.UnreadableAnswer),
        (500, JSON, b'{"detail": ' + b"9" * 5_000 + b"}", errors.ServerError),
        (200, JSON, {"status": {"success": True}}, errors.UnreadableAnswer),
        (201, JSON, {"status": {"success": True, "details": ""}}, errors.UnreadableAnswer),
        (204, JSON, b"", errors.UnreadableAnswer),
        (200, JSON, {"status": {"success": False, "details": "no"}}, errors.OperationRejected),
    ],
)
def test_kind(status: int, headers: dict[str, str], body: Any, kind: type[errors.ServiceError]) -> None:
    error = answer(status, body, headers)
    assert type(error) is kind
    assert error.status == status
    assert error.operation == "datastore.fetch_dataset"
    assert error.dataset_id == "10378.1/1"


def test_deeply_nested_bodies_are_unreadable() -> None:
    """The decoder gives up on these with a RecursionError, which is no ValueError."""
    nested = b"[" * 200_000
    assert type(answer(200, nested)) is errors.UnreadableAnswer
    assert type(answer(500, nested)) is errors.ServerError


def test_a_web_page_instead_of_an_answer_names_the_url() -> None:
    assert "datastore URL" in str(answer(200, PAGE, HTML))
    assert answer(502, PAGE, HTML).detail == "502 Bad Gateway"


@pytest.mark.parametrize(
    ("page", "title"),
    [
        (b"<title> Log  in\n here </title>", "Log in here"),
        (b"<HTML><TITLE>Caf\xe9</TITLE>", "Caf\ufffd"),
        (b"<title></title>", None),
        (b"</title><title>", None),
        (b"<title>" + b" " * 1_000_000, None),
        (b" " * 5_000 + b"<title>late</title>", "late"),
        (b"<p>" + b" " * 5_000 + b"<title>too late</title>", None),
        (b"<title>" * 100_000, None),
        (b"<title>" + b"x" * 600 + b"</title>", "x" * 499 + "\u2026"),
    ],
)
def test_the_title_of_a_page_is_found_at_once(page: bytes, title: str | None) -> None:
    assert answer(502, page, HTML).detail == title


def test_a_missing_field_is_named() -> None:
    error = answer(200, {"detail": "x"}, operation=catalogue.datastore.MINT_DATASET)
    assert "status is missing" in str(error)


def test_retry_after() -> None:
    error = answer(429, {"message": "Too Many Requests"}, {**JSON, "Retry-After": "7"})
    assert isinstance(error, errors.RateLimited)
    assert error.retry_after == 7.0


SECRETS: list[tuple[str, str]] = [
    (f"token {TOKEN} has expired", TOKEN),
    ("Authorization: Bearer opaque-token-1", "opaque-token-1"),
    ("https://s3/x?X-Amz-Signature=abc123&X-Amz-Credential=ASIA1", "abc123"),
    ("https://s3/x?X-Amz-Signature=abc123&X-Amz-Credential=ASIA1", "ASIA1"),
    ("https://s3/x?X-Amz-Security-Token=IQoJb3Jp", "IQoJb3Jp"),
    ("https://s3/x?AWSAccessKeyId=AK1&Signature=s1gn", "s1gn"),
    ("grant_type=refresh&refresh_token=rt-1&x=1", "rt-1"),
    ('{"access_token": "opaque-token-1", "x"', "opaque-token-1"),
    ("{'aws_secret_access_key': 'wJalrXUt'}", "wJalrXUt"),
    ('{"aws_session_token":"FwoGZX"', "FwoGZX"),
]


@pytest.mark.parametrize(("text", "secret"), SECRETS)
@pytest.mark.parametrize("status", [400, 401, 403, 404, 422, 429, 500, 502])
@pytest.mark.parametrize("shape", ["plain", "detail", "message", "entry", "page"])
def test_secrets_in_bodies_are_not_shown(status: int, text: str, secret: str, shape: str) -> None:
    shapes: dict[str, tuple[dict[str, str], bytes]] = {
        "plain": ({"content-type": "text/plain"}, text.encode()),
        "detail": (JSON, json.dumps({"detail": text}).encode()),
        "message": (JSON, json.dumps({"message": text}).encode()),
        "entry": (JSON, json.dumps({"detail": [{"loc": [text], "msg": text, "type": text}]}).encode()),
        "page": (HTML, f"<title>{text}</title>{text}".encode()),
    }
    headers, body = shapes[shape]
    error = answer(status, body, headers)
    assert secret not in f"{error} {error!r} {vars(error)} {error.__reduce__()}"


def test_secrets_in_a_refusal_are_not_shown() -> None:
    error = answer(200, {"status": {"success": False, "details": f"bad {TOKEN}"}})
    assert "eyJ" not in f"{error} {vars(error)}"
    assert "bad <secret>" in str(error)


def test_the_error_for_an_unreadable_answer_does_not_carry_the_answer() -> None:
    """The decoder's own error holds the whole document; it must not be reachable from ours."""
    for body in (b'{"access_token": "opaque", ', USER.replace(b'"roles": []', b'"roles": 3')):
        error = answer(200, body, operation=catalogue.datastore.ACCESS["read"])
        assert error.__cause__ is None
        assert error.__context__ is None


def test_long_details_are_shortened() -> None:
    error = answer(400, {"detail": "x" * 5000})
    assert error.detail is not None
    assert len(error.detail) == 500


def test_many_field_errors_are_counted() -> None:
    entries = [{"loc": ["body", n], "msg": f"bad {n}", "type": "t"} for n in range(8)]
    error = answer(422, {"detail": entries})
    assert isinstance(error, errors.ValidationFailed)
    assert len(error.errors) == 8
    assert str(error).endswith("; and 3 more.")


def test_a_dataset_that_was_not_named_is_not_invented() -> None:
    error = answer(400, {"detail": "Could not find the given key (x) in the registry"}, dataset_id=None)
    assert type(error) is errors.DatasetNotFound
    assert "None" not in str(error)


def test_plain_text_results_are_text() -> None:
    text = read(Call(catalogue.datastore.CONFIG_FILE, {}), 200, httpx.Headers(), "höhe=1".encode())
    assert text == "höhe=1"


def test_a_null_is_a_result_where_the_interface_says_so() -> None:
    assert read(Call(catalogue.datastore.ADD_REVIEWER, {}), 200, httpx.Headers(JSON), b"null") is None


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["detail", "message", "status", "success", "details", "loc", "msg", "type", "item"]
            )
            | st.text(max_size=8),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)
bodies = st.binary(max_size=200) | json_values.map(lambda value: json.dumps(value).encode())
headers = st.fixed_dictionaries(
    {},
    optional={
        "content-type": st.sampled_from(["application/json", "text/html", "text/plain", "", "TEXT/HTML"]),
        "www-authenticate": st.sampled_from(["Bearer", "Basic realm=x", ""]),
        "retry-after": st.text(st.characters(codec="ascii"), max_size=30),
    },
)


@settings(max_examples=500, deadline=None)
@given(status=st.integers(100, 999), headers=headers, body=bodies, index=st.integers(0, 1000))
def test_any_answer_gives_a_result_or_a_service_error(
    operations_once: Callable[[int], Any], status: int, headers: dict[str, str], body: bytes, index: int
) -> None:
    call = Call(operations_once(index), {})
    error = refusal(call, status, headers, body)
    if error is None:
        assert status == 200
    else:
        assert error.status == status
        assert error.operation == call.operation.name
        assert len(str(error)) < 4000


def refusal(call: Any, status: int, headers: Any, body: bytes) -> errors.ServiceError | None:
    try:
        read(call, status, headers, body)
    except errors.ServiceError as error:
        return error
    return None


@pytest.fixture(scope="module")
def operations_once(operations: list[Any]) -> Callable[[int], Any]:
    return lambda index: operations[index % len(operations)]


@pytest.mark.parametrize(
    ("detail", "end"),
    [
        ("You are not authorised to fetch this item..", "to fetch this item. Ask"),
        ("You are not authorised.", "You are not authorised. Ask"),
        ("You are not authorised", "You are not authorised. Ask"),
        ("You may not!", "You may not! Ask"),
        (" ... ", "no reason given. Ask"),
        ("", "no reason given. Ask"),
    ],
)
def test_the_services_explanation_ends_as_a_sentence(detail: str, end: str) -> None:
    error = answer(401, {"detail": detail})
    assert isinstance(error, errors.DatasetAccessDenied)
    assert end in str(error)


@pytest.mark.parametrize("status", [400, 401, 403, 422, 429, 500, 502])
@pytest.mark.parametrize("detail", ["It failed.", "It failed..", "It failed", ""])
def test_no_message_ends_twice(status: int, detail: str) -> None:
    text = str(answer(status, {"detail": detail}))
    assert ".." not in text
    assert text.endswith(".")


def test_a_failure_names_the_service_and_the_next_step() -> None:
    hint = "Try again in a few minutes; if it fails again, contact the deployment's operator."
    assert str(answer(500, b"")) == f"The datastore service failed (500). {hint}"
    assert str(answer(500, {"detail": "Broken."})) == f"The datastore service failed (500): Broken. {hint}"


def test_a_dataset_under_review_or_released_names_both_next_steps() -> None:
    # The service has one answer for both.
    error = answer(403, {"detail": "Dataset 10378.1/1 is pending review or is released. No writing."})
    assert error.hint == (
        "While a review is pending, wait for the decision or ask the reviewer to reject it; once the dataset is "
        "released, make a new version with ds.version(reason)."
    )
    assert answer(403, {"detail": "No."}).hint is None


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "file:///etc/passwd",
        "https://",
        "https://x/\x1b[2J",
        "https://x/a b",
        "https://[::1",
        "",
    ],
)
@pytest.mark.parametrize(
    ("operation", "field"),
    [
        (catalogue.datastore.PRESIGNED_URL, "presigned_url"),
        (catalogue.datastore.READ_CREDENTIALS, "console_session_url"),
        (catalogue.datastore.WRITE_CREDENTIALS, "console_session_url"),
    ],
    ids=lambda value: getattr(value, "name", value),
)
def test_urls_other_than_http_and_https_are_refused(operation: Any, field: str, url: str) -> None:
    keys = {
        "aws_access_key_id": "id",
        "aws_secret_access_key": "key",
        "aws_session_token": "token",
        "expiry": "2030-01-01T00:00:00+00:00",
    }
    body = {
        "status": {"success": True, "details": ""},
        "credentials": keys,
        "dataset_id": "10378.1/1",
        "file_path": "a",
        field: url,
    }
    if not url and field == "console_session_url":
        assert read(Call(operation, {}), 200, httpx.Headers(JSON), json.dumps(body).encode())
        return
    error = answer(200, body, operation=operation)
    assert isinstance(error, errors.UnreadableAnswer)
    assert f"{field} is not an http or https URL" in str(error)
    assert url not in str(error) or not url
