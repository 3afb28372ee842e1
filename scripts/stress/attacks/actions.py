"""What a user does, written once for both faces: generators that yield whatever may have to be awaited."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias

from scripts.stress.attacks import honest
from scripts.stress.attacks.honest import HANDLE
from scripts.stress.attacks.honest_store import BIG, FILES
from scripts.stress.attacks.scene import Face, Scene, Way

Steps: TypeAlias = Generator[Any, Any, Any]
BOTH: Final[tuple[Face, ...]] = ("sync", "async")


@dataclass(frozen=True)
class Action:
    """Something that a user does.

    Attributes:
        name: What, in a word or two.
        run: Does it with a client; returns what the user gets.
        right: Whether that is what the honest servers would have led to.
        way: How the client signs in.
        faces: The faces that offer it.
        secret: Whether what the user gets is a secret by its nature.
    """

    name: str
    run: Callable[[Any, Scene], Steps]
    right: Callable[[Any, Scene], bool]
    way: Way = "access"
    faces: tuple[Face, ...] = BOTH
    secret: bool = False


def tree(folder: Path) -> dict[str, bytes]:
    """What a folder holds, path by path."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def _one(
    name: str,
    call: Callable[[Any], Any],
    right: Callable[[Any], bool],
    way: Way = "access",
    secret: bool = False,
) -> Action:
    """An action of a single call."""

    def run(provena: Any, scene: Scene) -> Steps:
        return (yield call(provena))

    return Action(name, run, lambda result, _: right(result), way, secret=secret)


def _is_item(answer: Any) -> bool:
    return bool(answer.item.display_name == honest.NAMES[0] and answer.item.id == HANDLE)


def _names(items: Any) -> tuple[str, ...]:
    return tuple(item.display_name for item in items)


HEALTH = _one(
    "health", lambda p: p.datastore.get_health_check(), lambda r: r.message == "Health check successful."
)
FETCH = _one("fetch", lambda p: p.datastore.fetch_dataset(HANDLE), _is_item)
LIST = _one("list", lambda p: p.datastore.list_all_datasets(), lambda r: _names(r) == honest.NAMES)
PAGES = _one("pages", lambda p: p.datastore.for_all_datasets(), lambda r: _names(r) == honest.NAMES)
SEARCH = _one(
    "search", lambda p: p.datastore.search_datasets("reef"), lambda r: len(r.items) == 3 and not r.misc_errors
)
ACCESS = _one("access", lambda p: p.datastore.check_access("read"), lambda r: r.username == "ada")
SCHEMA = _one("schema", lambda p: p.datastore.get_dataset_schema(), lambda r: r == {"type": "object"})
MINT = _one("mint", lambda p: p.datastore.mint_dataset(honest.metadata()), lambda r: r.handle == HANDLE)
VALIDATE = _one(
    "validate", lambda p: p.datastore.validate_dataset_metadata(honest.metadata()), lambda r: r.status.success
)
VERSION = _one(
    "version",
    lambda p: p.datastore.version_dataset(id=HANDLE, reason="new"),
    lambda r: r.new_version_id == "10378.1/1451999",
)
REVIEWERS = _one(
    "reviewers", lambda p: p.datastore.review.list_dataset_reviewers(), lambda r: r == ["10378.1/7"]
)


def ask_credentials(provena: Any) -> Any:
    """Ask for credentials."""
    return provena.datastore.interactive_dataset(HANDLE).generate_read_access_credentials()


CREDENTIALS = _one(
    "credentials",
    ask_credentials,
    lambda r: r.credentials.aws_access_key_id == honest.KEY_ID,
)
PRESIGN = _one(
    "presign",
    lambda p: p.datastore.interactive_dataset(HANDLE).presigned_url("obs/2024.csv"),
    lambda r: r.startswith("https://store.example.org/"),
    secret=True,
)

WHOAMI = _one("whoami", lambda p: p.whoami(), lambda r: r.username == "ada", way="device")
REFRESH = _one("refresh", lambda p: p.datastore.fetch_dataset(HANDLE), _is_item, way="offline")
SERVICE = _one("service", lambda p: p.datastore.fetch_dataset(HANDLE), _is_item, way="service")
OFFLINE = _one(
    "offline token", lambda p: p.create_offline_token(), lambda r: r.reveal() == honest.REFRESH, "device"
)


def _sign_in(provena: Any, scene: Scene) -> Steps:
    yield provena.sign_in()
    return (yield provena.datastore.fetch_dataset(HANDLE))


def _sign_out(provena: Any, scene: Scene) -> Steps:
    yield provena.sign_in()
    yield provena.sign_out()
    return "signed out"


def _device_right(result: Any, scene: Scene) -> bool:
    return _is_item(result) and honest.USER_CODE in scene.screen.getvalue()


SIGN_IN = Action("sign in", _sign_in, _device_right, "device")
SIGN_OUT = Action("sign out", _sign_out, lambda result, _: bool(result == "signed out"), "device")


