"""Which of several values is in force: arguments, environment, profile, default."""

from __future__ import annotations

import copy
import itertools
import pickle
from dataclasses import replace
from typing import Any

import pytest

from provena_sdk.config import Config, Deployment, Given, Settings, explain, resolve
from provena_sdk.config.profiles import parse_config
from provena_sdk.config.settings import is_secret_for
from provena_sdk.errors import ConfigurationError, InvalidArgument

REEF = """
[profiles.reef]
domain = "reef.org"
realm = "coral"
datastore_url = "https://data.reef.org"
s3_region = "reef-1"
client_id = "reef-tools"
timeout = 10
max_retries = 1
limit_rate = "1.5 MB/s"
max_connections = 4
interactive = true
offline_token_file = "/tokens/reef"

[profiles.lab]
domain = "lab.org"

[profiles.patient]
timeout = 500
"""


def config(default: str = "default") -> Config:
    line = "" if default == "default" else f'default_profile = "{default}"\n'
    return parse_config(line + REEF, "/config.toml")


def test_nothing_but_a_domain() -> None:
    settings = resolve(Given("example.org"), {})
    assert settings == Settings(Deployment("example.org"), origins=settings.origins)
    assert (settings.timeout, settings.max_retries, settings.storage) == (60.0, 3, "file")


def test_a_profile_allows_plain_http_for_its_own_deployment_only() -> None:
    written = parse_config(
        '[profiles.default]\ndomain = "lab.org"\ns3_endpoint = "http://s3.lab.org"\nallow_plain_http = true\n',
        "/config.toml",
    )
    assert resolve(Given(), {}, written).deployment.s3_endpoint == "http://s3.lab.org"
    assert resolve(Given("other.org"), {}, written).deployment == Deployment("other.org")
    with pytest.raises(ConfigurationError, match="search must be an https URL"):
        resolve(Given("other.org"), {"PROVENA_SEARCH_URL": "http://search.other.org"}, written)
    with pytest.raises(ConfigurationError, match="allow_plain_http must be true or false, not 'yes'"):
        parse_config('[profiles.lab]\nallow_plain_http = "yes"', "/config.toml")


VALUES: dict[str, tuple[Any, str, Any, Any]] = {
    # name: as argument, as variable's text, as it comes out, in the profile
    "realm": ("arg", "env", "env", "coral"),
    "client_id": ("arg", "env", "env", "reef-tools"),
    "timeout": (1.0, "2.5", 2.5, 10.0),
    "max_retries": (7, "8", 8, 1),
    "limit_rate": (1e6, "2000000", 2e6, 1_500_000.0),
    "max_connections": (2, "8", 8, 4),
}


@pytest.mark.parametrize("name", VALUES)
@pytest.mark.parametrize(("argued", "outside"), list(itertools.product([True, False], repeat=2)))
@pytest.mark.parametrize("named", ["argument", "variable", "default"])
def test_the_order(name: str, argued: bool, outside: bool, named: str) -> None:
    argument, text, read, written = VALUES[name]
    environment = {f"PROVENA_{name.upper()}": text} if outside else {}
    if named == "variable":
        environment["PROVENA_PROFILE"] = "reef"
    given = Given(**{name: argument} if argued else {}, profile="reef" if named == "argument" else None)
    settings = resolve(given, environment, config("reef" if named == "default" else "default"))
    if argued:
        expected, origin = argument, "argument"
    elif outside and named != "argument":
        expected, origin = read, f"environment variable PROVENA_{name.upper()}"
    else:
        expected, origin = written, "profile 'reef' in /config.toml"
    found = settings.deployment.realm if name == "realm" else getattr(settings, name)
    assert found == expected
    assert settings.origins[name] == origin


def test_a_named_profile_leaves_to_the_environment_what_it_does_not_say() -> None:
    environment = {"PROVENA_S3_REGION": "env", "PROVENA_SEARCH_URL": "https://s.env.org"}
    settings = resolve(Given(profile="reef"), environment, config())
    assert settings.deployment.s3_region == "reef-1"
    assert settings.deployment.search == "https://s.env.org"
    assert settings.profile == "reef"


