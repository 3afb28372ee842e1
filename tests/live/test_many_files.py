"""Ten thousand files go to each store and back."""

from __future__ import annotations

from pathlib import Path

import pytest

from provena_sdk.sandbox import Sandbox
from provena_sdk.sandbox.data.users import SERVICE_USER
from scripts.live.stores import Store
from tests.live.conftest import MakeRealm, Realm
from tests.live.parts import external, signed_in

pytestmark = [pytest.mark.live, pytest.mark.slow, pytest.mark.timeout(1200)]
FILES = 10_000


@pytest.fixture(scope="module")
def reef(new_realm: MakeRealm) -> Realm:
    return new_realm()


def test_ten_thousand_files(reef: Realm, store: Store, tmp_path: Path) -> None:
    source = tmp_path / "source"
    for number in range(FILES):
        folder = source / f"{number % 100:02}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{number}.csv").write_text(str(number), "utf-8")
    with (
        Sandbox(issuer=reef.issuer, s3=external(store), credentials_seconds=3600) as sandbox,
        signed_in(sandbox) as provena,
    ):
        handle = sandbox.add_dataset("Reef", owner=SERVICE_USER)
        dataset = provena.datastore.interactive_dataset(handle)
        assert len(dataset.upload_all_files(source)) == FILES
        assert len(dataset.list_files()) >= FILES
        assert len(dataset.download_all_files(tmp_path / "back")) >= FILES
        assert (tmp_path / "back" / "99" / "9999.csv").read_text("utf-8") == "9999"
        assert dataset.plan_upload(source).counts().get("new", 0) == 0
        assert sandbox.crashes == []
