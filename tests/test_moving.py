"""What docs/moving.md shows beside each call of provenaclient works; ``make peer`` makes provenaclient's calls."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from provena_sdk import Deployment, Provena
from provena_sdk.sandbox import Sandbox
from provena_sdk.sandbox.seed import metadata

ROOT = Path(__file__).resolve().parents[1]
CALLS = dict(
    re.findall(
        r"^\| `((?:datastore|search|InteractiveDataset)\.[\w.]+)` \| `(.+)` \|$",
        (ROOT / "docs" / "moving.md").read_text("utf-8"),
        re.MULTILINE,
    )
)
PEER = ROOT / "scripts" / "peer_provenaclient.py"


def strings_of(name: str) -> set[str]:
    """The keys of the dictionary that a function returns, or that a name is bound to, in the peer's script."""
    for node in ast.walk(ast.parse(PEER.read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef) and node.name == name:
            (returned,) = [inner.value for inner in ast.walk(node) if isinstance(inner, ast.Return)]
        elif isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == name:
            returned = node.value
        else:
            continue
        assert isinstance(returned, ast.Dict)
        return {str(key.value) for key in returned.keys if isinstance(key, ast.Constant)}
    raise AssertionError(name)


def test_the_peer_makes_every_call_or_says_why_not() -> None:
    left_out = strings_of("LEFT_OUT")
    made = strings_of("steps") - {"DeviceFlow", "OfflineFlow"}
    named = {call for call in CALLS if not any(Path(call).match(pattern) for pattern in left_out)}
    assert made == named
    for pattern in left_out:
        assert any(Path(call).match(pattern) for call in CALLS)


@pytest.fixture
def names(
    provena_sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterable[dict[str, Any]]:
    """What the lines use."""
    monkeypatch.chdir(tmp_path)
    Path("results").mkdir()
    Path("results", "summary.csv").write_text("a,b\n", "utf-8")
    handle = provena_sandbox.add_dataset("Coral", files={"summary.csv": b"a,b\n"})
    with client(provena_sandbox, "writer") as provena:
        provena.datastore.update_dataset_metadata(handle, "changed", metadata("Corals"))
        yield {
            "provena": provena,
            "handle": handle,
            "metadata": metadata("Coral"),
            "reef": provena.datastore.interactive_dataset(handle),
            "person": "10378.1/1900004",
            "reviewer": "10378.1/1900005",
        }


def client(sandbox: Sandbox, user: str) -> Provena:
    deployment = Deployment.from_env(sandbox.environment())
    return Provena(deployment, access_token=sandbox.access_token(user))


@pytest.mark.parametrize("call", CALLS)
def test_each_line_does_what_the_peers_call_does(
    call: str, names: dict[str, Any], provena_sandbox: Sandbox
) -> None:
    user = "admin" if call.endswith("_dataset_reviewer") else "writer"
    if "approval_request" in call:
        with client(provena_sandbox, "admin") as provena:
            provena.datastore.review.add_dataset_reviewer(names["reviewer"])
    if "action_approval" in call:
        names["provena"].datastore.review.dataset_approval_request(
            dataset_id=names["handle"], approver_id=names["reviewer"], notes="please"
        )
        user = "reviewer"
    with client(provena_sandbox, user) as provena:
        if user == "writer":
            provena = names["provena"]
        result = eval(CALLS[call], names | {"provena": provena})
        assert result is not None or call.endswith("_dataset_reviewer")
        if call.endswith("for_all_datasets"):
            assert list(result)
