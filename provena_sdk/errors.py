"""All errors of the SDK, in one tree under :class:`ProvenaError`.

Where a built-in exception fits, an error derives from it too, so that ``except PermissionError`` or
``except TimeoutError`` work as expected. Every error keeps its fields through pickling, and none holds a secret.
"""

from __future__ import annotations

import errno
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Final, Required, Self, TypedDict, Unpack

from provena_sdk.display.notebook import traceback_lines
from provena_sdk.display.text import SERVER_LIMIT, printable, printable_lines, quoted

__all__ = [
    "AccessChanged",
    "AlreadyLocked",
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
    "FetchFailed",
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
    "InvalidMetadata",
    "ItemAccessDenied",
    "ItemNotFound",
    "JobFailed",
    "JobNotFound",
    "JobTimedOut",
    "LeaseExpired",
    "LeaseMissing",
    "LinkFailed",
    "MetadataChanged",
    "MetadataProblem",
    "ModelRunIncomplete",
    "NameAmbiguous",
    "NameNotFound",
    "NotAFile",
    "NotEnoughSpace",
    "NotFetched",
    "NotLocked",
    "NotTheReviewer",
    "OperationRejected",
    "OutcomeUnknown",
    "PartialFailure",
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
    "TransferInterrupted",
    "Unauthorized",
    "UnreadableAnswer",
    "UnreadableFile",
    "UnsafePath",
    "ValidationFailed",
]


class RequestFields(TypedDict, total=False):
    """What is known about the request that failed."""

    operation: str | None
    url: str | None
    status: int | None
    attempts: int | None
    request_id: str | None
    dataset_id: str | None


_LATER_WORD: Final = re.compile(r"(?<!^)(?=[A-Z])")


class ProvenaError(Exception):
    """Base class of every error that the SDK raises.

    Message and hint are escaped and bounded when shown, so that text from a server or a file name can neither control
    nor flood the terminal.

    Args:
        message: What went wrong, in one short sentence.
        hint: The next step for the reader, or None.

    Attributes:
        code: A stable name for the kind of error, such as ``dataset-not-found``; docs/errors.md explains each.
        operation: The operation that failed, such as ``datastore.fetch_dataset``. This and the following are None where
            they are unknown, or nothing was sent.
        url: Where the request went, without its query.
        status: The HTTP status of the answer.
        attempts: How often the request was sent.
        request_id: The server's name for the request, for its operator.
        dataset_id: Handle of the dataset concerned.
    """

    code: ClassVar[str] = "provena-error"
    operation: str | None = None
    url: str | None = None
    status: int | None = None
    attempts: int | None = None
    request_id: str | None = None
    dataset_id: str | None = None

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        cls.code = _LATER_WORD.sub("-", cls.__name__).lower()

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        message = printable_lines(message)
        super().__init__(message)
        self.message = message
        self.hint = None if hint is None else printable_lines(hint)

    def __str__(self) -> str:
        message = printable_lines(self.message)
        return f"{message} {printable_lines(self.hint)}" if self.hint else message

    def __repr__(self) -> str:
        return f"{type(self).__name__}({quoted(self.message, 160)})"

    def complete(self, **known: Unpack[RequestFields]) -> Self:
        """Fill in what is known about the request, and return the error. What it knows already is kept.

        Args:
            known: The fields; a query is removed from ``url``, because it may hold a signature.
        """
        for name, value in known.items():
            if value is not None and getattr(self, name) is None:
                shown = value if isinstance(value, int) else printable(str(value).partition("?")[0])
                setattr(self, name, shown)
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.args, self.__dict__)

    def _render_traceback_(self) -> list[str]:
        """Return the lines of the traceback that IPython and Jupyter show."""
        return traceback_lines(self)


def _rebuild(kind: type[BaseException], args: tuple[Any, ...], fields: Mapping[str, Any]) -> BaseException:
    # __new__ of the native base: a class derived from both ValueError and OSError would find the wrong one first.
    native = OSError if issubclass(kind, OSError) else Exception
    error = native.__new__(kind, *args)
    error.args = args
    error.__dict__.update(fields)
    return error


_PREDICATES: Final = ("must ", "is missing")


