"""Control a sandbox that runs in another process, through routes below ``/sandbox`` on the sign-in server.

``GET /sandbox/requests`` lists the requests; ``POST`` and ``DELETE /sandbox/faults`` add and clear faults;
``POST /sandbox/outages`` takes backends down; ``GET /sandbox/codes`` lists waiting devices and
``POST /sandbox/approve`` decides on one; ``POST /sandbox/failing-jobs`` lets jobs fail; ``POST /sandbox/advance`` moves
the clock. They answer only programs and
pages on this machine.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, NamedTuple

from provena_sdk.sandbox.data.clock import Clock
from provena_sdk.sandbox.data.faults import Faults, JobFault, faults_of
from provena_sdk.sandbox.http.routing import Endpoint, Router, here_only
from provena_sdk.sandbox.http.server import Request, Response, json_response
from provena_sdk.sandbox.signin.realm import SignIn


class Exchange(NamedTuple):
    """One request and its outcome; ``status`` is 0 if the connection was broken instead of answered."""

    service: str
    method: str
    path: str
    status: int


def add_control(
    router: Router, *, faults: Faults, signin: SignIn, clock: Clock, requests: list[Exchange]
) -> None:
    """Add the routes below ``/sandbox``."""

    def add_faults(data: Any) -> object:
        added = [faults.add(fault) for fault in faults_of(data)]
        return {"added": len(added)}

    def clear_faults(_: Any) -> object:
        faults.clear()
        return {"faults": 0}

    def outages(data: Any) -> object:
        faults.outage(*data)
        return sorted(faults.outages)

    def fail_jobs(data: Any) -> object:
        faults.fail_jobs(JobFault(**(data or {})))
        return {"added": 1}

    def decide(data: Any) -> object:
        if data.get("deny"):
            signin.deny(data["user_code"])
        else:
            signin.approve(data["user_code"], data.get("user", "writer"))
        return {"user_code": data["user_code"]}

    def advance(data: Any) -> object:
        clock.advance(data["seconds"])
        return {"now": clock.now()}

    router.add("GET", "/sandbox/requests", _answered(lambda _: [entry._asdict() for entry in requests]))
    router.add("GET", "/sandbox/codes", _answered(lambda _: signin.sessions.pending(clock.now())))
    router.add("POST", "/sandbox/faults", _answered(add_faults))
    router.add("DELETE", "/sandbox/faults", _answered(clear_faults))
    router.add("POST", "/sandbox/outages", _answered(outages))
    router.add("POST", "/sandbox/failing-jobs", _answered(fail_jobs))
    router.add("POST", "/sandbox/approve", _answered(decide))
    router.add("POST", "/sandbox/advance", _answered(advance))


def _answered(act: Callable[[Any], object]) -> Endpoint:
    def answer(request: Request) -> Response:
        try:
            return json_response(act(json.loads(request.body) if request.body else None))
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            return json_response({"detail": str(error)}, 400)

    return here_only(answer)
