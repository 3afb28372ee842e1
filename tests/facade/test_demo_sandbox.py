"""The datasets of the sandbox's demo: they have what the documents' examples use."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from provena_sdk import DatasetAccessDenied, Deployment, Provena
from provena_sdk.sandbox import Sandbox, Seed
from provena_sdk.sandbox.demo import REEF


@pytest.fixture(scope="module")
def demo() -> Iterator[Sandbox]:
    with Sandbox(seed=Seed(demo=True)) as running:
        yield running
        assert running.crashes == []


@pytest.fixture
def provena(demo: Sandbox) -> Iterator[Provena]:
    with Provena(Deployment.from_env(demo.environment()), access_token=demo.access_token("writer")) as made:
        yield made


def test_every_dataset_has_files_a_place_and_a_time(demo: Sandbox, provena: Provena) -> None:
    datasets = list(provena.datastore.for_all_datasets())
    assert len(datasets) == 8
    assert {dataset.id for dataset in datasets} > {REEF, "10378.1/1900011", "10378.1/1900012"}
    for found in datasets:
        dataset = provena.datastore.interactive_dataset(found.id)
        assert dataset.extent is not None, found.display_name
        assert dataset.period is not None, found.display_name
        assert [file.path for file in dataset.list_files() if file.path != "metadata.json"]


def test_the_first_dataset_is_the_one_that_the_documents_speak_of(provena: Provena) -> None:
    reef = provena.datastore.interactive_dataset(REEF)
    assert {"obs/2024.csv", "sites.parquet", "grid/sst.nc"} < {file.path for file in reef.list_files()}
    with reef.open("obs/2024.csv", "r") as file:
        assert file.readline() == "day,site,temperature,bleached\n"
        assert sum(1 for _ in file) == 366 * 3
    found = provena.datastore.search_datasets("coral bleaching", bbox=(140, -30, 160, -5))
    assert REEF in [item.id for item in found.items]
    assert len(reef.history) == 2


def test_there_are_versions_a_review_a_release_and_lineage(demo: Sandbox, provena: Provena) -> None:
    by_name = {dataset.display_name: dataset for dataset in provena.datastore.for_all_datasets()}
    grass = provena.datastore.interactive_dataset(by_name["Seagrass cover of Moreton Bay"].id)
    assert [version.number for version in grass.versions] == [1, 2]
    assert by_name["Fish counts at Ningaloo Reef"].release_status == "RELEASED"
    heat = provena.datastore.interactive_dataset(by_name["Heat stress of the Great Barrier Reef 2024"].id)
    demo.advance(1)
    assert REEF in heat.upstream()
    with Provena(provena.deployment, access_token=demo.access_token("reviewer")) as reviewer:
        [waiting] = reviewer.reviews.inbox()
    assert waiting.dataset_id == by_name["Water temperature in the Torres Strait"].id


def test_one_dataset_is_private(demo: Sandbox, provena: Provena) -> None:
    with Provena(provena.deployment, access_token=demo.access_token("regadmin")) as owner:
        nests = next(
            found.id
            for found in owner.datastore.for_all_datasets()
            if found.display_name == "Turtle nests of Raine Island"
        )
    with pytest.raises(DatasetAccessDenied):
        provena.datastore.fetch_dataset(nests)


def test_a_reset_returns_the_same_datasets(demo: Sandbox, provena: Provena) -> None:
    before = sorted(dataset.id for dataset in provena.datastore.for_all_datasets())
    demo.storage.put(REEF, "mine.csv", b"1")
    demo.reset()
    with Provena(provena.deployment, access_token=demo.access_token("writer")) as anew:
        assert sorted(dataset.id for dataset in anew.datastore.for_all_datasets()) == before
    assert "mine.csv" not in demo.storage.files(REEF)
