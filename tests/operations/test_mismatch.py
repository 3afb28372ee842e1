"""What is said about answers that do not match the interface."""

from __future__ import annotations

from typing import Any

import pytest
from provena_api.models import DatasetListResponse, PersonListResponse, ReleasedStatus
from provena_api.types import read_date

from provena_sdk.operations.mismatch import described, items_in, mismatch_of, rest_of

PERSON = {
    "id": "10378.1/1900003",
    "display_name": "Ada",
    "first_name": "Ada",
    "last_name": "Diver",
    "email": "ada@example.com",
    "owner_username": "ada",
    "created_timestamp": 1,
    "updated_timestamp": 1,
    "item_category": "AGENT",
    "item_subtype": "PERSON",
    "record_type": "COMPLETE_ITEM",
    "history": [],
}
PAGE: dict[str, Any] = {
    "status": {"success": True, "details": ""},
    "items": [PERSON],
    "seed_items": [],
    "unparsable_items": [],
}


def page(*items: object, **changes: object) -> dict[str, Any]:
    return {**PAGE, "items": list(items), **changes}


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        ({**PERSON, "email": 7}, "ItemPerson.email: expected a string, got a number"),
        ({key: value for key, value in PERSON.items() if key != "email"}, "email is missing"),
        ({**PERSON, "record_type": None}, "RecordType: expected a string, got null"),
        (None, "ItemPerson: expected an object, got null"),
    ],
)
def test_the_rest_of_a_page_is_read(broken: object, reason: str) -> None:
    parse = PersonListResponse.from_dict
    answer = page(PERSON, broken, PERSON)
    assert mismatch_of(parse, answer) == reason
    assert items_in(parse, answer).endswith(f": {reason}")
    if isinstance(broken, dict):
        found = rest_of(parse, answer)
        assert found is not None
        assert [person.email for person in found.items] == ["ada@example.com"] * 2
        assert found.unparsable_items == [broken]


def test_an_answer_that_is_wrong_elsewhere_is_not_read() -> None:
    broken = {**PERSON, "email": 7}
    parse = PersonListResponse.from_dict
    for answer in (
        page(PERSON, broken, status=None),
        page(PERSON, broken, unparsable_items=None),
        page(PERSON, broken, pagination_key=7),
        page(broken, broken),
        {"items": 7},
        [PERSON],
        None,
    ):
        assert rest_of(parse, answer) is None
    assert items_in(parse, page(PERSON, broken, status=None)) == ""


def test_a_single_item_may_be_the_broken_one() -> None:
    found = rest_of(PersonListResponse.from_dict, page({**PERSON, "email": 7}))
    assert found is not None
    assert found.items == []


def test_values_are_not_quoted() -> None:
    secret = "s3cr3t"
    errors: list[Exception] = [TypeError(secret), ValueError(secret), AttributeError(secret)]
    for parse in (lambda: read_date(secret, "x"), lambda: DatasetListResponse.from_dict(secret)):  # type: ignore[arg-type]
        with pytest.raises((TypeError, ValueError)) as caught:
            parse()
        errors.append(caught.value)
    with pytest.raises(ValueError, match="ReleasedStatus: expected a string, got a list") as refused:
        ReleasedStatus([secret])  # type: ignore[arg-type]
    errors.append(refused.value)
    assert not any(secret in described(error) for error in errors)