class InvalidArgument(ProvenaError, ValueError):
    """An argument was refused before anything was changed; ``argument`` names it.

    Args:
        argument: The argument's name.
        message: What is wrong with it. It follows the name after a colon, or directly if it begins
            with "must" or "is missing".
        hint: The next step for the reader.
    """

    def __init__(self, argument: str, message: str, *, hint: str | None = None) -> None:
        separator = " " if message.startswith(_PREDICATES) else ": "
        super().__init__(f"{argument}{separator}{message}", hint=hint)
        self.argument = argument


@dataclass(frozen=True, slots=True, repr=False)
class MetadataProblem:
    """One thing that is wrong with the metadata of a dataset.

    Attributes:
        path: The field, such as ``dataset_info.created_date.value`` or ``dataset_info.keywords[2]``; empty if the whole
            file, or all metadata together, are wrong.
        message: What is wrong with it.
        value: The value that was given; None if the field is missing.
        suggestion: What was probably meant; None if that is not clear.
        line: Line in the file that the metadata was read from, from 1; None if it was not a file.
        column: Column in that line, from 1.
    """

    path: str
    message: str
    value: object = None
    suggestion: str | None = None
    line: int | None = None
    column: int | None = None

    def __str__(self) -> str:
        place = "" if self.line is None else f"line {self.line}, column {self.column}: "
        meant = "" if self.suggestion is None else f"; did you mean {printable(self.suggestion, 120)}?"
        path = f"{printable(self.path, 100)}: " if self.path else ""
        return f"{place}{path}{printable(self.message)}{meant}"

    def __repr__(self) -> str:
        return f"<MetadataProblem {printable(self.path or 'metadata', 80)}: {printable(self.message, 90)}>"


_MOST_PROBLEMS: Final = 7


class InvalidMetadata(InvalidArgument):
    """Metadata that the service would refuse; nothing was sent.

    Args:
        argument: The argument's name.
        problems: Everything that is wrong with it; the message shows the first few.
        source: The name of the file that it was read from, or None.
        hint: The next step for the reader.
    """

    def __init__(
        self,
        argument: str,
        problems: Sequence[MetadataProblem],
        *,
        source: str | None = None,
        hint: str | None = None,
    ) -> None:
        lines = [str(problem) for problem in problems]
        of = "" if source is None else f"{quoted(source)}: "
        if len(lines) == 1:
            message = of + lines[0]
        else:
            more = len(lines) - _MOST_PROBLEMS
            shown = lines[:_MOST_PROBLEMS] if more > 1 else lines
            # In one line, so that the traceback stays short.
            message = f"{of}{len(lines)} problems: " + " ".join(
                f"({number}) {line}" for number, line in enumerate(shown, start=1)
            )
            if more > 1:
                message += f" and {more} more, in error.problems"
        super().__init__(argument, message, hint=hint)
        self.problems = tuple(problems)
        self.source = source


class NameNotFound(InvalidArgument, LookupError):
    """An argument is a name that nobody and nothing has; ``candidates`` has the handles of those with similar names."""

    def __init__(
        self, argument: str, message: str, *, candidates: Sequence[str] = (), hint: str | None = None
    ) -> None:
        super().__init__(argument, message, hint=hint)
        self.candidates = tuple(candidates)


class NameAmbiguous(NameNotFound):
    """An argument is a name that several have; ``candidates`` has their handles."""


class ConfigurationError(ProvenaError, ValueError):
    """A setting is missing or invalid in the deployment, the profile or the environment."""


class ClosedError(ProvenaError, RuntimeError):
    """The client is closed, or belongs to another event loop."""


class SignInError(ProvenaError):
    """Signing in or renewing the session failed."""


class SignInRequired(SignInError, PermissionError):
    """No one is signed in, and there is no one to ask; the hint lists the alternatives."""


class SignInDenied(SignInError, PermissionError):
    """The user or the sign-in server refused the sign-in."""


class SignInExpired(SignInError, TimeoutError):
    """The code shown for signing in was not used in time."""


class SessionEnded(SignInError, PermissionError):
    """The sign-in server no longer accepts the stored session; sign in again."""


