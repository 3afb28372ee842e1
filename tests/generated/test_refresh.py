"""Fetching the interfaces anew, and saying what changed."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from provena_sdk.sandbox import Sandbox
from scripts import refresh
from scripts.generate import ROOT, differences, served
from scripts.generate_document import SERVICES, DocumentError, Json, as_text
from scripts.generate_view import GenerationError
from scripts.interface_diff import compare, main


@pytest.fixture
def deployment() -> Iterator[tuple[dict[str, Any], dict[str, str]]]:
    """Two services that serve what is put into a dictionary, and their base URLs."""
    documents: dict[str, Any] = dict(served())

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            service = self.path.split("/")[1]
            document = documents.get(service) if self.path.endswith("/openapi.json") else None
            body = document if isinstance(document, bytes) else json.dumps(document).encode()
            self.send_response(404 if document is None else 200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield documents, {name: f"http://127.0.0.1:{server.server_port}/{name}" for name in documents}
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for folder in ("openapi", "generated/provena_api"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


@pytest.mark.slow
def test_an_unchanged_deployment_changes_nothing(deployment: Any, root: Path) -> None:
    _, urls = deployment
    assert refresh.refresh(urls, root) == [
        *(f"{service}: no change" for service in SERVICES),
        "generated/provena_api: 0 files changed",
    ]
    assert differences(ROOT / "openapi", root / "openapi") == []


@pytest.mark.slow
def test_a_changed_deployment_is_stored_and_generated(deployment: Any, root: Path, capsys: Any) -> None:
    documents, urls = deployment
    schemas = documents["search"]["components"]["schemas"]
    schemas["QueryResult"]["properties"]["rank"] = {"title": "Rank", "type": "integer"}
    schemas["QueryResults"]["description"] = "Prose is not stored."
    for service in ("datastore", "registry"):
        documents[service]["components"]["schemas"]["SortType"]["enum"].append("POPULARITY")
    documents["registry"]["paths"]["/registry/agent/robot/list"] = {"get": {}, "put": {}}
    documents["registry"]["components"]["schemas"]["ItemRobot"] = {"type": "object"}
    lines = refresh.refresh(urls, root)
    assert lines == [
        "datastore: 1 changed",
        "  + value SortType.POPULARITY",
        "search: 1 changed",
        "  + field QueryResult.rank: optional integer",
        "registry: 1 changed, 2 operations left out",
        "  + value SortType.POPULARITY",
        *(f"{service}: no change" for service in ("auth", "job", "prov")),
        "generated/provena_api: 2 files changed",
        "  models/query_result.py",
        "  models/sort_type.py",
    ]
    assert "rank: int | None = None" in (root / "generated/provena_api/models/query_result.py").read_text()
    stored = (root / "openapi" / "search.json").read_text()
    assert "Prose" not in stored
    assert '"rank"' in stored
    assert "obot" not in (root / "openapi" / "registry.json").read_text()
    assert "no description for QueryResult.rank" in capsys.readouterr().err


def test_interfaces_that_do_not_fit_each_other_are_not_stored(deployment: Any, root: Path) -> None:
    documents, urls = deployment
    documents["search"]["components"]["schemas"]["Status"]["properties"]["code"] = {"type": "integer"}
    with pytest.raises(DocumentError, match="diverge: Status"):
        refresh.refresh(urls, root)
    assert differences(ROOT / "openapi", root / "openapi") == []


def test_an_overlay_that_no_longer_matches_is_reported_with_the_changes(deployment: Any, root: Path) -> None:
    documents, urls = deployment
    del documents["search"]["components"]["schemas"]["QueryResult"]["properties"]["score"]
    documents["search"]["components"]["schemas"]["QueryResult"]["required"] = ["id"]
    with pytest.raises(GenerationError) as caught:
        refresh.refresh(urls, root)
    assert "- field QueryResult.score" in str(caught.value)
    assert "schemas: QueryResult has no field score" in str(caught.value)
    assert "The OpenAPI documents are stored" in str(caught.value)
    assert differences(ROOT / "generated" / "provena_api", root / "generated" / "provena_api") == []


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (None, "404"),
        (b"<html>", "the answer is not JSON"),
        (b"[]", "not an OpenAPI document"),
        ({"paths": {}}, "not an OpenAPI document"),
    ],
)
def test_what_is_no_interface_is_refused(answer: Any, problem: str, deployment: Any, root: Path) -> None:
    documents, urls = deployment
    documents["search"] = answer
    with pytest.raises(DocumentError, match=problem):
        refresh.refresh(urls, root)
    assert differences(ROOT / "openapi", root / "openapi") == []


def test_the_command_ends_with_a_message_when_nobody_answers(capsys: pytest.CaptureFixture[str]) -> None:
    assert refresh.main(["--job", "http://127.0.0.1:9"]) == 2
    assert "http://127.0.0.1:9/openapi.json: " in capsys.readouterr().err
    assert refresh.main(["--search", "nonsense"]) == 2
    assert refresh.main(["--deployment", "no domain"]) == 2


def test_a_deployment_has_the_usual_urls(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[dict[str, str]] = []

    def note(urls: dict[str, str]) -> list[str]:
        asked.append(urls)
        return []

    monkeypatch.setattr(refresh, "refresh", note)
    assert refresh.main(["--deployment", "example.org", "--auth", "https://a.org/api", "--prov", "none"]) == 0
    assert asked == [
        {
            "datastore": "https://data-api.example.org",
            "search": "https://search.example.org",
            "registry": "https://registry-api.example.org",
            "auth": "https://a.org/api",
            "job": "https://job-api.example.org",
        }
    ]
    with pytest.raises(SystemExit):
        refresh.main([])


def test_every_kind_of_change_is_told() -> None:
    old: Json = served()["search"]
    new: Json = served()["search"]
    get = new["paths"]["/search/entity-registry"]["get"]
    get["parameters"][0]["name"] = "q"
    get["parameters"][2]["required"] = True
    get["operationId"] = "search"
    get["responses"]["200"]["content"] = {
        "application/json": {"schema": {"type": "array", "items": {"type": "string"}}}
    }
    del get["responses"]["422"], get["security"]
    new["paths"]["/"]["post"] = {"operationId": "greet", "responses": {}}
    del new["paths"]["/admin/config"]
    schemas = new["components"]["schemas"]
    del schemas["User"]
    schemas["Extra"] = {"type": "object"}
    schemas["QueryResult"]["properties"]["score"] = {"type": "integer", "default": 0}
    schemas["QueryResult"]["required"] = ["id"]
    schemas["QueryResult"]["additionalProperties"] = False
    schemas["ItemSubType"]["enum"].remove("STUDY")
    schemas["Status"]["properties"]["code"] = {}
    schemas["Status"]["required"].append("code")
    assert compare(old, new) == [
        "- operation generate_config_file: GET /admin/config",
        "~ operation search: was called search_entity_registry",
        "~ operation search: new parameter q: required string in query",
        "~ operation search: parameter query is gone",
        "~ operation search: parameter record_limit: optional integer in query → required integer in query",
        "~ operation search: answer 200: application/json QueryResults → application/json list of string",
        "~ operation search: answer 422: application/json HTTPValidationError → none",
        "~ operation search: needs no sign-in any more",
        "+ operation greet: POST /",
        "+ schema Extra",
        "- value ItemSubType.STUDY",
        '~ field QueryResult.score: number → integer {"default": 0}',
        "~ field QueryResult.score: no longer required",
        '~ schema QueryResult: object → object {"additionalProperties": false}',
        "+ field Status.code: required anything",
        "- schema User",
    ]
    assert compare(old, old) == []


def test_a_changed_body_is_told() -> None:
    old, new = served()["datastore"], served()["datastore"]
    body = new["paths"]["/register/version"]["post"]["requestBody"]
    body["content"]["application/json"]["schema"] = {"type": "object"}
    assert compare(old, new) == [
        "~ operation version_dataset: body: application/json VersionRequest → application/json object"
    ]


def test_two_files_can_be_compared(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    new = served()["search"]
    new["components"]["schemas"]["Extra"] = {"type": "object"}
    (tmp_path / "new.json").write_text(as_text(new))
    assert main([str(ROOT / "openapi" / "search.json"), str(tmp_path / "new.json")]) == 0
    assert capsys.readouterr().out == "+ schema Extra\n"


@pytest.mark.slow
def test_the_sandbox_serves_what_is_stored(root: Path) -> None:
    with Sandbox() as sandbox:
        lines = refresh.refresh({"datastore": sandbox.datastore_url, "search": sandbox.search_url}, root)
    assert lines[:2] == ["datastore: no change", "search: no change"]