def test_a_deployment_in_the_environment_does_not_turn_a_named_profile_elsewhere() -> None:
    environment = {
        "PROVENA_DOMAIN": "sandbox.org",
        "PROVENA_SEARCH_URL": "https://s.sandbox.org",
        "PROVENA_ISSUER_URL": "https://i.sandbox.org",
        "PROVENA_ACCESS_TOKEN": "hush-for-the-sandbox",
        "PROVENA_CLIENT_ID": "sandbox-client",
        "PROVENA_TIMEOUT": "5",
    }
    settings = resolve(Given(profile="lab"), environment, config())
    assert settings.deployment == Deployment("lab.org")
    assert settings.credential is None
    assert settings.client_id is None
    assert settings.timeout == 5.0
    (note,) = settings.left_out
    assert note == (
        "PROVENA_ACCESS_TOKEN, PROVENA_CLIENT_ID, PROVENA_DOMAIN, PROVENA_ISSUER_URL, PROVENA_SEARCH_URL: "
        "for sandbox.org."
    )


@pytest.mark.parametrize("given", [Given("other.org"), Given(Deployment("other.org"))])
def test_secrets_and_addresses_stay_with_their_deployment(given: Given) -> None:
    environment = {
        "PROVENA_DOMAIN": "example.org",
        "PROVENA_DATASTORE_URL": "https://d.example.org",
        "PROVENA_OFFLINE_TOKEN": "hush",
    }
    settings = resolve(given, environment, config("reef"))
    assert settings.deployment == Deployment("other.org")
    assert settings.credential is None
    assert settings.profile == "default"
    assert settings.timeout == 10.0, "how to wait is not about a deployment"
    assert len(settings.left_out) == 2
    assert "hush" not in "".join(settings.left_out)


def test_the_environment_turns_a_default_profile_elsewhere() -> None:
    settings = resolve(Given(), {"PROVENA_DOMAIN": "other.org"}, config("reef"))
    assert settings.deployment == Deployment("other.org")
    assert (settings.profile, settings.credential) == ("default", None)


def test_the_same_domain_however_written() -> None:
    environment = {"PROVENA_DOMAIN": "Example.ORG", "PROVENA_REALM": "coral", "PROVENA_OFFLINE_TOKEN": "t"}
    settings = resolve(Given("example.org"), environment)
    assert settings.deployment.realm == "coral"
    assert settings.credential is not None
    assert settings.left_out == ()


def test_an_issuer_stays_with_its_realm() -> None:
    environment = {
        "PROVENA_REALM": "coral",
        "PROVENA_ISSUER_URL": "https://i.org/realms/coral",
        "PROVENA_SEARCH_URL": "https://s.org",
        "PROVENA_OFFLINE_TOKEN": "hush",
    }
    settings = resolve(Given("example.org", "kelp"), environment)
    assert settings.deployment == Deployment("example.org", "kelp", search="https://s.org")
    assert settings.credential is None
    assert settings.left_out == ("PROVENA_ISSUER_URL, PROVENA_OFFLINE_TOKEN: for realm coral.",)


ONE = {
    "PROVENA_DOMAIN": "localhost",
    "PROVENA_ISSUER_URL": "http://localhost:1/realms/provena",
    "PROVENA_DATASTORE_URL": "http://localhost:2",
    "PROVENA_SEARCH_URL": "http://localhost:3",
    "PROVENA_S3_ENDPOINT": "http://localhost:4",
    "PROVENA_CLIENT_ID": "tools",
}


@pytest.mark.parametrize("secret", ["ACCESS_TOKEN", "OFFLINE_TOKEN", "OFFLINE_TOKEN_FILE", "CLIENT_SECRET"])
def test_two_deployments_share_a_domain(secret: str) -> None:
    environment = {**ONE, f"PROVENA_{secret}": "/hush"}
    same = Deployment.from_env({**ONE, "PROVENA_ISSUER_URL": "HTTP://LocalHost:1/realms/provena/"})
    assert resolve(Given(same), environment).credential is not None
    for other in (
        Deployment.from_env({**ONE, "PROVENA_ISSUER_URL": "http://localhost:9/realms/provena"}),
        Deployment.from_env({**ONE, "PROVENA_ISSUER_URL": "https://localhost:1/realms/provena"}),
        Deployment("localhost"),
    ):
        settings = resolve(Given(other), environment)
        assert settings.deployment == other
        assert (settings.credential, settings.client_id) == (None, None)
        (note,) = settings.left_out
        assert f"PROVENA_{secret}" in note
        assert note.endswith(": for the sign-in at http://localhost:1/realms/provena.")
        assert "hush" not in note


@pytest.mark.parametrize("secret", ["ACCESS_TOKEN", "OFFLINE_TOKEN"])
def test_a_domain_alone_means_its_usual_addresses(secret: str) -> None:
    environment = {"PROVENA_DOMAIN": "example.org", f"PROVENA_{secret}": "hush"}
    assert resolve(Given(Deployment("example.org", "kelp")), environment).credential is not None
    other = Deployment("example.org", issuer="https://auth.staging.org/realms/provena")
    assert resolve(Given(other), environment).credential is None


