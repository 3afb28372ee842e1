"""Everything the SDK raises, as one tree under :class:`ProvenaError`.

Python's own kinds are mixed in where they fit, so that ``except PermissionError`` or ``except TimeoutError``
do what a reader expects. Every error keeps its fields through pickling, and none holds a secret.
"""

from __future__ import annotations

import errno
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Required, Self, TypedDict, Unpack

from provena_sdk.display.text import SERVER_LIMIT, printable, printable_lines

__all__ = [
    "BadRequest",
    "CertificateRejected",
    "ClosedError",
    "ConfigurationError",
    "ConnectionFailed",
    "DatasetAccessDenied",
    "DatasetFileExists",
    "DatasetFileNotFound",
    "DatasetLocked",
    "DatasetNotFound",
    "EndpointNotFound",
    "FieldError",
    "FileAccessDenied",
    "FileConflict",
    "FileError",
    "FileNotInDataset",
    "FileStoreError",
    "Forbidden",
    "GatewayError",
    "IntegrityError",
    "InvalidArgument",
    "LeaseExpired",
    "LeaseMissing",
    "NotAFile",
    "NotEnoughSpace",
    "NotTheReviewer",
    "OperationRejected",
    "OutcomeUnknown",
    "PersonNotLinked",
    "ProvenaError",
    "RateLimited",
    "RequestTimedOut",
    "RoleMissing",
    "ServerError",
    "ServiceError",
    "ServiceFileRefused",
    "SessionEnded",
    "SignInDenied",
    "SignInError",
    "SignInExpired",
    "SignInRequired",
    "TokenRejected",
    "TransferFailed",
    "Unauthorized",
    "UnreadableAnswer",
    "UnsafePath",
    "ValidationFailed",
]


class ProvenaError(Exception):
    """The root of the tree.

    Args:
        message: What went wrong, in one short sentence.
        hint: The next step for the reader, or None when there is none to name.

    Both are shown with every character that cannot be printed as its escape, and at a bounded length: whatever a server
    or a file name holds, an error neither controls the terminal nor fills it.
    """

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        message = printable_lines(message)
        super().__init__(message)
        self.message = message
        self.hint = None if hint is None else printable_lines(hint)

    def __str__(self) -> str:
        message = printable_lines(self.message)
        return f"{message} {printable_lines(self.hint)}" if self.hint else message

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.args, self.__dict__)


def _rebuild(kind: type[BaseException], args: tuple[Any, ...], fields: Mapping[str, Any]) -> BaseException:
    # By the native base: a kind that is a ValueError and an OSError as well would find the wrong __new__ first.
    native = OSError if issubclass(kind, OSError) else Exception
    error = native.__new__(kind, *args)
    error.args = args
    error.__dict__.update(fields)
    return error


class InvalidArgument(ProvenaError, ValueError):
    """An argument was refused before anything was sent; ``argument`` names it."""

    def __init__(self, argument: str, message: str, *, hint: str | None = None) -> None:
        super().__init__(f"{argument}: {message}", hint=hint)
        self.argument = argument


class ConfigurationError(ProvenaError, ValueError):
    """The deployment, the profile or the environment does not say what is needed."""


class ClosedError(ProvenaError, RuntimeError):
    """The client was closed, or is used from an event loop it does not belong to."""


class SignInError(ProvenaError):
    """Signing in, or keeping the session, failed."""


class SignInRequired(SignInError, PermissionError):
    """Nobody is signed in and nobody is there to ask; the hint names the ways out."""


class SignInDenied(SignInError, PermissionError):
    """The person, or the sign-in server, refused."""


class SignInExpired(SignInError, TimeoutError):
    """The code shown for signing in was not used in time."""


class SessionEnded(SignInError, PermissionError):
    """The sign-in server no longer accepts the stored session; sign in again."""


