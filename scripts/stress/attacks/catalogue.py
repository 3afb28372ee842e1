"""Every case, by its title."""

from __future__ import annotations

from itertools import chain
from typing import Final

from scripts.stress.attacks import (
    detail_cases,
    http_cases,
    json_cases,
    listing_cases,
    object_cases,
    redirect_cases,
    service_cases,
    signin_cases,
    xml_cases,
)
from scripts.stress.attacks.actions import ALL
from scripts.stress.attacks.case import Case, Ports
from scripts.stress.attacks.peer import ROLES

_NOWHERE: Final = dict.fromkeys(ROLES, 9)


def cases(ports: Ports = _NOWHERE) -> dict[str, Case]:
    """Return every case; ``ports`` are those of the attackers' servers."""
    honest = [Case("honest", "nobody attacks", act, (), right=act.right) for act in ALL]
    found = list(
        chain(
            honest,
            http_cases.cases(),
            redirect_cases.cases(ports),
            json_cases.cases(),
            signin_cases.cases(),
            detail_cases.cases(),
            service_cases.cases(),
            xml_cases.cases(),
            listing_cases.cases(),
            object_cases.cases(),
        )
    )
    titles = {one.title: one for one in found}
    if len(titles) != len(found):
        twice = {one.title for one in found if titles[one.title] is not one}
        raise RuntimeError(f"two cases have one title: {sorted(twice)}")
    return titles