@pytest.mark.parametrize("address", ["DATASTORE_URL", "SEARCH_URL"])
def test_an_access_token_goes_to_its_own_services_only(address: str) -> None:
    other = Deployment.from_env({**ONE, f"PROVENA_{address}": "http://localhost:9"})
    environment = {**ONE, "PROVENA_ACCESS_TOKEN": "hush", "PROVENA_OFFLINE_TOKEN": "hush"}
    settings = resolve(Given(other), environment)
    assert settings.credential is not None
    assert settings.credential.kind == "offline_token", "which goes to the sign-in server"
    service = address.partition("_")[0].lower()
    assert settings.left_out == (f"PROVENA_ACCESS_TOKEN: for the {service} at {ONE[f'PROVENA_{address}']}.",)


@pytest.mark.parametrize("url", ["registry_url", "auth_url", "job_url", "prov_url"])
def test_an_access_token_goes_to_no_other_registry_auth_job_or_provenance_service(url: str) -> None:
    variable = f"PROVENA_{url.upper()}"
    environment = {**ONE, variable: "https://one.org", "PROVENA_ACCESS_TOKEN": "hush"}
    for other, is_sent in (("https://one.org:443/", True), ("https://other.org", False), ("none", True)):
        given = Deployment.from_env({**ONE, variable: other})
        settings = resolve(Given(given), environment)
        assert (settings.credential is not None) is is_sent
        assert is_secret_for(given, "PROVENA_ACCESS_TOKEN", environment) is is_sent
    # What says that there is no such service says nothing about where the token may go.
    settings = resolve(Given(Deployment.from_env(ONE)), {**environment, variable: "none"})
    assert settings.credential is not None


@pytest.mark.parametrize("value", ["none", False, 5])
@pytest.mark.parametrize("name", ["datastore", "registry_url", "prov_url"])
def test_what_is_not_a_url_is_refused(name: str, value: Any) -> None:
    with pytest.raises(ConfigurationError, match=rf"^{name} is not an http\(s\) URL\.") as refused:
        Deployment("example.org", **{name: value})
    assert ("or give None" in str(refused.value)) is (name != "datastore")


@pytest.mark.parametrize("url", ["registry_url", "auth_url", "job_url", "prov_url"])
def test_a_deployment_may_lack_a_service(url: str) -> None:
    service, variable = url.removesuffix("_url"), f"PROVENA_{url.upper()}"
    words = "provenance" if service == "prov" else service
    changes: dict[str, Any] = {url: None}
    for settings in (
        resolve(Given("example.org"), {variable: "none"}),
        resolve(Given(replace(Deployment("example.org"), **changes)), {variable: "https://x.org"}),
        resolve(Given("example.org"), {}, parse_config(f'[profiles.default]\n{url} = "NONE"', "/c.toml")),
    ):
        made = settings.deployment
        assert getattr(made, url) is None
        assert explain(settings)[url].value == "none"
        with pytest.raises(
            ConfigurationError, match=f"The deployment example.org has no {words} service"
        ) as caught:
            made.url_of(service)
        assert caught.value.hint is not None
        assert f"set {url} to its URL" in caught.value.hint
    usual = resolve(Given("example.org"), {}).deployment
    assert getattr(usual, url) == usual.url_of(service) == f"https://{service}-api.example.org"
    from_environment = Deployment.from_env({"PROVENA_DOMAIN": "example.org", variable: "None"})
    assert from_environment == replace(usual, **changes)


@pytest.mark.parametrize("name", ["datastore", "search", "issuer"])
def test_no_deployment_lacks_datastore_search_and_sign_in(name: str) -> None:
    with pytest.raises(ConfigurationError):
        resolve(Given("example.org"), {f"PROVENA_{name.upper()}_URL": "none"})


def test_a_profile_of_another_deployment_of_the_domain() -> None:
    text = """
        [profiles.other]
        domain = "localhost"
        issuer_url = "http://localhost:9/realms/provena"
        offline_token_file = "/hush"
    """
    read = parse_config(text, "/config.toml")
    named = resolve(Given(profile="other"), {**ONE, "PROVENA_ACCESS_TOKEN": "hush"}, read)
    assert named.deployment == Deployment("localhost", issuer="http://localhost:9/realms/provena")
    assert named.credential is not None
    assert named.credential.kind == "offline_token_file"
    behind = resolve(Given(), {**ONE, "PROVENA_PROFILE": "other"}, read)
    assert behind.deployment == Deployment.from_env(ONE)
    assert behind.credential is None


