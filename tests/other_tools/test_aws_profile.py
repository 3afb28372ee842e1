"""A profile of the AWS tools is written with care, and names a command that finds the deployment again."""

from __future__ import annotations

import os
import shlex
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from botocore.configloader import load_config
from hypothesis import given
from hypothesis import strategies as st

from provena_sdk.config import Deployment
from provena_sdk.datasets.credentials import Access
from provena_sdk.datasets.location import DatasetLocation
from provena_sdk.errors import ConfigurationError, InvalidArgument
from provena_sdk.other_tools.aws_profile import AwsProfile, command_line, config_file, profile_for
from provena_sdk.other_tools.store_place import StorePlace
from provena_sdk.s3.models import StoreAddress

posix = pytest.mark.skipif(sys.platform == "win32", reason="modes and links")
LOCATION = DatasetLocation("10378.1/12", "reef", "datasets/10378-1-12/")
ADDRESS = StoreAddress("https://store.example.org", "eu-west-1", "/etc/ca.pem")
USUAL = Deployment("example.org")


def profile(
    name: str | None = None,
    *,
    access: Access = Access.READ,
    address: StoreAddress = ADDRESS,
    deployment: Deployment = USUAL,
    of: str | None = None,
) -> AwsProfile:
    return profile_for(StorePlace(LOCATION, address, access), deployment, of, name)


@pytest.fixture(autouse=True)
def _own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROVENA_STATE_DIR", str(tmp_path / "state"))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "aws" / "config"


def test_botocore_reads_it(file: Path) -> None:
    assert profile().save(file)
    found = load_config(str(file))["profiles"]["provena-10378.1-12"]
    assert found == {
        "credential_process": command_line(profile().command),
        "region": "eu-west-1",
        "ca_bundle": "/etc/ca.pem",
        "endpoint_url": "https://store.example.org",
        "s3": {"addressing_style": "path"},
    }


def test_amazon_needs_no_endpoint(file: Path) -> None:
    profile(address=StoreAddress()).save(file)
    assert load_config(str(file))["profiles"]["provena-10378.1-12"].keys() == {"credential_process"}
    assert profile(address=StoreAddress()).rclone_options == (
        "--s3-provider=AWS",
        "--s3-env-auth=true",
        "--s3-profile=provena-10378.1-12",
        "--s3-no-check-bucket=true",
    )


@posix
def test_only_its_owner_can_read_it(file: Path) -> None:
    profile().save(file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    file.chmod(0o644)
    assert profile().save(file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_saving_again_changes_nothing(file: Path) -> None:
    assert profile().save(file)
    before = file.stat()
    assert not profile().save(file)
    assert (file.stat().st_mtime_ns, file.stat().st_ino) == (before.st_mtime_ns, before.st_ino)


@posix
def test_a_link_stays(file: Path, tmp_path: Path) -> None:
    real = tmp_path / "dotfiles"
    real.write_text("[default]\noutput = json\n")
    file.parent.mkdir()
    file.symlink_to(real)
    assert profile().save(file)
    assert file.is_symlink()
    assert real.read_text().startswith("[default]\noutput = json\n\n[profile provena-10378.1-12]\n")


def test_it_is_written_where_the_tools_look(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "elsewhere"))
    assert profile().save()
    assert (tmp_path / "elsewhere").exists()
    monkeypatch.delenv("AWS_CONFIG_FILE")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert config_file() == tmp_path / ".aws" / "config"


@pytest.mark.parametrize(
    "section",
    [
        "[profile reef]\nregion = us-east-1\n",
        "[profile reef]\ncredential_process = /opt/other 10378.1/12\n",
        "[profile reef]\ncredential_process = provena credential-process 10378.1/13\n",
        "[profile reef]\ncredential_process = provena credential-process 10378.1/12 --write\n",
    ],
)
def test_another_profile_of_the_name_is_kept(file: Path, section: str) -> None:
    file.parent.mkdir()
    file.write_text(section)
    with pytest.raises(InvalidArgument, match="'reef' is the name of another profile"):
        profile("reef").save(file)
    assert file.read_text() == section


def test_its_own_profile_is_renewed(file: Path) -> None:
    file.parent.mkdir()
    file.write_text(
        '[profile reef]\ncredential_process = "/gone/provena" credential-process 10378.1/12\noutput = json\n'
    )
    assert profile("reef").save(file)
    assert load_config(str(file))["profiles"]["reef"]["output"] == "json"
    assert "/gone/" not in file.read_text()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\xff\xfe", "not UTF-8"),
        (b"[profile reef]\n[profile reef]\n", "2 profiles 'reef'"),
        (b"#" * 2**21, "longer"),
    ],
)
def test_a_file_that_cannot_be_understood_is_kept(file: Path, content: bytes, message: str) -> None:
    file.parent.mkdir()
    file.write_bytes(content)
    with pytest.raises(ConfigurationError, match=message):
        profile("reef").save(file)
    assert file.read_bytes() == content


@pytest.mark.parametrize("name", ["", "a b", "a]\nb", "-x", "é", "a" * 200, 'a"b'])
def test_a_name_that_tools_could_misread_is_refused(name: str) -> None:
    with pytest.raises(InvalidArgument, match="must be the name of a profile"):
        profile(name)


def test_the_command_names_the_deployment() -> None:
    made = profile(access=Access.WRITE)
    assert made.command[-5:] == ("credential-process", "10378.1/12", "--write", "--deployment", "example.org")
    assert not made.needs_environment
    assert made.name == "provena-10378.1-12-write"


def test_the_command_names_the_profile_of_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = tmp_path / "config.toml"
    config.write_text("[profiles.dev]\ndomain = 'example.org'\ndatastore_url = 'https://data.example.org'\n")
    monkeypatch.setenv("PROVENA_CONFIG_FILE", str(config))
    deployment = Deployment("example.org", datastore="https://data.example.org")
    assert profile(deployment=deployment, of="dev").command[-2:] == ("--profile", "dev")
    assert not profile(deployment=deployment, of="dev").needs_environment


def test_urls_that_only_the_environment_has_are_reported() -> None:
    made = profile(deployment=Deployment("example.org", datastore="https://data.example.org"))
    assert made.command[-1] == "10378.1/12"
    assert made.needs_environment


@posix
@given(
    st.lists(
        st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12),
        min_size=1,
        max_size=3,
    )
)
def test_every_tool_reads_the_same_words(words: list[str]) -> None:
    assert shlex.split(command_line(words)) == words


@posix
def test_a_shell_reads_the_same_words() -> None:
    words = [
        "printf",
        "%s\n",
        "a b",
        "$HOME",
        "`id`",
        "it's",
        'say "x"',
        "\\",
        "",
        "#",
        "a;b",
        "~",
        "*",
        "!x",
        "é",
    ]
    done = subprocess.run(["sh", "-c", command_line(words)], capture_output=True, text=True, check=True)
    assert done.stdout == "".join(f"{word}\n" for word in words[2:])


def test_the_program_starts_from_anywhere(tmp_path: Path) -> None:
    program = profile().command[0]
    assert os.path.isabs(program)
    assert Path(program).exists()


def test_what_is_shown() -> None:
    made = profile("reef")
    assert repr(made) == "<AwsProfile 'reef' of 10378.1/12>".replace("'", "")
    assert str(made).splitlines()[:2] == [
        "[profile reef]",
        f"credential_process = {command_line(made.command)}",
    ]
