"""Registering a dataset from what a scientist knows, with both clients."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from provena_api.models import RegistryFetchResponse

from provena_sdk import DatasetMetadata
from provena_sdk.errors import InvalidArgument, InvalidMetadata, NameNotFound
from provena_sdk.metadata.sources import checked_metadata
from provena_sdk.workflows.editing import drafted
from tests import recordings


def left_to_fill_in(path: Path) -> list[str]:
    _, checked = checked_metadata("metadata", path)
    return [problem.path for problem in checked.problems]


APPROVALS = [
    f"approvals.{name}.relevant"
    for name in ("ethics_registration", "ethics_access", "indigenous_knowledge", "export_controls")
]
INFO = [f"dataset_info.{name}" for name in ("created_date.value", "description", "license", "name")]


@pytest.mark.parametrize("format", ["yaml", "json"])
async def test_a_template_lacks_only_what_the_user_must_say(
    sign_in: Any, sandbox: Any, tmp_path: Path, format: str
) -> None:
    sandbox.add_dataset("Kelp")
    path = tmp_path / f"metadata.{format}"
    async with sign_in("writer") as provena:
        path.write_text(await provena.datastore.template(format))
        assert sorted(left_to_fill_in(path)) == sorted([*APPROVALS, *INFO])
        filled = yaml.safe_load(path.read_text())
        assert filled["associations"] == {
            "data_custodian_id": "10378.1/1900003",
            "organisation_id": "10378.1/1900001",
        }
        filled["approvals"] = {name: {"relevant": False} for name in filled["approvals"]}
        filled["dataset_info"] |= {
            "name": "Coral",
            "description": "Corals.",
            "license": "https://example.org/licence",
        }
        filled["dataset_info"]["created_date"]["value"] = "2024-12-31"
        minted = await provena.datastore.mint_dataset(filled)
        assert (await provena.datastore.fetch_dataset(minted.handle)).item.display_name == "Coral"


async def test_nothing_is_guessed_for_a_user_without_person_and_datasets(
    sign_in: Any, sandbox: Any, tmp_path: Path
) -> None:
    path = tmp_path / "metadata.yaml"
    async with sign_in("unlinked") as provena:
        path.write_text(await provena.datastore.template())
    wanted = [*APPROVALS, *INFO, "associations.organisation_id", "dataset_info.publisher_id"]
    assert sorted(left_to_fill_in(path)) == sorted(wanted)


async def test_the_template_comments_every_field(sign_in: Any) -> None:
    async with sign_in("writer") as provena:
        text: Any = await provena.datastore.template()
        with pytest.raises(InvalidArgument, match="format must be 'yaml' or 'json', not 'xml'"):
            await provena.datastore.template("xml")
    lines = text.splitlines()
    assert yaml.safe_load(text)["dataset_info"]["name"] == ""
    assert repr(text) == f"<TemplateText: {len(lines)} lines>"
    shown: list[str] = []
    text._repr_pretty_(SimpleNamespace(text=shown.append), False)
    assert shown == ["\n".join(lines) + "\n"]
    assert "  # URL of the licence, exactly as registered." in lines
    assert "  #keywords: []" in lines
    assert max(map(len, lines)) <= 125


async def test_optional_blocks_can_be_uncommented(sign_in: Any) -> None:
    async with sign_in("writer") as provena:
        lines = (await provena.datastore.template()).splitlines()
    start, end = lines.index("  #spatial_info:"), lines.index("  #temporal_info:")
    block = [line.replace("#", "", 1) for line in lines[start:end] if "span of time" not in line]
    assert yaml.safe_load("\n".join(block)) == {"spatial_info": None}
    block = [line.replace("#", "", 1) if "coverage:" in line else line for line in block]
    assert yaml.safe_load("\n".join(block))["spatial_info"]["coverage"].startswith("SRID=4326;POLYGON(")


async def test_minting_takes_six_lines(sign_in: Any) -> None:
    async with sign_in("writer") as provena:
        metadata = DatasetMetadata.new(
            name="Reef temperatures 2024", description="Loggers at Lizard Island.", created="2024-12-31",
            organisation="coral sea institute", license="CC-BY-4.0", nothing_sensitive=True,
        )  # fmt: skip
        assert (await provena.datastore.validate_dataset_metadata(metadata)).status.success
        minted = await provena.datastore.mint_dataset(metadata)
        item = (await provena.datastore.fetch_dataset(minted.handle)).item
        assert item.collection_format.associations.organisation_id == "10378.1/1900001"
        metadata.associations.organisation_id = "Coral See Institut"
        with pytest.raises(NameNotFound, match=r"Did you mean Coral Sea Institute \(10378.1/1900001\)\?"):
            await provena.datastore.mint_dataset(metadata)


@pytest.mark.parametrize("format", ["yaml", "json"])
async def test_a_template_like_a_dataset_lacks_only_the_approvals(
    sign_in: Any, sandbox: Any, tmp_path: Path, format: str
) -> None:
    fields = {
        "keywords": ["algae"],
        "description": "Two\n\nparagraphs: of #text",
        "license": "https://e.org/l",
    }
    handle = sandbox.add_dataset("Kelp", **fields)
    path = tmp_path / f"metadata.{format}"
    async with sign_in() as provena:
        path.write_text(await provena.datastore.template(format, like=handle))
        assert sorted(left_to_fill_in(path)) == sorted(APPROVALS)
        info = yaml.safe_load(path.read_text())["dataset_info"]
        assert {name: info[name] for name in fields} == fields
        if format == "yaml":
            assert f"    relevant:  # false in {handle}" in path.read_text().splitlines()
        with pytest.raises(InvalidArgument, match="like"):
            await provena.datastore.template(like="Kelp")


@pytest.mark.parametrize("method", ["mint_dataset", "validate_dataset_metadata"])
async def test_problems_are_reported_before_anything_is_sent(
    recorder: Any, metadata: Any, tmp_path: Path, method: str
) -> None:
    datastore, sent = recorder()
    path = tmp_path / "metadata.json"
    path.write_text(json.dumps(metadata(keyword=["reef"], license="CC-BY"), indent=2))
    with pytest.raises(InvalidMetadata) as caught:
        await getattr(datastore, method)(path)
    assert [(problem.path, problem.line) for problem in caught.value.problems] == [
        ("dataset_info.license", 37),
        ("dataset_info.keyword", 38),
    ]
    assert sent.calls == []


async def test_a_template_that_was_filled_in_is_read_completed_and_minted(
    sign_in: Any, sandbox: Any, tmp_path: Path
) -> None:
    sandbox.add_dataset("Kelp")
    path = tmp_path / "new.yaml"
    async with sign_in("writer") as provena:
        text = (await provena.datastore.template()).replace("relevant:\n", "relevant: false\n")
        for name, value in (
            ("name", "Coral"),
            ("description", "Corals."),
            ("license", "https://example.org/l"),
        ):
            text = text.replace(f'{name}: ""', f"{name}: {value}", 1)
        path.write_text(text.replace("value:  #", "value: 2024-12-31  #", 1))
        metadata = DatasetMetadata.read(path)
        metadata.dataset_info.keywords = ["coral"]
        minted = await provena.datastore.mint_dataset(metadata)
        item = (await provena.datastore.fetch_dataset(minted.handle)).item
        assert item.collection_format.dataset_info.keywords == ["coral"]


def test_fields_that_are_new_to_the_sdk_survive_the_change_of_another() -> None:
    served = recordings.load(recordings.DATA / "wire" / "datastore-fetch.json")[0]["response"]
    served["item"]["collection_format"]["dataset_info"]["depth"] = "10 m"
    base = RegistryFetchResponse.from_dict(served)
    changed = base.item.collection_format.to_dict()
    changed["dataset_info"]["name"] = "Renamed"
    with pytest.raises(StopIteration) as done:
        next(drafted(base, "why", changed))
    assert done.value.value.metadata.to_dict()["dataset_info"]["depth"] == "10 m"
    assert [change.path for change in done.value.value.changes] == ["dataset_info.name"]
