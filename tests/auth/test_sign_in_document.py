"""The table of errors in docs/sign-in.md: every error of the standards, and the very words a user reads."""

from __future__ import annotations

import doctest
import re
from pathlib import Path
from typing import Any

from provena_sdk import Deployment, Provena
from provena_sdk.auth import DeviceFlow, OfflineToken, Secret, SessionKey, SignInServer, device, token_source
from provena_sdk.auth import errors as refusal
from provena_sdk.auth.errors import Refusal, explain, passing, unreadable
from provena_sdk.errors import ProvenaError
from provena_sdk.sandbox import Sandbox

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "sign-in.md"
PLACE = Deployment("example.org")

# Each standard's own list, from its text.
STANDARDS = {
    "RFC 6749, 4.1.2.1": (
        "invalid_request",
        "unauthorized_client",
        "access_denied",
        "unsupported_response_type",
        "invalid_scope",
        "server_error",
        "temporarily_unavailable",
    ),
    "RFC 6749, 5.2": (
        "invalid_request",
        "invalid_client",
        "invalid_grant",
        "unauthorized_client",
        "unsupported_grant_type",
        "invalid_scope",
    ),
    "RFC 8628, 3.5": ("authorization_pending", "slow_down", "access_denied", "expired_token"),
    "RFC 7009, 2.2.1": ("unsupported_token_type",),
}
STATUSES = ((302, False), (404, False), (429, False), (500, False), (503, True), (200, True))


def section(heading: str) -> str:
    return DOCUMENT.read_text("utf-8").partition(f"## {heading}\n")[2].partition("\n## ")[0]


def rows(heading: str) -> list[list[str]]:
    lines = [line for line in section(heading).splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def row(name: str, where: str, error: ProvenaError) -> list[str]:
    return [f"`{name}`" if name.isidentifier() else name, where, f"`{type(error).__name__}`", str(error)]


def expected() -> list[list[str]]:
    table = []
    for code in sorted({code for codes in STANDARDS.values() for code in codes}):
        where = "; ".join(standard for standard, codes in STANDARDS.items() if code in codes)
        answer = Refusal(code)
        if code in ("authorization_pending", "slow_down"):
            table.append(
                [f"`{code}`", where, "none", "Nothing: the wait goes on, at the pace the server asks for."]
            )
        elif code == "invalid_grant":
            table += [row(code, f"{where}{use}", error) for use, error in ended(answer).items()]
        else:
            table.append(
                row(code, where, passing(answer, operation="x") or explain(answer, client_id="client-tools"))
            )
        if code == "unauthorized_client":
            wrong = explain(Refusal(code, status=401), client_id="client-tools")
            where = "Keycloak, with status 401 (an unknown client, or a wrong secret)"
            table.append(row(code, where, wrong))
    return table


def ended(answer: Refusal) -> dict[str, ProvenaError]:
    server = SignInServer(PLACE.issuer)
    person = DeviceFlow(server, SessionKey.of(PLACE, "client-tools"), deployment=PLACE.domain)
    program = OfflineToken(
        server, SessionKey.of(PLACE, "automated-access"), Secret("x", name="offline_token")
    )
    return {
        " (a session)": person.ended(answer),
        " (an offline token)": program.ended(answer),
        " (while waiting)": device._forgotten(answer),
    }


def test_every_error_and_what_the_user_reads() -> None:
    table = expected()
    assert rows("Errors defined by the standards") == table, "\n".join(
        f"| {' | '.join(cells)} |" for cells in table
    )


def test_the_standards_are_covered_whole() -> None:
    listed = {code for codes in STANDARDS.values() for code in codes}
    assert listed == {*refusal._TABLE, *refusal._PASSING}


def test_answers_that_are_no_errors_of_the_standards() -> None:
    table = []
    for status, html in STATUSES:
        error = unreadable(status, operation="x", html=html)
        table.append([f"{status}{', a web page' if html else ''}", f"`{type(error).__name__}`", str(error)])
    assert rows("Other answers") == table, "\n".join(f"| {' | '.join(cells)} |" for cells in table)


class Writer:
    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    def show(self, prompt: Any) -> None:
        self._sandbox.approve(prompt.user_code, "writer")

    def waiting(self, seconds_left: float) -> None:
        pass

    def finished(self, username: str | None, *, signed_in: bool) -> None:
        pass

    def confirm(self, question: str) -> bool | None:
        return None

    def say(self, text: str) -> None:
        pass


def test_what_needs_a_person_is_true(provena_sandbox: Sandbox) -> None:
    """Blocks of an interactive session: in them somebody sits before the screen."""
    provena_sandbox.clock.freeze()
    deployment = Deployment.from_env(provena_sandbox.environment())
    tokens = token_source(
        deployment,
        interactive=True,
        present=Writer(provena_sandbox),
        clock=provena_sandbox.clock.now,
        sleep=provena_sandbox.advance,
    )
    blocks = re.findall(r"```pycon\n(.*?)```", DOCUMENT.read_text("utf-8"), re.DOTALL)
    assert blocks
    with Provena(deployment, tokens=tokens) as provena:
        for block in blocks:
            test = doctest.DocTestParser().get_doctest(block, {"provena": provena}, "sign-in.md", None, 0)
            runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
            said: list[str] = []
            runner.run(test, out=said.append)
            assert runner.failures == 0, "".join(said)
