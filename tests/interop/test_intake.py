"""A catalogue of intake that lies in a dataset and names files of it."""

from __future__ import annotations

from collections.abc import Callable

import intake
import pytest
from intake.readers.datatypes import CSV

pytestmark = pytest.mark.interop


def test_a_catalogue(url: str, stored: Callable[[], dict[str, bytes]]) -> None:
    catalogue = intake.Catalog()
    catalogue["observed"] = CSV(f"{url}/obs/2023.csv").to_reader("pandas")
    catalogue.to_yaml_file(f"{url}/catalogue.yaml")
    assert f"{url}/obs/2023.csv".encode() in stored()["catalogue.yaml"]
    found = intake.from_yaml_file(f"{url}/catalogue.yaml")
    assert found["observed"].read().temperature.tolist() == [25.5, 26.0]
