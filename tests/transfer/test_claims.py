"""The claims of several downloads into one folder."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from provena_sdk.datasets.paths import CLAIMS_STEM, claims_name
from provena_sdk.transfer.local.scan import scan
from provena_sdk.transfer.local.seal import Seal
from provena_sdk.transfer.neighbours import claims as module
from provena_sdk.transfer.neighbours.claims import Claims, remove_left_over

Tree = Callable[[Path], dict[str, bytes]]


def claims_folder(root: Path) -> Path:
    """The folder of this user's claims."""
    return root / claims_name(Seal.load().shared_token(CLAIMS_STEM))


def claims_file(root: Path) -> Path:
    """The only file of claims."""
    [file] = claims_folder(root).iterdir()
    return file


def test_each_target_goes_to_the_first(tmp_path: Path) -> None:
    one, other = Claims(tmp_path), Claims(tmp_path)
    assert one.claim(["a", "b"]) == {"a", "b"}
    assert other.claim(["b", "c"]) == {"c"}
    assert {target: holder.pid for target, holder in other.holders().items()} == {
        "a": os.getpid(),
        "b": os.getpid(),
    }
    one.release("b")
    one.renew()
    assert other.claim(["b"]) == {"b"}
    assert one.claim(["b", "c"]) == set()


def test_nothing_is_left_in_the_end(tmp_path: Path) -> None:
    one, other = Claims(tmp_path), Claims(tmp_path)
    one.claim(["a"])
    other.claim(["a"])
    one.close()
    assert other.holders() == {}
    assert other.claim(["a"]) == {"a"}
    other.close()
    assert list(tmp_path.iterdir()) == []


def test_one_that_has_left_can_be_followed(tmp_path: Path) -> None:
    one, other = Claims(tmp_path), Claims(tmp_path)
    for _ in range(3):
        assert one.claim(["a"]) == {"a"}
        one.close()
        assert other.claim(["a"]) == {"a"}
        other.close()
        one, other = Claims(tmp_path), Claims(tmp_path)


