from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, get_args
from urllib.parse import urlsplit

import pytest

from provena_sdk.sandbox import STANDARD_USERS, Sandbox, Seed, User
from provena_sdk.sandbox.http.openapi import ServiceName, interface
from provena_sdk.sandbox.seed import metadata


@pytest.fixture
def fetch(provena_sandbox: Sandbox, send: Any) -> Any:
    def ask(dataset_id: str, user: str = "writer") -> Any:
        return send(
            provena_sandbox.datastore_url,
            "GET",
            "/registry/items/fetch-dataset",
            query={"handle_id": dataset_id},
            token=provena_sandbox.access_token(user),
        )

    return ask


def test_it_listens_on_loopback_only(provena_sandbox: Sandbox) -> None:
    environment = provena_sandbox.environment()
    urls = [value for value in environment.values() if value.startswith("http")]
    assert len(urls) == 8
    assert {urlsplit(url).hostname for url in urls} == {"127.0.0.1"}
    assert environment["PROVENA_DOMAIN"] == "localhost"


def test_it_serves_its_interfaces(provena_sandbox: Sandbox, send: Any) -> None:
    for name in get_args(ServiceName):
        url = getattr(provena_sandbox, f"{name}_url")
        assert send(url, "GET", "/").body == {"message": "Health check successful."}
        document = send(url, "GET", "/openapi.json").body
        assert document["openapi"].startswith("3.")
        assert document == interface(name)


def test_every_operation_of_the_interfaces_has_a_route(provena_sandbox: Sandbox, send: Any) -> None:
    for name in get_args(ServiceName):
        url = getattr(provena_sandbox, f"{name}_url")
        for path, methods in interface(name)["paths"].items():
            for method, operation in methods.items():
                answer = send(url, method.upper(), path, data={} if "requestBody" in operation else None)
                assert answer.status == (401 if "security" in operation else 200), (method, path)


def test_the_served_schema_of_datasets_stands_on_its_own(provena_sandbox: Sandbox, send: Any) -> None:
    token = provena_sandbox.access_token("reader")
    schema = send(provena_sandbox.datastore_url, "GET", "/metadata/dataset-schema", token=token).body[
        "json_schema"
    ]
    named = {part.partition('"')[0] for part in json.dumps(schema).split("#/definitions/")[1:]}
    assert named == set(schema["definitions"])
    assert "components" not in json.dumps(schema)


def test_datasets_can_be_added(provena_sandbox: Sandbox, fetch: Any, send: Any) -> None:
    handle = provena_sandbox.add_dataset("Tides", files={"a/b.csv": b"1,2"}, keywords=["sea"])
    item = fetch(handle).body["item"]
    assert item["display_name"] == "Tides"
    assert item["history"][0]["reason"] == "Initial record creation"
    assert provena_sandbox.storage.files(handle) == {
        "a/b.csv": b"1,2",
        "metadata.json": json.dumps(
            item["collection_format"], separators=(",", ":"), ensure_ascii=False
        ).encode(),
    }


def test_private_datasets_are_for_their_owner(provena_sandbox: Sandbox, fetch: Any) -> None:
    handle = provena_sandbox.add_dataset(private=True)
    assert [fetch(handle, user).status for user in ("writer", "regadmin", "reader")] == [200, 200, 401]
    provena_sandbox.set_access(handle, general=("metadata-read",))
    assert fetch(handle, "reader").body["roles"] == ["metadata-read"]


def test_a_spatial_reference_that_does_not_exist_is_refused(provena_sandbox: Sandbox, send: Any) -> None:
    url, token = provena_sandbox.datastore_url, provena_sandbox.access_token("writer")
    body = metadata(spatial_info={"coverage": "SRID=1;POINT(1 2)"})
    flaw = "Invalid projection: epsg:1: (Internal Proj Error: proj_create: crs not found: EPSG:1)"
    validated = send(url, "POST", "/metadata/validate-metadata", token=token, data=body)
    assert (validated.status, validated.body["success"]) == (200, False)
    assert validated.body["details"].endswith(flaw)
    minted = send(url, "POST", "/register/mint-dataset", token=token, data=body)
    assert (minted.status, minted.body["status"]["success"], minted.body["handle"]) == (200, False, None)
    assert minted.body["status"]["details"].endswith(flaw)


