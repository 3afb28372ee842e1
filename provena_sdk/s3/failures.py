"""Translation of the object store's errors into the SDK's.

The originals are dropped on purpose: they may contain the store's whole answer, which for an expired token or a
rejected signature repeats the session token.
"""

from __future__ import annotations

from typing import Final

from provena_sdk.display.text import quoted
from provena_sdk.errors import (
    ConnectionFailed,
    DatasetFileExists,
    DatasetFileNotFound,
    FileAccessDenied,
    FileError,
    FileStoreError,
    IntegrityError,
    ProvenaError,
    RequestTimedOut,
)
from provena_sdk.net.reachability import rejected_certificate
from provena_sdk.s3.http.http1 import TooSlow
from provena_sdk.s3.retry import trouble

_MISSING: Final = frozenset({"NoSuchKey", "NotFound", "404"})
_DENIED: Final = frozenset({"AccessDenied", "AllAccessDisabled", "AccountProblem", "Forbidden", "403"})
_CHANGED: Final = frozenset({"PreconditionFailed", "412"})
_RENEWABLE: Final = frozenset(
    {"ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired", "InvalidToken"}
    | {"InvalidAccessKeyId"}
)
_UNKNOWN: Final = frozenset({"InvalidToken", "InvalidAccessKeyId", "TokenRefreshRequired"})
_SKEWED: Final = frozenset({"RequestTimeTooSkewed"})


def is_renewable(code: str, *, bodiless: bool = False) -> bool:
    """Return whether an error code means that new credentials would help.

    Args:
        code: The store's error code, or the status if there is none.
        bodiless: Whether the answer had no body to name the reason, as after HEAD. S3 answers an expired token with
            400.

    Example:
        >>> is_renewable("ExpiredToken"), is_renewable("AccessDenied"), is_renewable("400", bodiless=True)
        (True, False, True)
    """
    return code in _RENEWABLE or (bodiless and code == "400")


def translate(
    error: BaseException,
    *,
    path: str | None,
    label: str,
    store: str | None = None,
    unreached: str | None = None,
) -> Exception:
    """Return the SDK's error for a failure of the connection.

    Args:
        error: The exception raised. The SDK's errors and plain errors of this machine are returned unchanged.
        path: The file's path within the folder, or None.
        label: The folder's name in messages, such as ``dataset 10378.1/12``.
        store: The store's location in words; None if unknown.
        unreached: The reason why no connection was made, empty if unknown; None if one was made.

    Returns:
        An error without cause or context; raise it outside any ``except`` block.
    """
    if isinstance(error, ProvenaError):
        return error
    what = f"{quoted(path)}" if path else f"the files of {label}"
    named = f"object store at {store}" if store else "object store"
    rejected = rejected_certificate(error, named)
    if rejected is not None:
        return rejected
    if isinstance(error, TooSlow):
        return RequestTimedOut(
            f"The connection to the {named} was too slow for {what}: {error}.",
            hint="Check the network, then try again.",
        )
    if isinstance(error, TimeoutError):
        happened = "did not answer" if unreached is None else "could not be reached"
        return RequestTimedOut(f"The {named} {happened} in time for {what}.", hint="Try again.")
    if unreached is not None:
        reason = f": {unreached}" if unreached else ""
        return ConnectionFailed(
            f"The {named} could not be reached for {what}{reason}.",
            hint="Check the network, the proxy settings and the object store's URL, then try again.",
        )
    if isinstance(error, ConnectionError):
        return ConnectionFailed(
            f"The connection to the {named} failed for {what}.",
            hint="Check the network, then try again.",
        )
    if isinstance(error, Exception):
        return error
    raise error


def refusal(
    code: str,
    *,
    path: str | None,
    label: str,
    status: int | None = None,
    message: str = "",
    bodiless: bool = False,
) -> FileError:
    """Return the SDK's error for a refusal by the store.

    Args:
        code: The store's error code, or the status if there is none.
        path: The file's path within the folder, or None.
        label: The folder's name in messages, such as ``dataset 10378.1/12``.
        status: The answer's HTTP status; None if unknown.
        message: The store's message, printable and without the credentials sent.
        bodiless: Whether the answer had no body to name the reason.

    Example:
        >>> refusal("NoSuchKey", path="obs.csv", label="dataset 10378.1/12")
        DatasetFileNotFound("Dataset 10378.1/12 holds no file 'obs.csv'.")
    """
    what = f"{quoted(path)} of {label}" if path else f"the files of {label}"
    if code in _MISSING:
        return DatasetFileNotFound(f"{_sentence(label)} holds no file {quoted(path)}.", path=path)
    if code in _DENIED:
        return FileAccessDenied(
            f"The object store refuses access to {what}.",
            path=path,
            hint="Writing ends when a dataset is released; otherwise ask its owner for access.",
        )
    if code in _CHANGED:
        return IntegrityError(f"{what} was replaced meanwhile.", path=path, hint="Try again.")
    if code in _SKEWED:
        return FileAccessDenied(
            f"The object store refuses access to {what}: this machine's clock is wrong.",
            path=path,
            hint="Set the clock.",
        )
    said = f" The store says: {message.rstrip('.')}." if message else ""
    if is_renewable(code, bodiless=bodiless):
        hint = "Check this machine's clock."
        if code in _UNKNOWN:
            hint = (
                "Check this machine's clock; if it is right, tell the deployment's operator that the object store does "
                f"not accept the credentials that the datastore gives out ({code})."
            )
        return FileAccessDenied(
            f"The object store refuses the credentials for {what}, renewed ones too.{said}",
            path=path,
            hint=hint,
        )
    hint = "Try again later."
    if status is not None and 400 <= status < 500 and trouble(status, code) is None:
        hint = "The same request will be refused again; if that makes no sense, report it with the store's words."
    return FileStoreError(
        f"The object store answered {code!r} for {what}.{said}", path=path, store_code=code, hint=hint
    )


def already_exists(path: str, label: str) -> DatasetFileExists:
    """Return the error for an object that exists and must not be replaced.

    Args:
        path: The file's path within the folder.
        label: The folder's name in messages, such as ``dataset 10378.1/12``.
    """
    return DatasetFileExists(
        f"{_sentence(label)} holds {quoted(path)} already.",
        path=path,
        hint="Allow it to be replaced, or choose another name.",
    )


def proxy_refusal(status: int, label: str) -> ConnectionFailed:
    """Return the SDK's error for a proxy that refuses a tunnel to the store.

    Args:
        status: The HTTP status of the proxy's answer.
        label: The folder's name in messages, such as ``dataset 10378.1/12``.
    """
    hint = "Ask who runs the proxy to allow the object store, or name its host in NO_PROXY."
    if status == 407:
        hint = "Put a name and password into HTTPS_PROXY, as in http://name:password@proxy:3128, or correct them."
    return ConnectionFailed(f"The proxy between here and the files of {label} answered {status}.", hint=hint)


def _sentence(label: str) -> str:
    """Return a label with an initial capital, to begin a sentence."""
    return f"{label[:1].upper()}{label[1:]}"
