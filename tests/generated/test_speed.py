"""Reading and writing stays well below what the generator's own output takes."""

from __future__ import annotations

from typing import Any

import pytest
from provena_api import models

from scripts.bench.models import dataset, figures, without_nulls


def test_the_measured_dataset_is_a_real_one() -> None:
    payload = dataset()
    assert without_nulls(models.ItemDataset.from_dict(payload).to_dict()) == without_nulls(payload)


@pytest.mark.slow
def test_models_take_about_half_of_what_stock_output_takes(stock: Any) -> None:
    times = figures(without_nulls(dataset()), "ItemDataset", stock.models, seconds=0.3)
    assert times["ours: from_dict"] < 0.52 * times["stock: from_dict"]
    assert times["ours: to_dict"] < 0.52 * times["stock: to_dict"]