@pytest.mark.parametrize(
    ("role", "may_read", "may_write"),
    [
        ("dataset-data-read", 200, 401),
        ("dataset-data-write", 200, 200),
        ("admin", 200, 200),
        ("metadata-write", 401, 401),
    ],
)
def test_write_permission_includes_reading_files(
    provena_sandbox: Sandbox, send: Any, role: str, may_read: int, may_write: int
) -> None:
    dataset = provena_sandbox.add_dataset()
    provena_sandbox.set_access(dataset, general=("metadata-read", role))
    path = "/registry/credentials/generate-{}-access-credentials"
    asked = {"dataset_id": dataset, "console_session_required": False}
    for access, expected in (("read", may_read), ("write", may_write)):
        answer = send(
            provena_sandbox.datastore_url,
            "POST",
            path.format(access),
            token=provena_sandbox.access_token("writer2"),
            data=asked,
        )
        assert answer.status == expected, access


def test_a_presigned_url_reads_the_file(provena_sandbox: Sandbox, send: Any) -> None:
    handle = provena_sandbox.add_dataset(files={"a b/ü+%#.csv": b"1,2"})
    url = send(
        provena_sandbox.datastore_url,
        "POST",
        "/registry/items/generate-presigned-url",
        token=provena_sandbox.access_token("reader"),
        data={"dataset_id": handle, "file_path": "a b/ü+%#.csv"},
    ).body["presigned_url"]
    base, _, rest = url.removeprefix(provena_sandbox.s3_url).partition("?")
    assert send(provena_sandbox.s3_url, "GET", f"{base}?{rest}").content == b"1,2"
    deadline = time.monotonic() + 5  # the store takes note after it has answered
    while not provena_sandbox.s3_requests and time.monotonic() < deadline:
        time.sleep(0.005)
    assert [request.method for request in provena_sandbox.s3_requests] == ["GET"]


def test_updates_rewrite_the_file_and_what_search_finds(provena_sandbox: Sandbox, send: Any) -> None:
    handle = provena_sandbox.add_dataset("Tides")
    token = provena_sandbox.access_token("writer")

    def found(word: str) -> list[str]:
        path = "/search/entity-registry"
        body = send(provena_sandbox.search_url, "GET", path, query={"query": word}, token=token).body
        return [hit["id"] for hit in body["results"]]

    assert found("tides") == [handle]
    query = {"handle_id": handle, "reason": "renamed"}
    path = "/register/update-metadata"
    changed = metadata("Currents", description="Described anew")
    assert (
        send(provena_sandbox.datastore_url, "POST", path, query=query, token=token, data=changed).status
        == 200
    )
    assert json.loads(provena_sandbox.storage.files(handle)["metadata.json"]) == changed
    assert (found("tides"), found("currents")) == ([], [handle])
    revert = {"id": handle, "history_id": 0, "reason": "back"}
    assert (
        send(
            provena_sandbox.datastore_url, "PUT", "/register/revert-metadata", token=token, data=revert
        ).status
        == 200
    )
    assert json.loads(provena_sandbox.storage.files(handle)["metadata.json"]) == metadata("Tides")


def test_pages_cover_the_catalogue_once(provena_sandbox: Sandbox, send: Any) -> None:
    handles = provena_sandbox.populate(25)
    provena_sandbox.set_access(handles[3], general=())
    token = provena_sandbox.access_token("reader")
    for sort in ("UPDATED_TIME", "CREATED_TIME", "DISPLAY_NAME"):
        for ascending in (True, False):
            seen, key, pages = [], None, 0
            while pages == 0 or key is not None:
                asked = {
                    "page_size": 5,
                    "pagination_key": key,
                    "sort_by": {"sort_type": sort, "ascending": ascending},
                }
                body = send(
                    provena_sandbox.datastore_url, "POST", "/registry/items/list", token=token, data=asked
                ).body
                seen += [item["id"] for item in body["items"]]
                key, pages = body["pagination_key"], pages + 1
            assert pages == 6, "25 rows fill five pages and leave an empty one"
            assert sorted(seen) == sorted(set(handles) - {handles[3]})
            if sort == "CREATED_TIME":
                assert seen == sorted(seen, reverse=not ascending)


