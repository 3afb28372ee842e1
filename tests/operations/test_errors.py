"""The error tree: every class keeps its fields through pickling and copying, and is of Python's own kinds."""

from __future__ import annotations

import copy
import inspect
import pickle
from typing import Any

import pytest

from provena_sdk import errors
from provena_sdk.errors import ProvenaError

ANSWER: dict[str, Any] = {
    "operation": "datastore.fetch_dataset",
    "status": 418,
    "detail": "told",
    "hint": "Do this.",
    "dataset_id": "10378.1/1",
}
EXTRA: dict[type[ProvenaError], dict[str, Any]] = {
    errors.ValidationFailed: {"errors": [errors.FieldError(("body", 1), "wrong", "type_error")]},
    errors.RoleMissing: {"role": "entity-registry-read"},
    errors.RateLimited: {"retry_after": 2.5},
}


def classes() -> list[type[ProvenaError]]:
    named = [getattr(errors, name) for name in errors.__all__]
    return [kind for kind in named if inspect.isclass(kind) and issubclass(kind, ProvenaError)]


def made(kind: type[Any]) -> ProvenaError:
    """An error of the kind with all of its fields filled in."""
    error: ProvenaError
    if kind is errors.InvalidMetadata:
        error = errors.InvalidMetadata("name", [errors.MetadataProblem("a.b", "missing")], hint="Do this.")
    elif issubclass(kind, errors.InvalidArgument):
        error = kind("name", "is wrong.", hint="Do this.")
    elif kind is errors.TransferFailed:
        error = errors.TransferFailed("m", report=["r"], errors=[ValueError("x")], hint="Do this.")
    elif kind is errors.FetchFailed:
        error = errors.FetchFailed("m", fetched=["r"], errors=[ValueError("x")], hint="Do this.")
    elif kind is errors.PartialFailure:
        error = errors.PartialFailure("m", errors=[ValueError("x")], hint="Do this.")
    elif issubclass(kind, errors.ServiceError):
        error = kind("m", **ANSWER, **EXTRA.get(kind, {}))
    elif kind is errors.OutcomeUnknown:
        error = kind("m", operation="datastore.mint_dataset", status=500, hint="Do this.")
    elif issubclass(kind, errors.ConnectionFailed):
        error = kind("m", operation="datastore.mint_dataset", hint="Do this.")
    elif kind is errors.FileStoreError:
        error = kind("m", path="a/b", store_code="SlowDown", hint="Do this.")
    elif issubclass(kind, errors.FileError):
        error = kind("m", path="a/b", hint="Do this.")
    else:
        parameters = inspect.signature(kind).parameters.values()
        needed = {
            entry.name: "x"
            for entry in parameters
            if entry.kind is entry.KEYWORD_ONLY and entry.default is entry.empty
        }
        error = kind("m", hint="Do this.", **needed)
    return error


def test_the_list_of_public_errors_is_complete() -> None:
    defined = {
        name
        for name, kind in vars(errors).items()
        if inspect.isclass(kind) and issubclass(kind, ProvenaError)
    }
    assert defined == {kind.__name__ for kind in classes()}
    assert list(errors.__all__) == sorted(errors.__all__)


@pytest.mark.parametrize("kind", classes(), ids=lambda kind: kind.__name__)
def test_error_keeps_its_fields(kind: type[ProvenaError]) -> None:
    error = made(kind)
    assert str(error).endswith("Do this.")
    others = [pickle.loads(pickle.dumps(error, protocol)) for protocol in range(2, 6)]
    for other in [*others, copy.copy(error), copy.deepcopy(error)]:
        assert type(other) is kind
        assert str(other) == str(error)
        assert {name: repr(value) for name, value in vars(other).items()} == {
            name: repr(value) for name, value in vars(error).items()
        }


@pytest.mark.parametrize("kind", classes(), ids=lambda kind: kind.__name__)
def test_error_documents_when_it_is_raised(kind: type[ProvenaError]) -> None:
    assert kind.__doc__


@pytest.mark.parametrize(
    ("kind", "native"),
    [
        (errors.InvalidArgument, ValueError),
        (errors.ConnectionFailed, ConnectionError),
        (errors.RequestTimedOut, TimeoutError),
        (errors.DatasetNotFound, LookupError),
        (errors.FileNotInDataset, FileNotFoundError),
        (errors.DatasetFileNotFound, FileNotFoundError),
        (errors.Unauthorized, PermissionError),
        (errors.Forbidden, PermissionError),
        (errors.SignInRequired, PermissionError),
        (errors.SignInExpired, TimeoutError),
        (errors.ClosedError, RuntimeError),
        (errors.IntegrityError, OSError),
    ],
)
def test_error_is_also_a_builtin_exception(kind: type[ProvenaError], native: type[Exception]) -> None:
    with pytest.raises(native):
        raise made(kind)


def test_without_a_hint_the_message_stands_alone() -> None:
    assert str(ProvenaError("It failed.")) == "It failed."
