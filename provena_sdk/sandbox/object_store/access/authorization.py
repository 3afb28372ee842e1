"""Authenticate requests by their signatures, in headers and in query strings, as Amazon S3 does."""

from __future__ import annotations

import hmac
import re
from calendar import timegm
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from functools import lru_cache
from time import gmtime, strftime, strptime

from provena_sdk.sandbox.object_store.access import signature
from provena_sdk.sandbox.object_store.access.grants import MAX_PRESIGN_SECONDS, Grant, Grants
from provena_sdk.sandbox.object_store.http.request import Request
from provena_sdk.sandbox.object_store.storage.errors import S3Error

MAX_SKEW_SECONDS = 15 * 60

_HEADER = re.compile(
    r"AWS4-HMAC-SHA256\s+Credential=([^,\s]+)\s*,\s*SignedHeaders=([^,\s]+)\s*,\s*Signature=([0-9a-f]{64})\s*"
)
_PAYLOAD_HASH = re.compile(r"[0-9a-f]{64}")


@dataclass(slots=True)
class Identity:
    """The credentials of a request, and the state for checking the signed chunks of its body."""

    grant: Grant
    scope: signature.Scope
    timestamp: str
    signing_key: bytes = field(repr=False)
    signature: str = field(repr=False)
    payload: str


def authenticate(request: Request, grants: Grants) -> Identity:
    """Return the identity of a request's sender.

    Raises:
        S3Error: The request is not signed, or its signature is wrong.
    """
    header = request.headers.get("authorization")
    if header is not None:
        if "X-Amz-Signature" in request.params:
            raise S3Error("InvalidArgument", "Only one auth mechanism allowed.")
        return _by_header(request, header, grants)
    if "X-Amz-Algorithm" in request.params or "X-Amz-Signature" in request.params:
        return _by_query(request, grants)
    raise S3Error("AccessDenied")


def _by_header(request: Request, header: str, grants: Grants) -> Identity:
    match = _HEADER.fullmatch(header)
    if match is None:
        raise S3Error("AuthorizationHeaderMalformed")
    credential, signed_headers, given = match.groups()
    access_key_id, scope = _credential(credential, "AuthorizationHeaderMalformed")
    timestamp = _timestamp(request.headers)
    if timestamp[:8] != scope.date:
        raise S3Error(
            "AuthorizationHeaderMalformed", "Invalid credential date: it is not that of x-amz-date."
        )
    payload = request.headers.get("x-amz-content-sha256")
    if payload is None:
        raise S3Error("InvalidRequest", "Missing required header for this request: x-amz-content-sha256")
    if not (_PAYLOAD_HASH.fullmatch(payload) or payload.startswith(("UNSIGNED-PAYLOAD", "STREAMING-"))):
        raise S3Error(
            "InvalidArgument",
            "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-… or a valid sha256 value.",
        )
    grant = _grant(grants, access_key_id, request.headers.get("x-amz-security-token"))
    now = grants.clock()
    if abs(now - _seconds(timestamp)) > MAX_SKEW_SECONDS:
        raise S3Error(
            "RequestTimeTooSkewed",
            RequestTime=timestamp,
            ServerTime=_iso(now),
            MaxAllowedSkewMilliseconds=str(MAX_SKEW_SECONDS * 1000),
        )
    identity = _verify(request, grant, scope, timestamp, signed_headers, payload, given)
    if grants.has_expired(grant):
        raise S3Error("ExpiredToken")
    return identity


def _by_query(request: Request, grants: Grants) -> Identity:
    params = request.params
    try:
        algorithm, credential = params["X-Amz-Algorithm"], params["X-Amz-Credential"]
        timestamp, expires = params["X-Amz-Date"], int(params["X-Amz-Expires"])
        signed_headers, given = params["X-Amz-SignedHeaders"], params["X-Amz-Signature"]
        signed_at = _seconds(timestamp)
    except (KeyError, ValueError):
        raise S3Error("AuthorizationQueryParametersError") from None
    if algorithm != signature.ALGORITHM:
        raise S3Error("AuthorizationQueryParametersError", "X-Amz-Algorithm only supports AWS4-HMAC-SHA256")
    if not 0 <= expires <= MAX_PRESIGN_SECONDS:
        raise S3Error(
            "AuthorizationQueryParametersError", "X-Amz-Expires must be less than a week (in seconds)"
        )
    access_key_id, scope = _credential(credential, "AuthorizationQueryParametersError")
    if timestamp[:8] != scope.date:
        raise S3Error(
            "AuthorizationQueryParametersError", "Invalid credential date: it is not that of X-Amz-Date."
        )
    grant = _grant(grants, access_key_id, params.get("X-Amz-Security-Token"))
    now = grants.clock()
    if signed_at > now + MAX_SKEW_SECONDS:
        raise S3Error("AccessDenied", "Request is not yet valid")
    if signed_at + expires < now:
        raise S3Error(
            "AccessDenied",
            "Request has expired",
            **{"X-Amz-Expires": str(expires), "Expires": _iso(signed_at + expires), "ServerTime": _iso(now)},
        )
    payload = request.headers.get("x-amz-content-sha256") or params.get("X-Amz-Content-Sha256")
    payload = payload or signature.UNSIGNED_PAYLOAD
    identity = _verify(request, grant, scope, timestamp, signed_headers, payload, given)
    if grants.has_expired(grant):
        raise S3Error("ExpiredToken")
    return identity


