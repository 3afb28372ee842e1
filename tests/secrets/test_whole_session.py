"""A whole session against the sandbox, and every place where a secret could turn up searched for every secret."""

from __future__ import annotations

import contextlib
import logging
import os
import pickle
import re
import stat
import subprocess
import sys
import traceback
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

from provena_sdk import AsyncProvena, Provena, ProvenaError
from provena_sdk.auth.store.token_store import FileStore
from provena_sdk.datasets.s3fs import s3fs_of
from provena_sdk.s3 import retry
from provena_sdk.sandbox import Fault, Sandbox
from provena_sdk.sandbox.object_store import ObjectFault
from provena_sdk.sandbox.seed import metadata

if TYPE_CHECKING:
    from tests.secrets.conftest import Secrets

LOGGERS = (
    "asyncio",
    "aiobotocore",
    "boto3",
    "botocore",
    "filelock",
    "fsspec",
    "httpcore",
    "httpx",
    "oauthlib",
    "provena_sdk",
    "requests",
    "requests_oauthlib",
    "s3fs",
    "urllib3",
)


class Everything(logging.Handler):
    """Keeps all that is logged, with arguments, fields and tracebacks."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        trace = "".join(traceback.format_exception(*record.exc_info)) if record.exc_info else ""
        self.lines.append(f"{record.name} {record.getMessage()} {vars(record)!r} {trace}")


@pytest.fixture
def log() -> Iterator[Everything]:
    handler = Everything()
    loggers = [logging.getLogger(), *map(logging.getLogger, LOGGERS)]
    levels = [logger.level for logger in loggers]
    loggers[0].addHandler(handler)
    for logger in loggers:
        logger.setLevel(logging.DEBUG)
    yield handler
    loggers[0].removeHandler(handler)
    for logger, level in zip(loggers, levels, strict=True):
        logger.setLevel(level)


def everything_in(error: BaseException) -> str:
    """All that an exception holds: itself, its fields and notes, those it came from and those it groups."""
    seen: list[str] = []
    waiting: list[BaseException | None] = [error]
    done: set[int] = set()
    while waiting:
        link = waiting.pop()
        if link is None or id(link) in done:
            continue
        done.add(id(link))
        seen += [str(link), repr(link), repr(link.args), repr(vars(link)), *getattr(link, "__notes__", ())]
        seen += [f"{value!r} {value}" for value in vars(link).values()]
        seen += [repr(vars(value)) for value in vars(link).values() if hasattr(value, "__dict__")]
        waiting += [link.__cause__, link.__context__, *getattr(link, "exceptions", ())]
    return "\n".join([*seen, *traceback.format_exception(error)])


def command_lines() -> str:
    """The arguments of this process and of all that it started; on Linux only."""
    parents: dict[int, int] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            parents[int(path.parent.name)] = int(path.read_text().rpartition(")")[2].split()[1])
    ours = {os.getpid()}
    while children := {pid for pid, parent in parents.items() if parent in ours} - ours:
        ours |= children
    lines = []
    for pid in ours:
        with contextlib.suppress(OSError):
            lines.append(Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode("latin-1"))
    return "\n".join(lines)


class Search:
    """Collects what is to be searched, and says what was found where."""

    def __init__(self, secrets: Secrets) -> None:
        self._secrets = secrets
        self.leaks: list[str] = []
        self.failures: list[ProvenaError] = []
        self.pickled: list[str] = []

    def text(self, where: str, text: str | bytes) -> None:
        self.leaks += [f"{kind} in {where}" for kind in self._secrets.within(text)]

    def thing(self, where: str, thing: object) -> None:
        self.text(f"the repr of {where}", f"{thing!r} {thing}")
        html = getattr(thing, "_repr_html_", None)
        if html is not None:
            self.text(f"the HTML of {where}", html())
        self.pickle(where, thing)
        self.text(f"a command line at {where}", command_lines())

    def pickle(self, where: str, thing: object) -> None:
        """Search the pickle, or what refusing to be pickled says."""
        try:
            data = pickle.dumps(thing)
        except (TypeError, AttributeError, pickle.PicklingError, ProvenaError) as refusal:
            self.text(f"the refusal to pickle {where}", everything_in(refusal))
        else:
            self.pickled.append(where)
            self.text(f"the pickle of {where}", data)

    def json(self, where: str, filesystem: Any) -> None:
        """Search the JSON of a file system, or what refusing to write it says."""
        try:
            text = filesystem.to_json()
        except (TypeError, ProvenaError) as refusal:
            text = everything_in(refusal)
        self.text(f"the JSON of {where}", text)

    def error(self, where: str, work: Callable[[], object]) -> None:
        with pytest.raises(ProvenaError) as raised:
            work()
        self.failures.append(raised.value)
        self.text(f"the error of {where}", everything_in(raised.value))
        self.text(f"the pickled error of {where}", pickle.dumps(raised.value))

    def files(self, folder: Path) -> int:
        """Search the files below a folder: secrets lie in sessions only, which nobody else can read."""
        sessions = 0
        for path in sorted(entry for entry in folder.rglob("*") if entry.is_file()):
            if not self._secrets.within(path.read_bytes()):
                continue
            if path.parent != FileStore().folder or path.suffix != ".json":
                self.text(f"the file {path.name}", path.read_bytes())
            sessions += 1
            if os.name == "posix":
                assert stat.S_IMODE(path.stat().st_mode) == 0o600
                assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
        return sessions


@pytest.fixture
def search(secrets: Secrets) -> Search:
    return Search(secrets)


def note_url(secrets: Secrets, url: str) -> None:
    secrets.note("signed URL", url)
    query = parse_qs(urlsplit(url).query)
    signatures = [value for name, values in query.items() if "signature" in name.lower() for value in values]
    assert signatures
    secrets.note("signature of a URL", signatures[0])


def work_all_day(sandbox: Sandbox, home: Path, secrets: Secrets, search: Search) -> None:
    """Sign in, mint, upload, open, download, presign, refresh, fail in many ways, sign out."""
    folder = home / "reef"
    folder.mkdir()
    (folder / "a.csv").write_text("day,temperature\n")
    with Provena(interactive=True) as provena:
        provena.sign_in()
        search.thing("the client", provena)
        search.thing("the source of tokens", provena.tokens)
        search.thing("the source's own fields", vars(provena.tokens))
        search.thing("whoami", provena.whoami())
        search.thing("the access", provena.datastore.check_access("general"))

        handle = provena.datastore.mint_dataset(metadata("Reef")).handle or ""
        reef = provena.datastore.interactive_dataset(handle)
        search.thing("the upload", reef.upload_all_files(folder))
        search.thing("the dataset", reef)
        search.thing("the listing", reef.list_files())
        with reef.open("a.csv", "r") as file:
            assert file.read() == "day,temperature\n"
            search.thing("an open file", file)
        search.thing("the download", reef.download_all_files(home / "copy"))
        url = reef.presigned_url("a.csv")
        note_url(secrets, url)
        with urllib.request.urlopen(url) as answer:
            assert answer.read() == b"day,temperature\n"
        keys = reef.generate_read_access_credentials(True)
        secrets.note("console URL", keys.console_session_url)

        files = provena._datasets.files(handle)
        for filesystem in (reef.fs, s3fs_of(files)):
            search.thing("a file system", filesystem)
            search.json("a file system", filesystem)
            search.text("the arguments of a file system", repr(filesystem.storage_options))
        search.thing("the dataset's files", files)
        assert search.files(home) == 1

        sandbox.advance(301)
        assert provena.datastore.check_access("read").username == "writer"
        sandbox.expire_credentials()
        reef.download_all_files(home / "again")

        fail_in_many_ways(sandbox, home, provena, reef, search)

        key = provena.create_offline_token()
        search.thing("the pipeline's key", key)
        search.thing("the source of tokens, later", provena.tokens)
        provena.sign_out()
    assert search.files(home) == 0
    work_without_a_person(sandbox, home, key.reveal(), search)


def fail_in_many_ways(sandbox: Sandbox, home: Path, provena: Provena, reef: Any, search: Search) -> None:
    private = sandbox.add_dataset("Private", owner="writer2", private=True)
    datastore = provena.with_options(max_retries=0).datastore
    search.error("a private dataset", lambda: datastore.fetch_dataset(private))
    search.error("a missing role", lambda: datastore.review.add_dataset_reviewer("10378.1/1900005"))
    search.error("a missing file", lambda: reef.open("no-such-file").read())

    def fault(path: str = "*", **what: Any) -> None:
        sandbox.faults.clear()
        sandbox.faults.add(Fault(path=path, times=None, **what))

    token = provena.tokens.token().reveal()
    fault("/registry/*", drop="before")
    search.error("a broken connection", lambda: datastore.fetch_dataset(private))
    fault("/register/*", drop="after")
    search.error("an unknown outcome", lambda: datastore.mint_dataset(metadata("Twice")))
    fault("/registry/*", truncate=9)
    search.error("an answer cut short", lambda: datastore.fetch_dataset(private))
    fault(service="datastore", status=500, body=f'{{"detail": "token {token} is odd"}}'.encode())
    search.error("a service that repeats the token", lambda: datastore.fetch_dataset(private))
    fault(
        service="datastore",
        status=401,
        body=b'{"detail": "Could not validate credentials"}',
        headers={"www-authenticate": "Bearer"},
        content_type="application/json",
    )
    search.error("a token that is refused for good", lambda: datastore.check_access("read"))
    fault(service="datastore", status=200, body=f'{{"access_token": "{token}"}}'.encode())
    search.error("an answer of another shape", lambda: datastore.check_access("read"))
    for what in ({"drop": "before"}, {"status": 502, "body": token.encode()}, {"truncate": 20}):
        fault(service="signin", **what)
        search.error(f"a refresh with {what.keys()}", lambda: provena.tokens.renew(provena.tokens.token()))
    sandbox.faults.clear()
    sandbox.s3_faults.add(ObjectFault(kind="truncate", key="*/a.csv", operation="GetObject", times=None))
    search.error("a transfer", lambda: reef.download_all_files(home / "broken"))
    sandbox.s3_faults.clear()


def work_without_a_person(sandbox: Sandbox, home: Path, token: str, search: Search) -> None:
    held = home / "key"
    held.write_text(token)
    held.chmod(0o600)
    program = f"print(open({str(held)!r}).read())"
    (home / "config.toml").write_text(
        f"[profiles.pipeline]\nofline = 1\n"
        f'domain = "{sandbox.domain}"\ndatastore_url = "{sandbox.datastore_url}"\n'
        f'search_url = "{sandbox.search_url}"\nissuer_url = "{sandbox.issuer_url}"\n'
        f"offline_token_command = {[sys.executable, '-c', program]!r}\n"
    )
    search.error("a profile with a slip", lambda: Provena(profile="pipeline"))
    config = home / "config.toml"
    config.write_text(config.read_text().replace("ofline = 1\n", ""))
    with Provena(profile="pipeline", interactive=False) as provena:
        assert provena.whoami().username == "writer"
        search.thing("a pipeline's source", provena.tokens)
        search.thing("a pipeline's settings", provena.explain())
    # The realm takes an offline token once: the profile used up the other.
    with Provena(offline_token=sandbox.offline_token()) as provena:
        assert provena.whoami().username == "writer"
        search.thing("a given token's source", provena.tokens)
        search.thing("a given token's settings", provena.explain())
        search.error("pickling what was given", lambda: pickle.dumps(provena.tokens))
    sandbox.end_sessions()
    with Provena(profile="pipeline", interactive=False) as provena:
        search.error("a key that was taken back", provena.whoami)
    held.unlink()


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give a broken transfer up soon."""
    monkeypatch.setattr(retry, "RULE", retry.RetryRule(base=0.001, cap=0.01, patience=1.0, most=8))