class ConnectionFailed(ProvenaError, ConnectionError):
    """The service could not be reached, or the connection broke; ``operation`` says during what."""

    def __init__(self, message: str, *, operation: str | None = None, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.operation = operation


class RequestTimedOut(ConnectionFailed, TimeoutError):
    """The service did not answer within the timeout."""


class CertificateRejected(ConnectionFailed):
    """The server's certificate could not be verified; nothing was sent, and trying again does not help."""


class AnswerFields(TypedDict, total=False):
    """What every :class:`ServiceError` is built from, besides its message."""

    operation: Required[str]
    status: Required[int]
    detail: str | None
    hint: str | None
    dataset_id: str | None


class ServiceError(ProvenaError):
    """The service answered, and the answer is an error.

    Attributes:
        operation: The operation's name, such as ``datastore.fetch_dataset``.
        status: The HTTP status of the answer.
        detail: What the server said, shortened; None when it said nothing readable.
        dataset_id: The dataset the operation was about, when it was about one.
    """

    def __init__(self, message: str, **fields: Unpack[AnswerFields]) -> None:
        super().__init__(message, hint=fields.get("hint"))
        self.operation = fields["operation"]
        self.status = fields["status"]
        self.detail = fields.get("detail")
        self.dataset_id = fields.get("dataset_id")


class BadRequest(ServiceError, ValueError):
    """The service refused what was asked (400)."""


class DatasetNotFound(BadRequest, LookupError):
    """No dataset has this id. The datastore says so with 400, not 404."""


class FileNotInDataset(BadRequest, FileNotFoundError):
    """The datastore knows no such file in the dataset."""


class OperationRejected(ServiceError, ValueError):
    """The service answered 200 and ``success: false``; ``detail`` says why."""


@dataclass(frozen=True, slots=True)
class FieldError:
    """One entry of a 422: where, what, and the server's own kind."""

    location: tuple[str | int, ...]
    message: str
    kind: str

    def __str__(self) -> str:
        return f"{printable('.'.join(map(str, self.location)))}: {printable(self.message, SERVER_LIMIT)}"


class ValidationFailed(ServiceError, ValueError):
    """The query or the body has the wrong shape (422); ``errors`` lists each place."""

    def __init__(
        self, message: str, *, errors: Sequence[FieldError] = (), **fields: Unpack[AnswerFields]
    ) -> None:
        super().__init__(message, **fields)
        self.errors = tuple(errors)


class Unauthorized(ServiceError, PermissionError):
    """A 401. Its three subclasses say which kind; only a rejected token is cured by signing in."""


class TokenRejected(Unauthorized):
    """The token is missing, malformed or expired, and a fresh one was refused too."""


class RoleMissing(Unauthorized):
    """The user lacks a role the operation needs; ``role`` names it."""

    def __init__(self, message: str, *, role: str | None = None, **fields: Unpack[AnswerFields]) -> None:
        super().__init__(message, **fields)
        self.role = role


class DatasetAccessDenied(Unauthorized):
    """The user has the role, but not the permission on ``dataset_id``.

    Attributes:
        owner: User name of the dataset's owner; None when it could not be found out.
    """

    owner: str | None = None

    def name_owner(self, owner: str | None) -> None:
        """Say in the hint who the owner is; None changes nothing."""
        if owner is not None:
            self.owner = owner
            self.hint = (self.hint or "").replace("its owner", f"its owner, {printable(owner)},", 1)


class NotTheReviewer(DatasetAccessDenied):
    """The user decides on a release that was sent to another reviewer, or is no reviewer at all."""


class DatasetLocked(DatasetAccessDenied):
    """The dataset is locked against changes, for its owner too."""


class PersonNotLinked(ServiceError, PermissionError):
    """The user's account is not linked to a Person in the registry, which registering and reviewing need."""


class Forbidden(ServiceError, PermissionError):
    """The service understood and will not (403), for example writing files while a release is pending."""


class EndpointNotFound(ServiceError):
    """The address exists but not this route or method (404, 405, or a redirect): a wrong URL."""


class RateLimited(ServiceError):
    """Too many requests (429); ``retry_after`` is the wait in seconds the server asked for, if it did."""

    def __init__(
        self, message: str, *, retry_after: float | None = None, **fields: Unpack[AnswerFields]
    ) -> None:
        super().__init__(message, **fields)
        self.retry_after = retry_after


class ServerError(ServiceError):
    """The service failed (5xx)."""


class GatewayError(ServerError):
    """A gateway in front of the service answered for it (502, 503, 504, or HTML with another status)."""


class UnreadableAnswer(ServiceError):
    """The status was fine and the body was not: no JSON, or not the shape the interface promises."""


class OutcomeUnknown(ProvenaError):
    """A mint, a version or a release request may or may not have taken effect; it was not repeated.

    Attributes:
        operation: The operation's name.
        status: The HTTP status, or None when no answer came.
    """

    def __init__(
        self, message: str, *, operation: str, status: int | None = None, hint: str | None = None
    ) -> None:
        super().__init__(message, hint=hint)
        self.operation = operation
        self.status = status


class FileError(ProvenaError):
    """A file of a dataset could not be listed, read or written; ``path`` names it within the dataset."""

    def __init__(self, message: str, *, path: str | None = None, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.path = path


class DatasetFileNotFound(FileError, FileNotFoundError):
    """The dataset holds no such file or folder."""


class DatasetFileExists(FileError, FileExistsError):
    """The dataset holds a file of this name already, and it was not to be replaced."""


class NotAFile(FileError, IsADirectoryError):
    """The path is a folder of the dataset, where a file is needed."""


class UnsafePath(FileError, ValueError):
    """A key or path would leave its folder, or cannot be held by every platform's file system."""


class FileConflict(FileError, FileExistsError):
    """Something else has the name that a file needs, or that of a folder above it; nothing was replaced."""


class NotEnoughSpace(FileError, OSError):
    """The disk has no room for what is to be downloaded; nothing was fetched."""

    errno = errno.ENOSPC


class ServiceFileRefused(FileError, PermissionError):
    """``metadata.json`` at a dataset's root belongs to the service and is never written by a client."""


class IntegrityError(FileError, OSError):
    """What arrived is not what the store holds: size or checksum differ."""


class FileAccessDenied(FileError, PermissionError):
    """The object store refused access to a file, although the datastore had granted credentials."""


class LeaseMissing(FileError, PermissionError):
    """Files are to be read by a lease, and this process was given none of the dataset, or it was closed."""


class LeaseExpired(LeaseMissing):
    """The lease by which files were to be read has ended, and was not renewed in time."""


class FileStoreError(FileError, OSError):
    """The object store failed, or refused for a reason without a class here; ``code`` is its word."""

    def __init__(
        self, message: str, *, path: str | None = None, code: str | None = None, hint: str | None = None
    ) -> None:
        super().__init__(message, path=path, hint=hint)
        self.code = code


class TransferFailed(FileError, ExceptionGroup[Exception]):
    """Some files of a transfer failed; ``report`` lists the outcome of every file.

    It is a group: ``except*`` picks failures by kind, and ``errors`` holds them in the order of the report.

    Args:
        message: What was transferred, and how much of it failed.
        report: The outcome of every file.
        errors: The failures, at least one.
        hint: The next step for the reader.
    """

    def __new__(  # noqa: D102 reason= the class says what it takes
        cls, message: str, *, report: object, errors: Sequence[Exception], hint: str | None = None
    ) -> Self:
        return super().__new__(cls, printable_lines(message), list(errors))

    def __init__(
        self, message: str, *, report: object, errors: Sequence[Exception], hint: str | None = None
    ) -> None:
        # The group keeps message and errors itself, read-only, from __new__.
        self.path = None
        self.hint = None if hint is None else printable_lines(hint)
        self.report = report

    @property
    def errors(self) -> tuple[Exception, ...]:
        """The failures, in the order of the report."""
        return self.exceptions

    def __repr__(self) -> str:
        count = len(self.errors)
        return f"{type(self).__name__}({self.message!r}, {count} error{'' if count == 1 else 's'})"

    def __reduce__(self) -> tuple[Any, ...]:
        fields = {"hint": self.hint, "report": self.report}
        return _rebuild_group, (type(self), self.message, self.errors, fields)


def _rebuild_group(
    kind: type[TransferFailed], message: str, errors: Sequence[Exception], fields: Mapping[str, Any]
) -> TransferFailed:
    return kind(message, errors=errors, report=fields["report"], hint=fields["hint"])