def test_no_target_goes_to_two(tmp_path: Path) -> None:
    """Many claim at once, in any order, and some leave while others come."""
    held: Counter[str] = Counter()
    lock = threading.Lock()
    twice: list[str] = []
    won_at_all = 0

    def download(seed: int) -> None:
        nonlocal won_at_all
        chance = random.Random(seed)
        for _ in range(8):
            mine = Claims(tmp_path)
            for _ in range(5):
                won = mine.claim(chance.sample("abcdefgh", 3))
                with lock:
                    won_at_all += len(won)
                    held.update(won)
                    twice.extend(target for target in won if held[target] > 1)
                time.sleep(chance.uniform(0, 0.003))
                with lock:
                    held.subtract(won)
                for target in won:
                    mine.release(target)
            mine.close()

    threads = [threading.Thread(target=download, args=(seed,)) for seed in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert twice == []
    assert won_at_all > 100
    assert list(tmp_path.iterdir()) == []


def _claim_in_a_process(root: Path, *targets: str) -> subprocess.Popen[str]:
    code = (
        "import sys, pathlib; from provena_sdk.transfer.neighbours.claims import Claims\n"
        "claims = Claims(pathlib.Path(sys.argv[1])); print(sorted(claims.claim(sys.argv[2:])), flush=True)\n"
        "sys.stdin.read()"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", code, str(root), *targets],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    assert child.stdout.readline() == f"{sorted(targets)}\n"
    return child


def test_the_claims_of_a_killed_process_are_void_at_once(tmp_path: Path) -> None:
    mine = Claims(tmp_path)
    with _claim_in_a_process(tmp_path, "a") as child:
        assert mine.claim(["a", "b"]) == {"b"}
        assert mine.holders()["a"].pid == child.pid
        child.kill()
    assert mine.holders() == {}
    assert mine.claim(["a"]) == {"a"}
    assert len(list(claims_folder(tmp_path).iterdir())) == 1


def test_what_a_killed_process_left_is_removed(tmp_path: Path) -> None:
    with _claim_in_a_process(tmp_path, "a") as child:
        remove_left_over(tmp_path)
        assert claims_file(tmp_path).exists()
        child.kill()
    remove_left_over(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_the_claims_of_a_stopped_process_are_void_after_a_while(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "STALE_SECONDS", 0.2)
    one, other = Claims(tmp_path), Claims(tmp_path)
    one.claim(["a"])
    for _ in range(3):
        assert other.claim(["a"]) == set()
        time.sleep(0.15)
        one.renew()
    assert other.claim(["a"]) == set()
    time.sleep(0.25)
    assert other.claim(["a"]) == {"a"}


def test_claims_that_nobody_renewed_for_long_are_removed(tmp_path: Path) -> None:
    one, other = Claims(tmp_path), Claims(tmp_path)
    one.claim(["a"])
    os.utime(claims_file(tmp_path), (time.time() - 3600, time.time() - 3600))
    assert other.claim(["a"]) == {"a"}
    # It was only suspended, and takes part again.
    assert one.claim(["a", "b"]) == {"b"}


@pytest.mark.parametrize("content", [b"", b"x\n", b"00 {}\n", b"\xff" * 100])
def test_forged_claims_are_not_believed(tmp_path: Path, content: bytes) -> None:
    mine = Claims(tmp_path)
    mine.claim(["x"])
    name = claims_name(Seal.load().token(CLAIMS_STEM))
    (claims_folder(tmp_path) / name).write_bytes(content)
    assert mine.claim(["a"]) == {"a"}


def test_claims_copied_under_another_name_are_not_believed(tmp_path: Path) -> None:
    one, other = Claims(tmp_path), Claims(tmp_path)
    one.claim(["a"])
    content = claims_file(tmp_path).read_bytes()
    one.close()
    other.claim(["x"])
    folder = claims_folder(tmp_path)
    # One with a name that this user's SDK gave, and one with a name that somebody made up, of a process that runs.
    (folder / claims_name(Seal.load().token(CLAIMS_STEM))).write_bytes(content)
    (folder / claims_name(Seal(b"k" * 32).token(CLAIMS_STEM))).write_bytes(content)
    assert other.holders() == {}
    assert other.claim(["a"]) == {"a"}


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such owners")
def test_claims_of_another_user_are_not_believed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = Claims(tmp_path), Claims(tmp_path)
    one.claim(["a"])
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    assert other.claim(["a"]) == {"a"}


def test_a_link_instead_of_the_claims_is_not_followed(tmp_path: Path, tree: Tree) -> None:
    precious = tmp_path / "precious"
    precious.write_bytes(b"mine")
    mine = Claims(tmp_path)
    mine.claim(["a"])
    file = claims_file(tmp_path)
    for replace in (file.symlink_to, file.hardlink_to):
        file.unlink()
        replace(precious)
        assert mine.claim(["b"]) == {"b"}
        assert precious.read_bytes() == b"mine"


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_is_not_writable_does_not_prevent_the_download(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    mine = Claims(tmp_path)
    assert mine.claim(["a"]) == {"a"}
    mine.renew()
    mine.close()
    tmp_path.chmod(0o700)


def test_a_file_with_the_name_of_the_folder_does_not_prevent_the_download(tmp_path: Path) -> None:
    claims_folder(tmp_path).write_bytes(b"")
    mine = Claims(tmp_path)
    assert mine.claim(["a"]) == {"a"}
    mine.close()
    assert claims_folder(tmp_path).read_bytes() == b""


def test_without_a_key_nothing_is_claimed(tmp_path: Path) -> None:
    one, other = Claims(tmp_path, Seal(None)), Claims(tmp_path, Seal(None))
    assert one.claim(["a"]) == other.claim(["a"]) == {"a"}
    one.close()
    assert list(tmp_path.iterdir()) == []


def test_an_upload_leaves_them_out(tmp_path: Path) -> None:
    Claims(tmp_path).claim(["a"])
    (tmp_path / "b").write_bytes(b"1")
    found = scan(tmp_path)
    assert [file.path for file in found.files] == ["b"]
    assert found.rejected == ()


def test_claims_that_cannot_be_removed_are_emptied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows removes no file that another process is reading."""
    one, other = Claims(tmp_path), Claims(tmp_path)
    one.claim(["a"])

    def refused(*_: object) -> None:
        raise PermissionError

    assert one._folder is not None
    with monkeypatch.context() as patched:
        patched.setattr(type(one._folder), "unlink", refused)
        one.close()
    assert other.claim(["a"]) == {"a"}
    other.close()
