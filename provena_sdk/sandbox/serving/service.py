"""What the services share: checking callers and requests, and refusals."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from provena_sdk.sandbox.data.clock import Clock
from provena_sdk.sandbox.data.faults import Faults
from provena_sdk.sandbox.data.registry import State, has_roles
from provena_sdk.sandbox.data.storage import Storage
from provena_sdk.sandbox.data.users import Identity
from provena_sdk.sandbox.external.parts import Unreachable
from provena_sdk.sandbox.http.openapi import ServiceName, interface
from provena_sdk.sandbox.http.routing import Router
from provena_sdk.sandbox.http.server import Request, Response, json_response, text_response
from provena_sdk.sandbox.http.validation import Check, Checker, Problem, missing, parse_query, problem
from provena_sdk.sandbox.metadata.rules import checker
from provena_sdk.sandbox.signin.tokens import NoUsername, TokenRefused
from provena_sdk.sandbox.work.workers import Work

BEARER: Final = {"www-authenticate": "Bearer"}
WRONG_ROLE: Final = "You are not authorised to access this resource as you don't have the correct role."
_NO_BODY: Final = object()


class Tokens(Protocol):
    """Identifies callers for the services."""

    def identify(self, token: str) -> Identity:
        """Return the identity of an access token's holder."""
        ...


@dataclass(slots=True)
class Deployment:
    """The parts of a sandbox that the services use."""

    clock: Clock
    state: State
    tokens: Tokens
    storage: Storage
    faults: Faults
    work: Work


class Refused(Exception):
    """The service refuses a request; with ``detail`` None the answer is the bare 500 of an unhandled exception."""

    def __init__(self, status: int, detail: str | None, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = headers or {}

    def response(self) -> Response:
        """Return the answer for this refusal."""
        if self.detail is None:
            return text_response("Internal Server Error", 500)
        return json_response({"detail": self.detail}, self.status, self.headers)


@dataclass(slots=True)
class Call:
    """A request that has passed the checks of its route."""

    identity: Identity
    body: Any = None
    query: dict[str, Any] = field(default_factory=dict)


Operation = Callable[[Call], Response]


class Service:
    """One service: its routes and their checks.

    Args:
        name: The service's name.
        deployment: The rest of the sandbox.
        check_roles: For each level of access, the roles that it requires.
        check: Returns the checker of requests for the interface's schemas.
    """

    def __init__(
        self,
        name: ServiceName,
        deployment: Deployment,
        check_roles: Mapping[str, tuple[str, ...]],
        *,
        check: Callable[[Mapping[str, Mapping[str, Any]]], Checker] = checker,
    ) -> None:
        self.name = name
        self.deployment = deployment
        self.router = Router()
        document = interface(name)
        self.checker = check(document["components"]["schemas"])
        served = json_response(document)
        health = json_response({"message": "Health check successful."})
        self.router.add("GET", "/openapi.json", lambda _: Response(body=served.body))
        self.router.add("GET", "/", lambda _: Response(body=health.body))
        for level, roles in check_roles.items():
            self.route("GET", f"/check-access/check-{level}-access", show_caller, roles)

    def route(
        self,
        method: str,
        path: str,
        operation: Operation,
        roles: Iterable[str],
        *,
        body: str | None = None,
        query: Mapping[str, tuple[Check, bool]] | None = None,
    ) -> None:
        """Add a protected route.

        Args:
            method: The method in capitals.
            path: The path.
            operation: Answers the request; called with the state's lock held.
            roles: The roles that it requires.
            body: The schema of its JSON body, if it has one.
            query: Its query parameters: the checker, and whether the parameter is required.
        """
        wanted = tuple(roles)
        lock, work = self.deployment.state.lock, self.deployment.work

        def answer(request: Request) -> Response:
            problems: list[Problem] = []
            try:
                # Malformed JSON is reported before a bad token.
                given = _NO_BODY if body is None else _read_body(request)
                identity = self._identify(request, wanted)
                call = Call(identity)
                if query is not None:
                    call.query = parse_query(query, request.query, problems)
                if body is not None:
                    call.body = self._checked(body, given, problems)
                if problems:
                    return json_response({"detail": problems}, 422)
                with lock:
                    work.catch_up()
                    return operation(call)
            except _Unprocessable as unprocessable:
                return json_response({"detail": [unprocessable.problem]}, 422)
            except Refused as refused:
                return refused.response()
            except Unreachable as error:
                return json_response({"detail": str(error)}, 500)

        self.router.add(method, path, answer)

    def _identify(self, request: Request, roles: tuple[str, ...]) -> Identity:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            raise Refused(401, "Not authenticated", BEARER)
        try:
            identity = self.deployment.tokens.identify(token.strip())
        except TokenRefused as refused:
            raise Refused(401, refused.detail, BEARER) from None
        except NoUsername:
            raise Refused(500, None) from None
        if not has_roles(identity, roles):
            raise Refused(401, WRONG_ROLE, BEARER)
        return identity

    def _checked(self, schema: str, given: Any, problems: list[Problem]) -> Any:
        if given is _NO_BODY or given is None:
            problems.append(missing(("body",)))
            return None
        kept, found = self.checker.check(schema, given, ("body",))
        problems += found
        return kept


def show_caller(call: Call) -> Response:
    """Answer with the caller, including their token."""
    identity = call.identity
    return json_response(
        {
            "username": identity.username,
            "email": identity.email,
            "roles": list(identity.roles),
            "access_token": identity.token,
        }
    )


class _Unprocessable(Exception):
    def __init__(self, found: Problem) -> None:
        super().__init__(found["msg"])
        self.problem = found


def _read_body(request: Request) -> Any:
    if not request.body:
        return _NO_BODY
    kind = request.headers.get("content-type")
    if kind is not None:
        main, _, subtype = kind.partition(";")[0].strip().lower().partition("/")
        if main != "application" or not (subtype == "json" or subtype.endswith("+json")):
            return request.body
    try:
        return json.loads(request.body)
    except json.JSONDecodeError as error:
        context = {
            "msg": error.msg,
            "doc": error.doc,
            "pos": error.pos,
            "lineno": error.lineno,
            "colno": error.colno,
        }
        raise _Unprocessable(
            problem(("body", error.pos), str(error), "value_error.jsondecode", **context)
        ) from None
    except UnicodeDecodeError:
        raise Refused(400, "There was an error parsing the body") from None
