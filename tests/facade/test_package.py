"""What the package offers at its top, and what importing it costs."""

from __future__ import annotations

import subprocess
import sys

import provena_api.models
import pytest

import provena_sdk
from provena_sdk import errors

HEAVY = ["httpx", "s3fs", "aiobotocore", "requests", "click", "rich", "fsspec", "attrs", "attr", "asyncio"]


def test_importing_loads_nothing_heavy() -> None:
    code = f"import provena_sdk, sys; print([name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_services_are_loaded_when_they_are_used() -> None:
    code = """if True:
        import sys
        from provena_sdk import AsyncProvena, Provena
        from provena_sdk.operations import catalogue

        def loaded(service):
            names = (f"provena_api.api.{service}", f"provena_sdk.operations.catalogue.{service}")
            return [name for name in names if name in sys.modules]

        services = ("datastore", "search", "registry", "auth", "job", "prov")
        print([loaded(service) for service in services])
        catalogue.job.GET_JOB
        print([len(loaded(service)) for service in services])
    """
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [str([[]] * 6), "[0, 0, 0, 0, 2, 0]"]


@pytest.mark.parametrize("name", [name for name in dir(provena_sdk) if not name.startswith("__")])
def test_every_name_can_be_imported(name: str) -> None:
    value = getattr(provena_sdk, name)
    assert getattr(value, "__name__", name) in (name, "ItemRevertRequest", "StatusResponse")


def test_all_errors_and_models_are_there() -> None:
    assert set(errors.__all__) <= set(dir(provena_sdk))
    assert set(provena_api.models.__all__) <= set(dir(provena_sdk))
    assert {"Provena", "AsyncProvena", "Datastore", "AsyncDatastore", "Results"} <= set(dir(provena_sdk))
    assert set(errors.__all__).isdisjoint(provena_api.models.__all__)
    assert provena_sdk.DatasetNotFound is errors.DatasetNotFound
    assert provena_sdk.CollectionFormat is provena_api.models.CollectionFormat


def test_names_are_listed_in_order_and_once() -> None:
    names = dir(provena_sdk)
    assert names == sorted(set(names))


def test_a_star_takes_what_is_public_and_nothing_else() -> None:
    taken: dict[str, object] = {}
    exec("from provena_sdk import *", taken)
    taken.pop("__builtins__")
    assert sorted(taken) == [name for name in dir(provena_sdk) if not name.startswith("_")]
    assert "TYPE_CHECKING" not in taken


@pytest.mark.parametrize("name", ["Nothing", "nothing", "_private", "__wrapped__", "httpx", "to_dict"])
def test_other_names_are_refused(name: str) -> None:
    with pytest.raises(AttributeError, match=f"has no attribute '{name}'"):
        getattr(provena_sdk, name)


def test_the_version_is_that_of_the_package() -> None:
    from importlib.metadata import version

    assert provena_sdk.__version__ == version("provena-sdk")