def test_an_integer_of_a_pagination_key_must_stay_one(provena_sandbox: Sandbox, send: Any) -> None:
    provena_sandbox.populate(3)
    token = provena_sandbox.access_token("reader")
    path = "/registry/items/list"
    key = send(provena_sandbox.datastore_url, "POST", path, token=token, data={"page_size": 2}).body[
        "pagination_key"
    ]
    key["updated_timestamp"] = float(key["updated_timestamp"])
    asked = {"page_size": 2, "pagination_key": key}
    assert send(provena_sandbox.datastore_url, "POST", path, token=token, data=asked).status == 500


def test_reset_discards_everything_and_keeps_the_urls(provena_sandbox: Sandbox, send: Any) -> None:
    before = provena_sandbox.environment()
    handle = provena_sandbox.add_dataset(files={"a": b"1"})
    provena_sandbox.advance(1000)
    provena_sandbox.faults.outage("registry")
    provena_sandbox.reset()
    assert provena_sandbox.environment() == before
    assert provena_sandbox.add_dataset() == handle, "handles start again"
    assert provena_sandbox.storage.files(handle).keys() == {"metadata.json"}
    assert provena_sandbox.faults.outages == set()
    assert send(before["PROVENA_DATASTORE_URL"], "GET", "/").status == 200
    assert [entry.path for entry in provena_sandbox.requests] == ["/"]


def test_its_initial_content_can_be_chosen(send: Any) -> None:
    sandbox = Sandbox(seed=Seed(datasets=7))
    assert len(list(sandbox.state.datasets())) == 7
    assert Sandbox(seed=False).state.items == {}


def test_users_can_be_given(send: Any) -> None:
    users = {**STANDARD_USERS, "guest": User("guest", ("entity-registry-read",), "guest@example.com")}
    with Sandbox(users=users) as sandbox:
        token = sandbox.access_token("guest")
        answer = send(sandbox.datastore_url, "GET", "/check-access/check-read-access", token=token)
        assert answer.body["username"] == "guest"


def test_a_port_that_is_taken_is_an_error() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(OSError, match="in use"):
            Sandbox(ports={"datastore": taken.getsockname()[1]}).start()
    with pytest.raises(ValueError, match="there is no service web"):
        Sandbox(ports={"web": 1})


def test_stopping_ends_its_thread_and_its_ports() -> None:
    sandbox = Sandbox()
    with sandbox:
        port = urlsplit(sandbox.datastore_url).port
        assert any(thread.name == "provena-sandbox" for thread in threading.enumerate())
        count = sum(thread.name == "provena-sandbox" for thread in threading.enumerate())
    assert sum(thread.name == "provena-sandbox" for thread in threading.enumerate()) == count - 1
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=1)
    assert repr(sandbox) == "<Sandbox: not running>"
    with pytest.raises(RuntimeError, match="create another one"):
        sandbox.start()


def test_no_secret_shows_in_a_repr(provena_sandbox: Sandbox) -> None:
    token = provena_sandbox.access_token("writer")
    identity = provena_sandbox._signin.tokens.identify(token)
    assert repr(identity) == "Identity('writer')"
    code = provena_sandbox._signin.sessions.new_code("client-tools", "", expires=1, interval=1)
    assert code.device_code not in repr(code)


def test_the_environment_points_to_it(provena_environment: dict[str, str], provena_sandbox: Sandbox) -> None:
    import os

    assert os.environ["PROVENA_DATASTORE_URL"] == provena_sandbox.datastore_url
    assert provena_environment == provena_sandbox.environment()


