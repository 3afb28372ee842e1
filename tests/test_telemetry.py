"""OpenTelemetry spans of operations and transfers: names, attributes, retries, and no secret in any of them."""

from __future__ import annotations

import importlib
import json
import logging
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from provena_sdk import AsyncProvena, Provena, errors
from provena_sdk.config import Deployment
from provena_sdk.sandbox import Fault, Sandbox

EXPORT = pytest.importorskip("opentelemetry.sdk.trace.export.in_memory_span_exporter")


@pytest.fixture(scope="module")
def exporter() -> Any:
    """Keeps the spans in memory; a process has one provider of tracers."""
    trace: Any = importlib.import_module("opentelemetry.trace")
    sdk: Any = importlib.import_module("opentelemetry.sdk.trace")
    export: Any = importlib.import_module("opentelemetry.sdk.trace.export")
    exporter = EXPORT.InMemorySpanExporter()
    provider = sdk.TracerProvider()
    provider.add_span_processor(export.SimpleSpanProcessor(exporter))
    trace.set_tracer_provider(provider)
    return exporter


@pytest.fixture
def spans(exporter: Any) -> Callable[[], list[Any]]:
    exporter.clear()
    return lambda: list(exporter.get_finished_spans())


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running: Sandbox) -> Sandbox:
    running.reset()
    return running


@pytest.fixture
def place(sandbox: Sandbox) -> Deployment:
    return Deployment.from_env(sandbox.environment())


def test_an_operation_is_a_span_with_its_retries(sandbox: Sandbox, place: Deployment, spans: Any) -> None:
    handle = sandbox.add_dataset("Kelp")
    sandbox.faults.add(Fault.gateway(503, path="/registry/items/fetch-dataset"))
    with Provena(place, access_token=sandbox.access_token("writer")) as provena:
        provena.datastore.fetch_dataset(handle)
    (span,) = spans()
    assert span.name == "datastore.fetch_dataset"
    assert dict(span.attributes) == {
        "server.address": span.attributes["server.address"],
        "http.request.method": "GET",
        "provena.dataset_id": handle,
        "provena.attempts": 2,
        "http.response.status_code": 200,
    }
    (event,) = span.events
    assert event.name == "retry"
    assert event.attributes["attempt"] == 2
    assert "503" in event.attributes["reason"]
    assert event.attributes["path"].endswith("/registry/items/fetch-dataset")


async def test_the_async_client_has_the_same_spans(sandbox: Sandbox, place: Deployment, spans: Any) -> None:
    handle = sandbox.add_dataset("Kelp")
    async with AsyncProvena(place, access_token=sandbox.access_token("writer")) as provena:
        await provena.datastore.fetch_datasets([handle])
        with pytest.raises(errors.DatasetNotFound):
            await provena.datastore.fetch_dataset("10378.1/none")
    found, missing = spans()
    assert found.attributes["http.response.status_code"] == 200
    assert missing.attributes["error.type"] == "DatasetNotFound"
    assert missing.attributes["http.response.status_code"] == 400
    assert not missing.status.is_ok
    assert missing.events == ()


def test_gathered_operations_belong_to_the_caller(sandbox: Sandbox, place: Deployment, spans: Any) -> None:
    trace: Any = importlib.import_module("opentelemetry.trace")
    handles = [sandbox.add_dataset(f"Kelp {number}") for number in range(3)]
    with (
        Provena(place, access_token=sandbox.access_token("writer")) as provena,
        trace.get_tracer("test").start_as_current_span("caller") as caller,
    ):
        provena.datastore.fetch_datasets(handles)
    parents = {span.parent.span_id for span in spans() if span.name != "caller"}
    assert parents == {caller.get_span_context().span_id}


def test_a_transfer_is_a_span(sandbox: Sandbox, place: Deployment, spans: Any, tmp_path: Path) -> None:
    handle = sandbox.add_dataset("Kelp", files={"a.csv": b"12", "b.csv": b"345"})
    with Provena(place, access_token=sandbox.access_token("writer")) as provena:
        provena.datastore.interactive_dataset(handle).download_all_files(tmp_path, include="*.csv")
    (span,) = [span for span in spans() if span.name == "transfer"]
    assert span.attributes["provena.files"] == span.attributes["provena.files.downloaded"] == 2
    assert span.attributes["provena.bytes"] == 5