@pytest.mark.slow
def test_blocking(
    sandbox: Sandbox,
    home: Path,
    secrets: Secrets,
    search: Search,
    log: Everything,
    capfd: pytest.CaptureFixture[str],
) -> None:
    work_all_day(sandbox, home, secrets, search)
    for line in log.lines:
        search.text(f"the log: {line[:60]}", line)
    out, err = capfd.readouterr()
    search.text("stdout", out)
    search.text("stderr", err)
    assert search.leaks == []
    assert secrets.kinds() >= {
        "access token",
        "refresh token",
        "offline token",
        "device code",
        "client secret",
        "S3 key id",
        "S3 secret key",
        "S3 session token",
        "signed URL",
    }
    told = {line.partition(" ")[0].partition(".")[0] for line in log.lines}
    assert {"httpx", "httpcore", "urllib3", "provena_sdk", "fsspec"} <= told, "the log was kept"
    assert len({type(error) for error in search.failures}) >= 8
    assert {"whoami", "the source of tokens", "the upload", "a pipeline's source"} <= set(search.pickled)
    assert re.search(r"^    [A-Z]{4}-[A-Z]{4}$", err, re.MULTILINE), "stderr was kept"


async def test_awaiting(
    sandbox: Sandbox, home: Path, secrets: Secrets, search: Search, log: Everything
) -> None:
    async with AsyncProvena(interactive=True) as provena:
        await provena.sign_in()
        handle = (await provena.datastore.mint_dataset(metadata("Reef"))).handle or ""
        reef = provena.datastore.interactive_dataset(handle)
        (home / "reef").mkdir()
        (home / "reef" / "a.csv").write_text("1")
        search.thing("the upload", await reef.upload_all_files(home / "reef"))
        note_url(secrets, await reef.presigned_url("a.csv"))
        search.thing("whoami", await provena.whoami())
        search.thing("the client", provena)
        search.thing("the dataset", reef)
        with pytest.raises(ProvenaError) as raised:
            await provena.datastore.fetch_dataset(sandbox.add_dataset("X", owner="writer2", private=True))
        search.text("the error", everything_in(raised.value))
        await provena.sign_out()
    for line in log.lines:
        search.text(f"the log: {line[:60]}", line)
    assert search.leaks == []
    assert search.files(home) == 0
    assert log.lines


