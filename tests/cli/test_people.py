"""The commands for persons, organisations and the link of an account."""

from __future__ import annotations

import pytest

from provena_sdk.sandbox import Sandbox
from tests.cli.conftest import Run

WREN, INSTITUTE = "10378.1/1900003", "10378.1/1900001"
ADA = ("--first-name", "Ada", "--last-name", "Diver", "--ethics-approved")


def sent(sandbox: Sandbox, method: str) -> int:
    return sum(exchange.method == method and "/fetch" not in exchange.path for exchange in sandbox.requests)


def test_persons_are_found(run: Run) -> None:
    assert run("people", "find", "castellanos, wren", "--quiet").lines == [WREN]
    assert WREN in run("people", "list", "--quiet").lines
    assert len(run("people", "list", "-n", "2", "--json").json) == 2
    assert run("people", "show", "writer@example.com", "--json").json["handle"] == WREN
    nobody = run("people", "find", "nobody", "--json")
    assert (nobody.code, nobody.error["message"]) == (5, "No person matches 'nobody'.")
    assert run("people", "show", "castellanos").code == 5


def test_a_person_is_registered_and_changed(run: Run, provena_sandbox: Sandbox) -> None:
    address = ("--email", "ada@example.com")
    shown = run("people", "create", *ADA, *address, "--dry-run")
    assert (shown.stdout, shown.stderr) == ("", "Would register Ada Diver, ada@example.com.\n")
    assert sent(provena_sandbox, "POST") == 0
    made = run("people", "create", *ADA, *address).stdout.strip()
    assert run("people", "update", made, "-m", "typo", "--last-name", "Driver", "--dry-run").code == 0
    assert run("people", "update", made, "-m", "typo", "--last-name", "Driver").code == 0
    assert run("people", "show", made, "--json").json["last_name"] == "Driver"
    assert "Nothing to change" in run("people", "update", made, "-m", "typo").stderr
    refused = run("people", "create", *ADA[:-1], *address)
    assert (refused.code, "--ethics-approved states that the person consents" in refused.stderr) == (2, True)


def test_organisations(run: Run) -> None:
    assert run("orgs", "find", "coral", "--quiet").lines == [INSTITUTE]
    assert run("orgs", "show", "0c0ra1s63", "--json").json["name"] == "Coral Sea Institute"
    assert INSTITUTE in run("orgs", "list", "--quiet").lines
    assert run("orgs", "create", "Kelp Lab", "--dry-run").stdout == ""
    made = run("orgs", "create", "Kelp Lab", "--ror", "03qn8fb07").stdout.strip()
    assert run("orgs", "update", "Kelp Lab", "-m", "longer", "--display-name", "Kelp Laboratory").code == 0
    assert run("orgs", "show", made, "--json").json["name"] == "Kelp Laboratory"
    assert run("orgs", "update", made, "-m", "longer").code == 2


def test_the_link_of_an_account(run: Run) -> None:
    assert run("link", "--json").json["handle"] == WREN
    missing = run("link", user="unlinked")
    assert (missing.code, "provena link --first-name" in missing.stderr) == (5, True)
    assert "Would link your account to Ada Diver." in run("link", *ADA, "--dry-run", user="unlinked").stderr
    unasked = run("link", *ADA, user="unlinked")
    assert (unasked.code, "--yes" in unasked.stderr) == (2, True)
    linked = run("link", *ADA, "--yes", "--json", user="unlinked").json
    assert linked["name"] == "Ada Diver"
    assert run("link", linked["handle"], "--yes", "--quiet", user="unlinked").lines == [linked["handle"]]


@pytest.mark.parametrize(
    "arguments",
    [
        ("Ada Diver", *ADA),
        ("--first-name", "Ada", "--ethics-approved"),
        ("--last-name", "Diver", "--ethics-approved"),
        ADA[:-1],
    ],
)
def test_a_link_that_is_refused(run: Run, provena_sandbox: Sandbox, arguments: tuple[str, ...]) -> None:
    assert run("link", *arguments, "--yes", user="unlinked").code == 2
    assert sent(provena_sandbox, "POST") == 0
