"""Records of datasets to cite and to export, without a service."""

from __future__ import annotations

from typing import Any

from provena_api import models

from provena_sdk.export.record import DatasetRecord, describe
from provena_sdk.sandbox.seed import metadata

HANDLE = "10378.1/1900011"
ORGANISATION = "10378.1/1900001"
REGISTERED = 1_714_521_600  # 2024-05-01


def item(
    name: str = "Alpha reef survey", *, versions: dict[str, Any] | None = None, **info: Any
) -> models.ItemDataset:
    """A dataset's item; keywords go into ``dataset_info``, and ``custodian`` into the associations."""
    custodian = info.pop("custodian", None)
    described = metadata(name, **info)
    described["associations"]["data_custodian_id"] = custodian
    return models.ItemDataset.from_dict(
        {
            "id": HANDLE,
            "display_name": name,
            "owner_username": "writer",
            "created_timestamp": REGISTERED,
            "updated_timestamp": REGISTERED + 86_400,
            "item_category": "ENTITY",
            "item_subtype": "DATASET",
            "record_type": "COMPLETE_ITEM",
            "collection_format": described,
            "s3": {"bucket_name": "b", "path": "p/", "s3_uri": "s3://b/p/"},
            "release_history": [],
            "release_status": "NOT_RELEASED",
            "history": [],
            "versioning_info": versions,
        }
    )


def person(first_name: str = "Wren", last_name: str = "Castellanos", **fields: Any) -> models.ItemPerson:
    """A person's item."""
    return models.ItemPerson(
        id="10378.1/1900003",
        display_name=f"{first_name} {last_name}",
        first_name=first_name,
        last_name=last_name,
        email="wren@example.com",
        history=[],
        owner_username="writer",
        created_timestamp=1,
        updated_timestamp=1,
        record_type=models.RecordType.COMPLETE_ITEM,
        **{"orcid": "https://orcid.org/0000-0090-0000-0002", **fields},
    )


def organisation(name: str = "Coral Sea Institute", **fields: Any) -> models.ItemOrganisation:
    """An organisation's item."""
    return models.ItemOrganisation(
        id=ORGANISATION,
        display_name=name,
        name=name,
        history=[],
        owner_username="admin",
        created_timestamp=1,
        updated_timestamp=1,
        record_type=models.RecordType.COMPLETE_ITEM,
        **{"ror": "https://ror.org/0c0ra1s63", **fields},
    )


def record(name: str = "Alpha reef survey", **info: Any) -> DatasetRecord:
    """The record of a dataset that a person registered and an organisation published."""
    return describe(item(name, **info), person(), {ORGANISATION: organisation()})