def test_a_profile_says_where_the_environments_domain_is() -> None:
    text = """
        default_profile = "lab"
        [profiles.lab]
        domain = "lab.org"
        issuer_url = "https://sign-in.lab.org/realms/provena"
    """
    environment = {"PROVENA_DOMAIN": "lab.org", "PROVENA_OFFLINE_TOKEN": "hush"}
    settings = resolve(Given(), environment, parse_config(text, "/config.toml"))
    assert settings.deployment.issuer == "https://sign-in.lab.org/realms/provena"
    assert settings.credential is not None


def test_addresses_alone_go_with_any_deployment() -> None:
    settings = resolve(Given("example.org"), {"PROVENA_SEARCH_URL": "https://s.org/"})
    assert settings.deployment.search == "https://s.org"


def test_a_whole_deployment_is_taken_whole() -> None:
    given = Deployment("example.org", "coral", s3_region="x")
    environment = {"PROVENA_SEARCH_URL": "https://s.org", "PROVENA_S3_ENDPOINT": "https://o.org"}
    assert resolve(Given(given), environment).deployment == given
    with pytest.raises(InvalidArgument, match="realm"):
        resolve(Given(given, "kelp"), {})
    assert resolve(Given(given, "coral"), {}).deployment == given


SECRETS = {
    "PROVENA_ACCESS_TOKEN": "access_token",
    "PROVENA_OFFLINE_TOKEN": "offline_token",
    "PROVENA_OFFLINE_TOKEN_FILE": "offline_token_file",
    "PROVENA_CLIENT_SECRET": "client_secret",
}


@pytest.mark.parametrize("first", range(len(SECRETS)))
def test_the_order_of_secrets_in_the_environment(first: int) -> None:
    environment = dict.fromkeys(list(SECRETS)[first:], "/hush")
    credential = resolve(Given("example.org"), environment).credential
    assert credential is not None
    assert credential.kind == list(SECRETS.values())[first]
    assert credential.origin == f"environment variable {list(SECRETS)[first]}"


def test_secrets_follow_the_same_order_of_places() -> None:
    environment = {"PROVENA_ACCESS_TOKEN": "env"}
    kinds = [
        (Given(profile="reef"), environment, "offline_token_file"),
        (Given(profile="lab"), environment, "access_token"),
        (Given(), {**environment, "PROVENA_PROFILE": "reef"}, "access_token"),
        (Given(), {"PROVENA_PROFILE": "reef"}, "offline_token_file"),
        (Given(profile="reef", client_secret="s"), environment, "client_secret"),
    ]
    for given, variables, kind in kinds:
        credential = resolve(given, variables, config()).credential
        assert credential is not None
        assert credential.kind == kind


def test_only_one_secret_as_an_argument() -> None:
    with pytest.raises(
        ConfigurationError, match="Only one of access_token, offline_token can be used"
    ) as caught:
        resolve(Given("example.org", access_token="hush", offline_token="hush"), {})
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize(
    ("argument", "variable", "profile", "expected"),
    [
        (None, "", "lab", None),
        (None, "", "reef", True),
        (None, "1", "reef", False),
        (None, "0", "reef", True),
        (None, "no", "lab", None),
        (None, "yes", "lab", False),
        (True, "1", "lab", True),
        (False, "", "reef", False),
    ],
)
def test_who_may_ask_a_person(
    argument: bool | None, variable: str, profile: str, expected: bool | None
) -> None:
    given = Given(profile=profile, interactive=argument)
    assert resolve(given, {"PROVENA_NON_INTERACTIVE": variable}, config()).interactive is expected