@pytest.mark.skipif(sys.platform != "linux", reason="command lines are read from /proc")
def test_the_search_finds_what_there_is(
    sandbox: Sandbox, home: Path, secrets: Secrets, search: Search, log: Everything
) -> None:
    """Each place that is searched, with a secret put there on purpose."""
    token = sandbox.access_token("writer")

    class Careless:
        def __repr__(self) -> str:
            return token

    search.thing("x", Careless())
    search.text("y", pickle.dumps({"token": token}))
    logging.getLogger("httpx").debug("sent %s", token)
    search.text("z", "\n".join(log.lines))
    with subprocess.Popen(
        [sys.executable, "-c", "import sys; sys.stdin.read()", token], stdin=subprocess.PIPE
    ):
        search.thing("a child", None)
    inner = ValueError("inner")
    inner.add_note(token)
    outer = ProvenaError("outer")
    outer.__cause__ = inner

    def fail() -> None:
        raise outer

    search.error("w", fail)
    (home / "left-behind").write_text(token)
    (home / "left-behind").chmod(0o600)
    home.chmod(0o700)
    search.files(home)
    # Some libraries have pickles of errors carry their causes too, once they are loaded.
    assert [leak for leak in search.leaks if leak != "access token in the pickled error of w"] == [
        "access token in the repr of x",
        "access token in y",
        "access token in z",
        "access token in a command line at a child",
        "access token in the error of w",
        "access token in the file left-behind",
    ]
