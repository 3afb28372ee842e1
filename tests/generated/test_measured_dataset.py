"""What the benchmark of the models measures is a dataset as the service sends it."""

from __future__ import annotations

from provena_api import models

from scripts.bench.models import dataset, without_nulls


def test_the_measured_dataset_is_a_real_one() -> None:
    payload = dataset()
    assert without_nulls(models.ItemDataset.from_dict(payload).to_dict()) == without_nulls(payload)
