"""Reading config.toml: what it may say, and what is said about what it may not."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from provena_sdk.config import config_path, read_config
from provena_sdk.config.keys import KEYS
from provena_sdk.config.profiles import parse_config
from provena_sdk.errors import ConfigurationError

EVERYTHING = """
default_profile = "reef"

[profiles.reef]
domain = "reef.example.org"
realm = "reef"
datastore_url = "https://d.example.org/api/"
search_url = "https://s.example.org"
issuer_url = "https://i.example.org/realms/reef"
registry_url = "https://r.example.org"
auth_url = "https://a.example.org/"
job_url = "none"
prov_url = "None"
s3_endpoint = "https://o.example.org"
s3_region = "ap-southeast-2"
client_id = "reef-tools"
ca_file = "certificates/ca.pem"
allow_plain_http = false
offline_token_file = "~/token"
storage = "memory"
interactive = false
timeout = 30
max_retries = 0
limit_rate = "1.5 MB/s"
max_connections = 4

[profiles."the lab"]
domain = "lab.example.org"
offline_token_command = ["pass", "show", "provena"]
offline_token_store_command = ["pass", "insert", "-m", "provena"]
timeout = 2.5
"""


def test_everything_a_profile_can_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    path = tmp_path / "config.toml"
    path.write_text(EVERYTHING, "utf-8")
    config = read_config(path)
    assert (config.path, config.exists, config.default_profile) == (path, True, "reef")
    reef, lab = config.profiles["reef"], config.profiles["the lab"]
    assert reef == {
        "domain": "reef.example.org",
        "realm": "reef",
        "datastore_url": "https://d.example.org/api",
        "search_url": "https://s.example.org",
        "issuer_url": "https://i.example.org/realms/reef",
        "registry_url": "https://r.example.org",
        "auth_url": "https://a.example.org",
        "job_url": None,
        "prov_url": None,
        "s3_endpoint": "https://o.example.org",
        "s3_region": "ap-southeast-2",
        "client_id": "reef-tools",
        "ca_file": str(tmp_path / "certificates" / "ca.pem"),
        "allow_plain_http": False,
        "offline_token_file": str(tmp_path / "home" / "token"),
        "storage": "memory",
        "interactive": False,
        "timeout": 30.0,
        "max_retries": 0,
        "limit_rate": 1_500_000.0,
        "max_connections": 4,
    }
    assert lab["offline_token_command"] == ("pass", "show", "provena")
    assert lab["offline_token_store_command"] == ("pass", "insert", "-m", "provena")
    assert {*reef, *lab} == set(KEYS), "a key is left untried"


def test_a_file_that_is_not_there_says_nothing(tmp_path: Path) -> None:
    config = read_config(tmp_path / "config.toml")
    assert not config.exists
    assert config.profiles == {}


@pytest.mark.parametrize(
    "text", ["", "# nothing yet\n", "\ufeff[profiles.reef]\r\ndomain = 'example.org'\r\n"]
)
def test_files_from_any_editor(text: str, tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(text.encode())
    assert set(read_config(path).profiles) == ({"reef"} if text.startswith("\ufeff") else set())


def test_where_the_file_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert config_path({"PROVENA_CONFIG_FILE": "~/mine.toml"}) == tmp_path / "mine.toml"
    assert config_path({"PROVENA_CONFIG_FILE": " "}).parts[-2:] == ("provena-sdk", "config.toml")
    assert read_config().path == Path(os.environ["PROVENA_CONFIG_FILE"])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[profiles.reef", "line 1: this is not TOML"),
        ('[profiles.reef]\ndomain = "a', "line 2: this is not TOML"),
        ('\n\n[profiles.reef]\n"hush" = hush', "line 4: this is not TOML: Invalid value"),
        ("[profiles.reef]\nrealm = 'a'\nrealm = 'b'", "line 3: this is not TOML: Cannot overwrite"),
        ("[profiles.reef]\ntimeout =\n", "line 2: this is not TOML"),
        ("defualt_profile = 'reef'", "defualt_profile is not a known key. Did you mean default_profile"),
        ("domain = 'example.org'", "domain is not a known key. There are default_profile, profiles."),
        ("default_profile = 1", "default_profile must name a profile."),
        ("default_profile = ' '", "default_profile must name a profile."),
        (
            "default_profile = 'reaf'\n[profiles.reef]",
            "default_profile: there is no profile 'reaf'. Did you mean reef?",
        ),
        (
            "default_profile = 'reef'",
            "there is no profile 'reef'. Write one into config.toml, which has none.",
        ),
        ("profiles = 3", "profiles must hold tables, as in [profiles.reef]."),
        ("[profiles]\nreef = 3", "profile 'reef' must hold keys and values."),
        (
            "[profiles]\ndomain = 'a.org'",
            "profile 'domain' must hold keys and values. Begin it with [profiles.reef].",
        ),
        ("timout = 1", "profile 'reef', timout is not a known key. Did you mean timeout?"),
        ("place = 'x'", "profile 'reef', place is not a known key. There are domain, realm,"),
        ("domain = 3", "profile 'reef', domain must be text, not a number."),
        ("domain = 2024-01-01", "profile 'reef', domain must be text, not a date or time."),
        ("domain = ''", "profile 'reef', domain must be one line of text."),
        ("domain = 'https://u:hush@example.org'", "profile 'reef', domain is not a domain name."),
        ("realm = 'a/b'", "profile 'reef', realm must be the name of a realm, not 'a/b'."),
        ("issuer_url = 'example.org'", "profile 'reef', issuer_url is not an http(s) URL."),
        ("search_url = 'https://u:hush@example.org'", "search_url must not hold a user"),
        ("s3_region = ['a']", "profile 'reef', s3_region must be text, not a list."),
        ("client_id = true", "profile 'reef', client_id must be text, not true or false."),
        ("ca_file = {a = 1}", "profile 'reef', ca_file must be text, not a table."),
        ("timeout = '30'", "profile 'reef', timeout must be a number of seconds above 0, not '30'."),
        ("timeout = true", "profile 'reef', timeout must be a number of seconds above 0, not true."),
        ("timeout = 0", "profile 'reef', timeout must be a number of seconds above 0, not 0."),
        ("timeout = inf", "profile 'reef', timeout must be a number of seconds above 0, not inf."),
        ("timeout = nan", "profile 'reef', timeout must be a number of seconds above 0, not nan."),
        ("max_retries = 1.5", "profile 'reef', max_retries must be a whole number, 0 or above, not 1.5."),
        ("max_retries = -1", "profile 'reef', max_retries must be a whole number, 0 or above, not -1."),
        (
            "max_retries = true",
            "profile 'reef', max_retries must be a whole number, 0 or above, not true.",
        ),
        ("interactive = 'no'", "profile 'reef', interactive must be true or false, not 'no'."),
        ("interactive = 0", "profile 'reef', interactive must be true or false, not 0."),
        ("storage = 'cloud'", "profile 'reef', storage must be 'file', 'memory' or 'keyring', not"),
        ("storage = []", "profile 'reef', storage must be 'file', 'memory' or 'keyring', not"),
        ("offline_token_command = 'pass show hush'", "offline_token_command must be a list of texts"),
        ("offline_token_command = []", "offline_token_command must be a list of texts"),
        ("offline_token_command = ['pass', 1]", "offline_token_command must be a list of texts"),
        ("offline_token_command = ['']", "offline_token_command must be a list of texts"),
        (
            "offline_token_command = ['pass']\noffline_token_file = 'a'",
            "profile 'reef': only one of offline_token_file and offline_token_command",
        ),
        (
            "offline_token_store_command = ['pass']\noffline_token_file = 'a'",
            "profile 'reef': offline_token_store_command needs offline_token_command",
        ),
    ],
)
def test_what_is_wrong_is_said_with_its_place(text: str, message: str) -> None:
    whole = "profiles" in text or "profile =" in text or text.startswith("domain = 'example.org'")
    with pytest.raises(ConfigurationError) as caught:
        parse_config(text if whole else f"[profiles.reef]\n{text}\n", "config.toml")
    assert str(caught.value).startswith("config.toml, ")
    assert message in str(caught.value)
    assert "hush" not in str(caught.value).replace('"hush"', "")


@pytest.mark.parametrize("text", ["[" * 100_000, "{a = " * 20_000, "9" * 5000])
def test_what_python_cannot_read_is_no_bare_error(text: str) -> None:
    with pytest.raises(ConfigurationError, match="nested too deeply, or holds a number that is too long"):
        parse_config(f"a = {text}", "config.toml")


@pytest.mark.parametrize(
    "key", ["offline_token", "access_token", "client_secret", "password", "refresh_token"]
)
@pytest.mark.parametrize("head", ["", "[profiles.reef]\n"])
def test_secrets_have_no_place_in_it(key: str, head: str) -> None:
    with pytest.raises(ConfigurationError, match="is a secret, and must not be in this file") as caught:
        parse_config(f"{head}{key} = 'hush-hush'", "config.toml")
    told = str(caught.value)
    assert key in told
    assert "offline_token_command" in told
    assert "hush" not in told


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"cannot be read \(Is a directory\)"):
        read_config(tmp_path)
    path = tmp_path / "config.toml"
    path.write_bytes(b"# caf\xc3\xa9\n# caf\xe9\n")
    with pytest.raises(ConfigurationError, match="line 2: this is not UTF-8"):
        read_config(path)


def test_it_is_never_written(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(EVERYTHING, "utf-8")
    path.chmod(0o400)
    before = path.stat()
    read_config(path)
    after = path.stat()
    assert (before.st_mtime_ns, before.st_ino) == (after.st_mtime_ns, after.st_ino)
    assert list(tmp_path.iterdir()) == [path]