class TestProfiles:
    def test_one_that_is_not_there(self) -> None:
        with pytest.raises(
            ConfigurationError, match=r"profile: there is no profile 'reaf'. Did you mean reef\?"
        ):
            resolve(Given(profile="reaf"), {"PROVENA_DOMAIN": "example.org"}, config())
        with pytest.raises(ConfigurationError, match="PROVENA_PROFILE: there is no profile 'x'"):
            resolve(Given(), {"PROVENA_PROFILE": "x"}, config())
        missing = Config(config().path, exists=False)
        with pytest.raises(ConfigurationError, match=r"/config\.toml, which does not exist yet"):
            resolve(Given(profile="reef"), {}, missing)

    @pytest.mark.parametrize("profile", ["", " ", 3])
    def test_what_is_no_name(self, profile: Any) -> None:
        with pytest.raises(InvalidArgument, match="profile"):
            resolve(Given(profile=profile), {}, config())

    def test_with_a_deployment_any_name_keeps_sessions_apart(self) -> None:
        settings = resolve(Given("example.org", profile="second account"), {}, config())
        assert settings.profile == "second account"
        assert settings.deployment == Deployment("example.org")

    def test_a_deployment_that_is_not_the_profiles(self) -> None:
        with pytest.raises(ConfigurationError, match=r"'reef' in /config\.toml is for reef\.org"):
            resolve(Given("lab.org", profile="reef"), {}, config())
        assert resolve(Given("REEF.org", profile="reef"), {}, config()).profile == "reef"

    def test_the_one_called_default(self) -> None:
        read = parse_config("[profiles.default]\ndomain = 'example.org'", "/config.toml")
        assert resolve(Given(), {}, read).deployment.domain == "example.org"

    def test_one_without_a_domain(self) -> None:
        with pytest.raises(ConfigurationError, match=r"profile 'patient' in /config\.toml names no domain"):
            resolve(Given(profile="patient"), {}, config())
        settings = resolve(Given(profile="patient"), {"PROVENA_DOMAIN": "example.org"}, config())
        assert (settings.timeout, settings.profile) == (500.0, "patient")

    def test_no_deployment_at_all(self) -> None:
        with pytest.raises(ConfigurationError, match="No deployment is named") as caught:
            resolve(Given(), {}, config())
        assert "PROVENA_DOMAIN" in str(caught.value)
        assert "/config.toml" in str(caught.value)


@pytest.mark.parametrize(
    ("variable", "text"),
    [
        ("PROVENA_DOMAIN", "https://u:hush@example.org"),
        ("PROVENA_REALM", "a/b"),
        ("PROVENA_DATASTORE_URL", "https://u:hush@example.org"),
        ("PROVENA_SEARCH_URL", "hush"),
        ("PROVENA_ISSUER_URL", "ftp://hush"),
        ("PROVENA_S3_ENDPOINT", "hush"),
        ("PROVENA_TIMEOUT", "soon"),
        ("PROVENA_TIMEOUT", "0"),
        ("PROVENA_TIMEOUT", "inf"),
        ("PROVENA_TIMEOUT", "nan"),
        ("PROVENA_TIMEOUT", "9" * 500),
        ("PROVENA_MAX_RETRIES", "2.5"),
        ("PROVENA_MAX_RETRIES", "-1"),
        ("PROVENA_LIMIT_RATE", "fast"),
        ("PROVENA_LIMIT_RATE", "10 B/s"),
        ("PROVENA_LIMIT_RATE", "nan"),
        ("PROVENA_MAX_CONNECTIONS", "0"),
        ("PROVENA_MAX_CONNECTIONS", "few"),
    ],
)
def test_a_variable_that_cannot_be_used_is_named(variable: str, text: str) -> None:
    with pytest.raises(ConfigurationError, match=f"^{variable} (is|must)") as caught:
        resolve(Given("example.org"), {variable: text})
    assert "hush" not in str(caught.value)
    if variable in ("PROVENA_TIMEOUT", "PROVENA_MAX_RETRIES"):
        assert f"not '{text[:59]}" in str(caught.value)


def test_blank_variables_are_not_set() -> None:
    blank = dict.fromkeys(
        ("PROVENA_REALM", "PROVENA_TIMEOUT", "PROVENA_PROFILE", "PROVENA_OFFLINE_TOKEN"), " "
    )
    assert resolve(Given("example.org"), blank, config()).credential is None


def test_paths_are_made_absolute(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ada")
    monkeypatch.chdir("/")
    settings = resolve(
        Given("example.org", ca_file="certificates.pem"), {"PROVENA_OFFLINE_TOKEN_FILE": "~/token"}
    )
    assert settings.deployment.ca_file == "/certificates.pem"
    assert settings.credential is not None
    assert settings.credential.value == "/home/ada/token"


def test_settings_show_no_secret() -> None:
    for given in (Given("example.org", offline_token="hush"), Given("example.org", client_secret="hush")):
        settings = resolve(given, {})
        assert "hush" not in f"{given!r} {settings!r} {explain(settings)!r} {explain(settings)._repr_html_()}"
        assert "hush" not in repr(copy.copy(settings))
        with pytest.raises(TypeError, match="is not pickled") as caught:
            pickle.dumps(settings)
        assert "hush" not in str(caught.value)