def _list_files(provena: Any, scene: Scene) -> Steps:
    found = yield provena.datastore.io.list_all_files(HANDLE, print_list=True)
    return {file.path: file.size for file in found}


def _download(provena: Any, scene: Scene) -> Steps:
    report = yield provena.datastore.interactive_dataset(HANDLE).download_all_files(str(scene.folder))
    scene.shown.append(report)
    return tree(scene.folder)


def _download_big(provena: Any, scene: Scene) -> Steps:
    dataset = provena.datastore.interactive_dataset(HANDLE)
    yield dataset.download_specific_file("big.bin", str(scene.folder))
    return (scene.folder / "big.bin").read_bytes()


def _download_one(provena: Any, scene: Scene) -> Steps:
    dataset = provena.datastore.interactive_dataset(HANDLE)
    yield dataset.download_specific_file("obs/2024.csv", str(scene.folder))
    return tree(scene.folder)


def _read(provena: Any, scene: Scene) -> Steps:
    file = yield provena.datastore.interactive_dataset(HANDLE).open("obs/2024.csv")
    data = yield file.read()
    yield file.close()
    return data


def _write(provena: Any, scene: Scene) -> Steps:
    file = yield provena.datastore.interactive_dataset(HANDLE).open("new.csv", "wb")
    yield file.write(b"a,b\n")
    yield file.close()
    return "written"


def _upload(size: int) -> Callable[[Any, Scene], Steps]:
    def upload(provena: Any, scene: Scene) -> Steps:
        (scene.folder / "new.bin").write_bytes(bytes(range(256)) * (size // 256))
        dataset = provena.datastore.interactive_dataset(HANDLE)
        report = yield dataset.upload_all_files(str(scene.folder))
        return len(report.outcomes)

    return upload


def _plan(provena: Any, scene: Scene) -> Steps:
    plan = yield provena.datastore.interactive_dataset(HANDLE).plan_download(str(scene.folder))
    scene.shown.append(plan)
    return [item.path for item in plan]


def _sync_down(provena: Any, scene: Scene) -> Steps:
    scene.shown.append((yield provena.datastore.interactive_dataset(HANDLE).sync_down(str(scene.folder))))
    return tree(scene.folder)


ALL_FILES: Final = {**FILES, "big.bin": BIG}

LIST_FILES = Action(
    "list files",
    _list_files,
    lambda found, _: found == {path: len(data) for path, data in ALL_FILES.items()},
)
DOWNLOAD = Action("download", _download, lambda found, _: found == ALL_FILES)
DOWNLOAD_BIG = Action("download in pieces", _download_big, lambda found, _: found == BIG)
DOWNLOAD_ONE = Action(
    "download one", _download_one, lambda found, _: list(found.values()) == [FILES["obs/2024.csv"]]
)
READ = Action("read", _read, lambda found, _: found == FILES["obs/2024.csv"])
WRITE = Action("write", _write, lambda found, _: found == "written")
UPLOAD = Action("upload", _upload(4096), lambda found, _: found == 1)
UPLOAD_PARTS = Action("upload in parts", _upload(17 << 20), lambda found, _: found == 1)
PLAN = Action("plan", _plan, lambda found, _: sorted(found) == sorted(ALL_FILES))
SYNC_DOWN = Action("sync down", _sync_down, lambda found, _: found == ALL_FILES)


def _of_folder(call: Callable[[Any], Any]) -> Callable[[Any, Scene], Steps]:
    """Do something with a dataset as fsspec's file system."""

    def run(provena: Any, scene: Scene) -> Steps:
        yield None
        return call(provena.datastore.interactive_dataset(HANDLE).fs)

    return run


FS_LS = Action(
    "fsspec ls",
    _of_folder(lambda fs: fs.ls("obs", detail=False)),
    lambda found, _: found == ["obs/2023.csv", "obs/2024.csv"],
    faces=("sync",),
)
FS_FIND = Action(
    "fsspec find",
    _of_folder(lambda fs: fs.find("")),
    lambda found, _: found == sorted(ALL_FILES),
    faces=("sync",),
)
FS_CAT = Action(
    "fsspec cat",
    _of_folder(lambda fs: fs.cat_file("obs/2024.csv")),
    lambda found, _: found == FILES["obs/2024.csv"],
    faces=("sync",),
)
FS_INFO = Action(
    "fsspec info",
    _of_folder(lambda fs: fs.info("obs/2024.csv")["size"]),
    lambda found, _: found == len(FILES["obs/2024.csv"]),
    faces=("sync",),
)
FS_PIPE = Action(
    "fsspec pipe",
    _of_folder(lambda fs: fs.pipe_file("new.csv", b"a,b\n")),
    lambda found, _: found is None,
    faces=("sync",),
)

ALL: Final = tuple(value for value in list(globals().values()) if isinstance(value, Action))
"""Every action; each must lead to right data with honest servers."""
