"""Memory stays bounded whatever the size of a file."""

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from provena_sdk.datasets.location import DatasetLocation
from provena_sdk.sandbox.object_store import Server

PROGRAM = """
    import sys
    from datetime import datetime, timezone
    from provena_sdk.s3.credentials import Credentials
    from provena_sdk.datasets.credentials import CredentialsSource
    from tests.dataset import Dataset
    from provena_sdk.s3.models import StoreAddress
    from provena_sdk.datasets.location import DatasetLocation

    url, bucket, prefix, folder, *keys = sys.argv[1:]
    granted = Credentials(*keys, datetime(2100, 1, 1, tzinfo=timezone.utc))
    files = Dataset(DatasetLocation("x", bucket, prefix), CredentialsSource(lambda *_: granted), StoreAddress(url))
    files.upload_all(folder)
    files.download_all(folder + "-copy")
    # The usage that the system tells begins with what the parent had when it started this process.
    with open("/proc/self/status") as status:
        [peak] = [line.split()[1] for line in status if line.startswith("VmHWM:")]
    print(int(peak) // 1024)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="memory is told in other units elsewhere")
def test_a_large_file_goes_both_ways_in_less_than_300_mb(
    server: Server, location: DatasetLocation, tmp_path: Path
) -> None:
    folder = tmp_path / "large"
    folder.mkdir()
    with (folder / "large.nc").open("wb") as file:
        for number in range(700):
            file.write(bytes([number % 256]) * 1_000_000)
    keys = server.grants.issue(location.bucket, location.prefix, write=True, lifetime_seconds=3600)
    arguments = [server.url, location.bucket, location.prefix, str(folder)]
    secrets = [keys.access_key_id, keys.secret_access_key, keys.session_token]
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(PROGRAM), *arguments, *secrets], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "large-copy" / "large.nc").stat().st_size == 700_000_000
    assert int(done.stdout) < 300