@lru_cache(maxsize=256)
def _credential(text: str, code: str) -> tuple[str, signature.Scope]:
    parts = text.split("/")
    if len(parts) != 5 or parts[4] != "aws4_request" or parts[3] != "s3" or len(parts[1]) != 8:
        raise S3Error(code, "The credential is mal-formed; expecting <key>/YYYYMMDD/REGION/s3/aws4_request.")
    return parts[0], signature.Scope(parts[1], parts[2], parts[3])


def _timestamp(headers: dict[str, str]) -> str:
    """Return the request's time as ``YYYYMMDDTHHMMSSZ``, from ``x-amz-date`` or ``date``."""
    given = headers.get("x-amz-date")
    try:
        if given is None:
            return strftime("%Y%m%dT%H%M%SZ", parsedate_to_datetime(headers["date"]).utctimetuple())
        _seconds(given)
    except (KeyError, ValueError):
        raise S3Error(
            "AccessDenied", "AWS authentication requires a valid Date or x-amz-date header"
        ) from None
    return given


@lru_cache(maxsize=256)
def _seconds(timestamp: str) -> float:
    """Return the Unix seconds of ``YYYYMMDDTHHMMSSZ``; faster than strptime for the usual form."""
    if len(timestamp) == 16 and timestamp[8] == "T" and timestamp[15] == "Z":
        t = timestamp
        if t[:8].isdecimal() and t[9:15].isdecimal():
            return timegm((int(t[:4]), int(t[4:6]), int(t[6:8]), int(t[9:11]), int(t[11:13]), int(t[13:15])))
    return timegm(strptime(timestamp, "%Y%m%dT%H%M%SZ"))


def _grant(grants: Grants, access_key_id: str, token: str | None) -> Grant:
    grant = grants.find(access_key_id)
    if grant is None or (grant.session_token is not None and token is None):
        raise S3Error("InvalidAccessKeyId", AWSAccessKeyId=access_key_id)
    if token is not None and not hmac.compare_digest(
        token.encode("utf-8", "surrogateescape"), (grant.session_token or "").encode()
    ):
        raise S3Error("InvalidToken")
    return grant


def _verify(
    request: Request,
    grant: Grant,
    scope: signature.Scope,
    timestamp: str,
    signed_headers: str,
    payload: str,
    given: str,
) -> Identity:
    names = set(signed_headers.split(";"))
    in_query = "X-Amz-Signature" in request.params
    unsigned = [
        name
        for name in request.headers
        if name.startswith("x-amz-")
        and name not in names
        and not (in_query and name == "x-amz-content-sha256")
    ]
    if unsigned or "host" not in names:
        raise S3Error(
            "AccessDenied",
            "There were headers present in the request which were not signed",
            HeadersNotSigned=", ".join(unsigned or ["host"]),
        )
    canonical = signature.canonical_request(
        request.method, request.raw_path, request.query, request.headers, signed_headers, payload
    )
    key = signature.signing_key(grant.secret_access_key, scope)
    expected = signature.sign(key, signature.string_to_sign(timestamp, scope, canonical))
    if not hmac.compare_digest(expected.encode(), given.encode("utf-8", "surrogateescape")):
        raise S3Error("SignatureDoesNotMatch", AWSAccessKeyId=grant.access_key_id)
    return Identity(grant, scope, timestamp, key, expected, payload)


def _iso(seconds: float) -> str:
    return strftime("%Y-%m-%dT%H:%M:%SZ", gmtime(seconds))