@pytest.fixture
def command() -> Iterator[Any]:
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "provena_sdk.sandbox", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_the_command_prints_addresses_and_ends_quietly(command: Any, send: Any) -> None:
    process = command("--json", "--approve", "reader", "--datasets", "3")
    environment = json.loads(process.stdout.readline())
    token = "/protocol/openid-connect/token"
    form = {"client_id": "client-tools"}
    code = send(
        environment["PROVENA_ISSUER_URL"], "POST", "/protocol/openid-connect/auth/device", form=form
    ).body
    grant = "urn:ietf:params:oauth:grant-type:device_code"
    form |= {"grant_type": grant, "device_code": code["device_code"]}
    access = send(environment["PROVENA_ISSUER_URL"], "POST", token, form=form).body["access_token"]
    listed = send(environment["PROVENA_DATASTORE_URL"], "POST", "/registry/items/list", token=access, data={})
    assert listed.body["total_item_count"] == 3
    process.terminate()
    rest, errors = process.communicate(timeout=10)
    assert (process.returncode, rest, errors) == (0, "", "")


def test_the_command_speaks_shell(command: Any) -> None:
    process = command()
    lines = [process.stdout.readline() for _ in range(11)]
    assert all(line.startswith("export PROVENA_") for line in lines)
    process.send_signal(2)
    _, errors = process.communicate(timeout=10)
    assert process.returncode == 0
    assert "Ctrl-C" in errors


def test_the_command_explains_why_it_cannot_start(command: Any) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        process = command("--port-base", str(taken.getsockname()[1]))
        output, errors = process.communicate(timeout=10)
    assert (process.returncode, output) == (1, "")
    assert errors.startswith("The sandbox could not start:")
    assert "Traceback" not in errors


@pytest.mark.parametrize(
    "wrong",
    [
        ("--port-base", "70000"),
        ("--port-base", "-5"),
        ("--port-base", "x"),
        ("--datasets", "-1"),
        ("--access-token-seconds", "0"),
        ("--approve", "bob"),
        ("--offline-token", "bob"),
    ],
    ids=" ".join,
)
def test_the_command_refuses_what_makes_no_sense(wrong: tuple[str, str], capsys: Any) -> None:
    from provena_sdk.sandbox.__main__ import main

    with pytest.raises(SystemExit) as caught:
        main(wrong)
    assert caught.value.code == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert wrong[0].strip("-") in output.err.splitlines()[-1]


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="no terminal closes like this here")
def test_the_command_ends_with_its_terminal(command: Any) -> None:
    process = command("--json", "--offline-token", "writer")
    assert json.loads(process.stdout.readline())["PROVENA_OFFLINE_TOKEN"].startswith("eyJ")
    process.send_signal(signal.SIGHUP)
    _, errors = process.communicate(timeout=10)
    assert (process.returncode, errors) == (0, "")


def test_it_reports_that_it_is_not_running() -> None:
    sandbox = Sandbox()
    attempts: list[Callable[[], object]] = [
        lambda: sandbox.datastore_url,
        lambda: sandbox.search_url,
        lambda: sandbox.registry_url,
        lambda: sandbox.auth_url,
        lambda: sandbox.job_url,
        lambda: sandbox.prov_url,
        lambda: sandbox.issuer_url,
        lambda: sandbox.s3_url,
        sandbox.environment,
    ]
    for attempt in attempts:
        with pytest.raises(RuntimeError, match="use it in a 'with' block"):
            attempt()
    with sandbox:
        assert all(attempt() for attempt in attempts)
    with pytest.raises(RuntimeError, match="is not running"):
        sandbox.environment()


def test_it_names_unknown_things(provena_sandbox: Sandbox) -> None:
    attempts: list[Callable[[], object]] = [
        lambda: provena_sandbox.access_token("bob"),
        lambda: provena_sandbox.offline_token("bob"),
        lambda: provena_sandbox.add_dataset(owner="bob"),
    ]
    for attempt in attempts:
        with pytest.raises(LookupError, match="There is no user 'bob'; there are reader, writer"):
            attempt()
    with pytest.raises(LookupError, match="There is no dataset 'x/1'"):
        provena_sandbox.set_access("x/1", locked=True)
    dataset = provena_sandbox.add_dataset()
    with pytest.raises(ValueError, match="There is no role owner; there are metadata-read"):
        provena_sandbox.set_access(dataset, groups={"a": ("metadata-read", "owner")})


@pytest.mark.parametrize("port", [-1, 65536])
def test_a_port_out_of_range(port: int) -> None:
    with pytest.raises(ValueError, match="ports must be between 0 and 65535; check s3"):
        Sandbox(ports={"s3": port})