class ConnectionFailed(ProvenaError, ConnectionError):
    """The service could not be reached, or the connection broke during ``operation``."""

    def __init__(self, message: str, *, operation: str | None = None, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.operation = operation


class RequestTimedOut(ConnectionFailed, TimeoutError):
    """The service did not answer within the timeout."""


class CertificateRejected(ConnectionFailed):
    """The server's certificate could not be verified; nothing was sent, and a retry will not help."""


class AnswerFields(TypedDict, total=False):
    """The fields of every :class:`ServiceError`, besides its message."""

    operation: Required[str]
    status: Required[int]
    detail: str | None
    hint: str | None
    dataset_id: str | None


class ServiceError(ProvenaError):
    """The service answered with an error.

    Attributes:
        detail: The server's explanation, shortened; None if it gave none that is readable.
    """

    operation: str
    status: int

    def __init__(self, message: str, **fields: Unpack[AnswerFields]) -> None:
        super().__init__(message, hint=fields.get("hint"))
        self.operation = fields["operation"]  # pyright: ignore[reportIncompatibleVariableOverride]  # an answer has both
        self.status = fields["status"]  # pyright: ignore[reportIncompatibleVariableOverride]
        self.detail = fields.get("detail")
        self.dataset_id = fields.get("dataset_id")


class BadRequest(ServiceError, ValueError):
    """The service refused the request (400)."""


class ItemNotFound(BadRequest, LookupError):
    """No item has this id. The services answer 400, 500, or 200 with ``success: false``, and never 404."""


class DatasetNotFound(ItemNotFound):
    """No dataset has this id."""


class AlreadyLocked(BadRequest):
    """The dataset is locked already; the message says by whom, when and why, if its lock history is readable.

    Attributes:
        username: Who locked it; None when it could not be found out.
        reason: Why; None when it could not be found out.
        since: When; None when it could not be found out.
    """

    username: str | None = None
    reason: str | None = None
    since: datetime | None = None


class NotLocked(BadRequest):
    """The dataset is not locked, so it cannot be unlocked; the message says who unlocked it, if that is readable.

    Attributes:
        username: Who unlocked it last; None when nobody did, or it could not be found out.
        reason: Why.
        since: When.
    """

    username: str | None = None
    reason: str | None = None
    since: datetime | None = None


class AccessChanged(ProvenaError):
    """Somebody else replaced the access settings of ``dataset_id`` at the same time: the change is not in force."""

    def __init__(self, message: str, *, dataset_id: str, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.dataset_id = dataset_id


class MetadataChanged(ProvenaError):
    """Somebody else has changed a dataset's metadata since they were fetched; nothing was sent.

    Attributes:
        dataset_id: The dataset's handle.
        theirs: The :class:`~provena_sdk.MetadataDiff` of what they have changed.
        yours: The :class:`~provena_sdk.MetadataDiff` of what was to be sent.
    """

    def __init__(
        self, message: str, *, dataset_id: str, theirs: object, yours: object, hint: str | None = None
    ) -> None:
        super().__init__(message, hint=hint)
        self.dataset_id = dataset_id
        self.theirs: Any = theirs
        self.yours: Any = yours


class NotFetched(ProvenaError, RuntimeError):
    """A property of an async dataset was read before the dataset was fetched: ``await ds.refresh()`` fetches it."""


class FileNotInDataset(BadRequest, FileNotFoundError):
    """The dataset has no such file, according to the datastore."""


class OperationRejected(ServiceError, ValueError):
    """The service answered 200 and ``success: false``; ``detail`` says why."""


@dataclass(frozen=True, slots=True)
class FieldError:
    """One entry of a 422: location, message, and the server's name for the kind of error."""

    location: tuple[str | int, ...]
    message: str
    kind: str

    def __str__(self) -> str:
        return f"{printable('.'.join(map(str, self.location)))}: {printable(self.message, SERVER_LIMIT)}"

    def __repr__(self) -> str:
        return f"<FieldError {printable(self, 180)}>"


class ValidationFailed(ServiceError, ValueError):
    """The query or body does not match the schema (422); ``errors`` lists each place."""

    def __init__(
        self, message: str, *, errors: Sequence[FieldError] = (), **fields: Unpack[AnswerFields]
    ) -> None:
        super().__init__(message, **fields)
        self.errors = tuple(errors)


class Unauthorized(ServiceError, PermissionError):
    """A 401; the subclasses say why. Only for a rejected token does signing in help."""


class TokenRejected(Unauthorized):
    """The token is missing, malformed or expired, and a fresh one was refused too."""


class RoleMissing(Unauthorized):
    """The user lacks a role the operation needs; ``role`` names it."""

    def __init__(self, message: str, *, role: str | None = None, **fields: Unpack[AnswerFields]) -> None:
        super().__init__(message, **fields)
        self.role = role


class ItemAccessDenied(Unauthorized):
    """The user has the role, but not the permission on this item: a person, an organisation, a job or another."""


class DatasetAccessDenied(ItemAccessDenied):
    """The user has the role, but not the permission on ``dataset_id``.

    Attributes:
        owner: User name of the dataset's owner; None when it could not be found out.
        owner_email: The owner's e-mail address; None when it could not be found out.
    """

    owner: str | None = None
    owner_email: str | None = None

    def name_owner(self, owner: str | None, email: str | None = None) -> None:
        """Add the owner's name and e-mail address to the hint; None changes nothing."""
        if owner is not None:
            self.owner, self.owner_email = owner, email
            named = printable(owner) if email is None else f"{printable(owner)} ({printable(email)})"
            self.hint = (self.hint or "").replace("its owner", f"its owner, {named},", 1)


class NotTheReviewer(DatasetAccessDenied):
    """The user is not a reviewer, or not the one who was asked to review this release."""


class DatasetLocked(DatasetAccessDenied):
    """The dataset is locked: not even its owner can change it."""


class PersonNotLinked(ServiceError, PermissionError):
    """The account is not linked to a Person in the registry, which registering and reviewing require."""


class LinkFailed(ProvenaError):
    """A Person exists for the user's account, but could not be linked to it.

    Attributes:
        person_id: The Person's handle.
    """

    def __init__(self, message: str, *, person_id: str | None = None, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.person_id = person_id


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
    """A gateway in front of the service answered instead (502, 503, 504, or HTML with another status)."""


class UnreadableAnswer(ServiceError):
    """The request succeeded, but its answer is not JSON or does not match the interface."""


class OutcomeUnknown(ProvenaError):
    """A mint, version or release request may have taken effect; it was not repeated."""

    operation: str

    def __init__(
        self, message: str, *, operation: str, status: int | None = None, hint: str | None = None
    ) -> None:
        super().__init__(message, hint=hint)
        self.operation = operation  # pyright: ignore[reportIncompatibleVariableOverride]  # always known
        self.status = status


class JobFailed(ProvenaError):
    """Work that a service did after it had answered failed.

    Attributes:
        session_id: Id of the job.
        kind: What the job does, such as ``LODGE_CREATE_ACTIVITY``.
        info: The job's own message, shortened; None if it left none.
    """

    def __init__(
        self, message: str, *, session_id: str, kind: str, info: str | None = None, hint: str | None = None
    ) -> None:
        super().__init__(message, hint=hint)
        self.session_id = session_id
        self.kind = kind
        self.info = info


class JobNotFound(BadRequest, LookupError):
    """No job has this id. The job service answers 400, also for a moment after it gave out the id."""


class JobTimedOut(ProvenaError, TimeoutError):
    """A job did not end in time; it continues at the service.

    Attributes:
        session_id: Id of the job, to wait on for it.
    """

    def __init__(self, message: str, *, session_id: str, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.session_id = session_id


class ModelRunIncomplete(ProvenaError, ValueError):
    """A model run lacks what its template asks for; nothing was registered.

    Attributes:
        problems: Everything that is missing.
    """

    def __init__(self, message: str, *, problems: Sequence[str], hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.problems = tuple(problems)


class FileError(ProvenaError):
    """A file of a dataset could not be listed, read or written; ``path`` names it within the dataset."""

    def __init__(
        self, message: str, *, path: str | None = None, dataset_id: str | None = None, hint: str | None = None
    ) -> None:
        super().__init__(message, hint=hint)
        self.path = path
        self.complete(dataset_id=dataset_id)


class DatasetFileNotFound(FileError, FileNotFoundError):
    """The dataset has no such file or folder."""


class DatasetFileExists(FileError, FileExistsError):
    """The dataset already has a file with this name, which must not be replaced."""


class NotAFile(FileError, IsADirectoryError):
    """The path is a folder of the dataset, not a file."""


class UnsafePath(FileError, ValueError):
    """A key or path would lead out of its folder, or is not valid on every platform."""


class FileConflict(FileError, FileExistsError):
    """The name of the file, or of a folder above it, is taken by something else; nothing was replaced."""


class NotEnoughSpace(FileError, OSError):
    """The disk has no room for the download; nothing was fetched."""

    errno = errno.ENOSPC


class ServiceFileRefused(FileError, PermissionError):
    """``metadata.json`` at a dataset's root belongs to the service; clients never write it."""


class IntegrityError(FileError, OSError):
    """The bytes that arrived are not those in the store: size or checksum differ."""


class UnreadableFile(FileError, ValueError):
    """The file is not valid in its format, so that it cannot be shown."""


class FileAccessDenied(FileError, PermissionError):
    """The object store denied access to a file although the datastore had granted credentials."""


class LeaseMissing(FileError, PermissionError):
    """This process has no open lease for the dataset."""


class LeaseExpired(LeaseMissing):
    """The lease expired before it was renewed."""


class FileStoreError(FileError, OSError):
    """The object store failed or refused for a reason without a class of its own; ``store_code`` is its own code."""

    def __init__(
        self,
        message: str,
        *,
        path: str | None = None,
        store_code: str | None = None,
        dataset_id: str | None = None,
        hint: str | None = None,
    ) -> None:
        super().__init__(message, path=path, dataset_id=dataset_id, hint=hint)
        self.store_code = store_code


class PartialFailure(ProvenaError, ExceptionGroup[Exception]):
    """Some of several things failed; the others were done.

    This is an exception group: ``except*`` selects failures by type, and ``errors`` has them in order.

    Args:
        message: What was done, and how much of it failed.
        errors: The failures, at least one.
        hint: The next step for the reader.
    """

    def __new__(  # noqa: D102  # the class documents the arguments
        cls, message: str, *, errors: Sequence[Exception], hint: str | None = None, **fields: object
    ) -> Self:
        return super().__new__(cls, printable_lines(message), list(errors))

    def __init__(self, message: str, *, errors: Sequence[Exception], hint: str | None = None) -> None:
        # __new__ of the exception group has set message and errors, which are read-only.
        self.hint = None if hint is None else printable_lines(hint)

    @property
    def errors(self) -> tuple[Exception, ...]:
        """The failures, in order."""
        return self.exceptions

    def __repr__(self) -> str:
        count = len(self.errors)
        return f"{type(self).__name__}({quoted(self.message, 140)}, {count} error{'' if count == 1 else 's'})"

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild_group, (type(self), self.message, self.errors, self.__dict__)


class TransferInterrupted(KeyboardInterrupt):
    """Ctrl-C stopped a transfer of the sync client; the same call resumes it.

    This is a :class:`KeyboardInterrupt`, not a :class:`ProvenaError`, so that ``except Exception`` does not catch it.

    Args:
        message: How much is kept.
        bytes: The bytes that the next run need not transfer, including those of earlier runs.
        total_bytes: The bytes to transfer; None if that was not known yet.
    """

    def __init__(self, message: str, *, bytes: int = 0, total_bytes: int | None = None) -> None:
        super().__init__(message)
        self.bytes = bytes
        self.total_bytes = total_bytes

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), self.args, {"bytes": self.bytes, "total_bytes": self.total_bytes}


def _rebuild_group(
    kind: type[PartialFailure], message: str, errors: Sequence[Exception], fields: Mapping[str, Any]
) -> PartialFailure:
    error = kind.__new__(kind, message, errors=errors)
    error.__dict__.update(fields)
    return error


class FetchFailed(PartialFailure):
    """Some of several datasets could not be fetched.

    Args:
        message: How many could not be fetched, and why the first.
        fetched: The :class:`~provena_sdk.FetchedDatasets`: the others, and each failure by handle.
        errors: The failures, at least one.
        hint: The next step for the reader.
    """

    def __init__(
        self, message: str, *, fetched: object, errors: Sequence[Exception], hint: str | None = None
    ) -> None:
        super().__init__(message, errors=errors, hint=hint)
        self.fetched: Any = fetched


class TransferFailed(FileError, PartialFailure):
    """Some files of a transfer failed.

    Args:
        message: What was transferred, and how much of it failed.
        report: The :class:`~provena_sdk.TransferReport`, which lists the outcome of every file.
        errors: The failures, at least one.
        hint: The next step for the reader.
    """

    def __init__(
        self, message: str, *, report: object, errors: Sequence[Exception], hint: str | None = None
    ) -> None:
        PartialFailure.__init__(self, message, errors=errors, hint=hint)
        self.path = None
        self.report = report
