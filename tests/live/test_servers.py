"""Each server starts, answers, and ends with its owner; stores restart with their data and serve https."""

from __future__ import annotations

import signal
import ssl
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from scripts.live import process
from scripts.live.process import Certificate
from scripts.live.programs import PROGRAMS
from scripts.live.stores import STORES, Store
from tests.live.conftest import needed
from tests.live.test_guard import ROOT, wait_for_end

pytestmark = [pytest.mark.live, pytest.mark.timeout(300)]

OWNING = """
import sys, time
from scripts.live.keycloak import Keycloak
from scripts.live.stores import STORES
server = {"keycloak": Keycloak, **STORES}[sys.argv[1]]()
server.start()
print(server.pid, server._guard.pid, server.folder, flush=True)
time.sleep(600)
"""


@pytest.mark.parametrize("name", PROGRAMS)
def test_it_ends_when_its_owner_is_killed(name: str) -> None:
    needed(name)
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNING, name], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert owner.stdout is not None
    with owner.stdout:
        pid, guard, folder = owner.stdout.readline().split()
    owner.send_signal(signal.SIGKILL)
    owner.wait()
    wait_for_end(int(pid))
    wait_for_end(int(guard))
    assert not Path(folder).exists()


# Keycloak's restarts are tested in test_restarts.py, its https in test_private_authority.py.
@pytest.mark.parametrize("name", STORES)
def test_a_store_goes_on_with_its_url(name: str, new_store: Callable[[str], Store]) -> None:
    with new_store(name) as server:
        url, pid = server.url, server.pid
        server.halt()
        wait_for_end(pid)
        server.start()
        assert server.url == url
        assert process.is_running(server.folder)


@pytest.mark.parametrize("name", STORES)
def test_a_store_serves_https(
    name: str, new_store: Callable[[str, Certificate], Store], certificate: Certificate
) -> None:
    trusted = ssl.create_default_context(cafile=certificate.authority)
    with new_store(name, certificate) as server:
        assert httpx.get(server.url, verify=trusted, trust_env=False).status_code < 500
        with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
            httpx.get(server.url, trust_env=False)