def test_planning_is_a_span(sandbox: Sandbox, place: Deployment, spans: Any, tmp_path: Path) -> None:
    handle = sandbox.add_dataset("Kelp", files={"a.csv": b"12", "b.csv": b"345"})
    (tmp_path / "b.csv").write_bytes(b"345")
    with Provena(place, access_token=sandbox.access_token("writer")) as provena:
        dataset = provena.datastore.interactive_dataset(handle)
        dataset.plan_download(tmp_path, include="*.csv")
        with pytest.raises(errors.DatasetFileNotFound):
            dataset.plan_download(tmp_path, path="none.csv")
    found, failed = (span for span in spans() if span.name == "transfer.plan")
    figures = {"provena.files": 2, "provena.bytes": 2, "provena.files.new": 1, "provena.files.same": 1}
    assert dict(found.attributes) == figures
    assert failed.attributes["error.type"] == "DatasetFileNotFound"


def test_no_secret_is_in_spans_or_log_records(
    sandbox: Sandbox, place: Deployment, spans: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "provena_sdk")
    handle = sandbox.add_dataset("Kelp", files={"a.csv": b"12"})
    offline = sandbox.offline_token("writer")
    sandbox.faults.add(Fault.gateway(503, path="/registry/items/fetch-dataset"))
    sandbox.faults.add(Fault.gateway(503, path="/token"))
    with Provena(place, offline_token=offline) as provena:
        provena.datastore.fetch_dataset(handle)
        reef = provena.datastore.interactive_dataset(handle)
        reef.download_all_files(tmp_path)
        url = reef.presigned_url("a.csv")
        granted = provena.datastore.generate_read_access_credentials(dataset_id=handle).credentials
        access = provena._transport.tokens.token().reveal()
    keys = [granted.aws_secret_access_key, granted.aws_session_token]
    secrets = [offline, access, *keys, url.partition("?")[2]]
    assert all(secrets)
    records = [json.dumps(vars(record), default=repr) for record in caplog.records]
    shown = "\n".join([*records, caplog.text, *(span.to_json() for span in spans())])
    assert len(shown) > 1000
    assert [secret for secret in secrets if secret in shown] == []
    assert "Bearer" not in shown


def test_requests_and_retries_are_logged(
    sandbox: Sandbox, place: Deployment, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "provena_sdk")
    handle = sandbox.add_dataset("Kelp")
    sandbox.faults.add(Fault.gateway(503, path="/registry/items/fetch-dataset"))
    with Provena(place, offline_token=sandbox.offline_token("writer")) as provena:
        provena.datastore.fetch_dataset(handle)
    sent = [one for one in caplog.records if one.name.startswith("provena_sdk.transport")]
    assert [(one.levelname, getattr(one, "method", None)) for one in sent] == [
        ("DEBUG", "GET"),
        ("WARNING", "GET"),
        ("DEBUG", "GET"),
    ]
    fields = [vars(one) for one in sent]
    assert [one.get("status") for one in fields] == [503, None, 200]
    assert fields[0]["path"].endswith("/registry/items/fetch-dataset")
    assert (fields[1]["attempt"], fields[1]["most"]) == (2, 4)
    assert fields[1]["wait"] > 0
    assert fields[2]["bytes"] > 100
    signed_in = [vars(one) for one in caplog.records if one.name.startswith("provena_sdk.auth")]
    assert any(one.get("method") == "POST" and one["status"] == 200 for one in signed_in)


def test_nothing_is_loaded_without_a_program_that_traces() -> None:
    code = (
        "import sys; from provena_sdk import telemetry\n"
        "with telemetry.span('x', {}) as span: span.set_attributes({'a': 1})\n"
        "telemetry.event('retry', {})\n"
        "print([name for name in sys.modules if name.startswith('opentelemetry')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
