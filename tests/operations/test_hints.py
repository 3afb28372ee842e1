"""Refusals recorded from the real services: the error and the next step."""

from __future__ import annotations

from typing import Any

import pytest

from provena_sdk import errors
from provena_sdk.operations import catalogue
from provena_sdk.operations.answers import read


@pytest.fixture
def told(exchanges: list[Any], call: Any) -> Any:
    """Reads one recorded refusal as the answer to an operation."""

    def refusal(name: str, operation: Any) -> errors.ServiceError:
        found = next(exchange for exchange in exchanges if exchange.name == name)
        with pytest.raises(errors.ServiceError) as caught:
            read(call(operation), found.status, found.headers, found.body)
        return caught.value

    return refusal


@pytest.mark.parametrize(
    ("name", "operation"),
    [
        ("fetch.seed-item", catalogue.datastore.FETCH_DATASET),
        ("update.seed-item", catalogue.datastore.UPDATE_METADATA),
        ("presigned.seed-item", catalogue.datastore.PRESIGNED_URL),
        ("approval.seed-item", catalogue.datastore.REQUEST_APPROVAL),
        ("version.seed-item", catalogue.datastore.VERSION_DATASET),
    ],
)
def test_a_seed_item(told: Any, name: str, operation: Any) -> None:
    error = told(name, operation)
    assert type(error) is errors.BadRequest
    assert "10378.1/1900016 is a seed item: its registration was never completed." in str(error)
    assert "operator to finish or remove it" in str(error)


def test_an_item_of_a_listing_that_the_service_cannot_read(told: Any) -> None:
    error = told("list.unparsable-item", catalogue.datastore.LIST_DATASETS)
    assert "cannot read one of the items on this page" in str(error)
    assert "operator to repair that item" in str(error)


def test_an_item_that_the_service_cannot_read(told: Any) -> None:
    error = told("fetch.unparsable-item", catalogue.datastore.FETCH_DATASET)
    assert "another kind of item" in str(error)
    assert "operator to repair it" in str(error)


@pytest.mark.parametrize("name", ["version.non-dataset", "version.not-owner"])
def test_a_version_of_what_may_not_be_a_dataset(told: Any, name: str) -> None:
    error = told(name, catalogue.datastore.VERSION_DATASET)
    assert type(error) is errors.DatasetAccessDenied
    assert "on dataset 10378.1/1900016, or it is not a dataset: " in str(error)
