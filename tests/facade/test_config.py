"""Where a deployment lives: what follows from a domain, what the environment says, and what is refused."""

from __future__ import annotations

import pytest

from provena_sdk import AsyncProvena, Provena
from provena_sdk.config import Deployment
from provena_sdk.errors import ConfigurationError, InvalidArgument


def test_addresses_follow_from_domain_and_realm() -> None:
    made = Deployment("example.org", "reef")
    assert (made.datastore, made.search, made.issuer) == (
        "https://data-api.example.org",
        "https://search.example.org",
        "https://auth.example.org/auth/realms/reef",
    )
    assert (made.s3_endpoint, made.s3_region) == (None, None)


def test_each_address_can_be_given() -> None:
    made = Deployment("example.org", datastore="http://127.0.0.1:8000/api/", s3_endpoint="http://[::1]:9000/")
    assert made.datastore == "http://127.0.0.1:8000/api"
    assert made.s3_endpoint == "http://[::1]:9000"
    assert made.search == "https://search.example.org"


def test_the_environment_says_where() -> None:
    made = Deployment.from_env(
        {
            "PROVENA_DOMAIN": "example.org",
            "PROVENA_REALM": "reef",
            "PROVENA_DATASTORE_URL": "https://d.example.org/",
            "PROVENA_SEARCH_URL": "https://s.example.org",
            "PROVENA_ISSUER_URL": "https://i.example.org",
            "PROVENA_S3_ENDPOINT": "https://o.example.org",
            "PROVENA_S3_REGION": "ap-southeast-2",
        }
    )
    assert made == Deployment(
        "example.org",
        "reef",
        datastore="https://d.example.org",
        search="https://s.example.org",
        issuer="https://i.example.org",
        s3_endpoint="https://o.example.org",
        s3_region="ap-southeast-2",
    )


def test_without_a_domain_the_next_step_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PROVENA_DOMAIN", raising=False)
    with pytest.raises(ConfigurationError, match="PROVENA_DOMAIN"):
        Provena()


@pytest.mark.parametrize(
    "domain",
    [
        "",
        "https://example.org",
        "https://user:hush@example.org",
        "user:hush@example.org",
        "a b",
        "x?y",
        "x#y",
    ],
)
def test_domains_that_are_refused(domain: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Deployment(domain)
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "example.org",
        "ftp://example.org",
        "https://",
        "https://user:hush@example.org",
        "https://example.org?x=hush",
        "https://example.org#hush",
        "https://example.org:99999",
        "https://example.org:0",
        "https://example.org:port",
        "https://[::1",
        "https://example.org/a b",
        "https://example.org/\x00",
        "https://example.org\n",
    ],
)
@pytest.mark.parametrize("name", ["datastore", "search", "issuer", "s3_endpoint"])
def test_addresses_that_are_refused(name: str, url: str) -> None:
    with pytest.raises(ConfigurationError, match=name) as caught:
        Deployment("example.org", **{name: url})  # type: ignore[arg-type]  # names of fields
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize(
    "url", ["http://data.example.org", "http://10.0.0.1:9000", "http://127.0.0.1.example.org"]
)
@pytest.mark.parametrize("name", ["datastore", "search", "issuer", "s3_endpoint"])
def test_plain_http_to_another_machine_is_refused(name: str, url: str) -> None:
    with pytest.raises(ConfigurationError, match=f"{name} must be an https URL") as caught:
        Deployment("example.org", **{name: url})  # type: ignore[arg-type]  # names of fields
    assert (caught.value.hint or "").endswith(" unless the deployment sets allow_plain_http.") is (
        name != "issuer"
    )


def test_a_deployment_may_allow_plain_http_for_all_but_sign_in() -> None:
    url = "http://data.lab:9000"
    made = Deployment("lab", datastore=url, search=url, s3_endpoint=url, allow_plain_http=True)
    assert (made.datastore, made.search, made.s3_endpoint) == (url, url, url)
    with pytest.raises(ConfigurationError, match="issuer"):
        Deployment("lab", issuer=url, allow_plain_http=True)
    with pytest.raises(ConfigurationError, match="allow_plain_http must be True or False"):
        Deployment("lab", datastore=url, allow_plain_http="no")  # type: ignore[arg-type]


@pytest.mark.parametrize("said", ["1", "true", "Yes", "ON"])
def test_the_environment_may_allow_plain_http(said: str) -> None:
    place = {"PROVENA_DOMAIN": "lab", "PROVENA_DATASTORE_URL": "http://data.lab"}
    for denied in ({}, {"PROVENA_ALLOW_PLAIN_HTTP": "0"}):
        with pytest.raises(ConfigurationError, match="https"):
            Deployment.from_env({**place, **denied})
        with pytest.raises(ConfigurationError, match="https"):
            Provena.from_env({**place, **denied})
    allowed = {**place, "PROVENA_ALLOW_PLAIN_HTTP": said}
    assert Deployment.from_env(allowed).datastore == "http://data.lab"
    client = Provena.from_env(allowed)
    assert client.deployment.datastore == "http://data.lab"
    assert client.explain()["allow_plain_http"].value == "yes"
    assert client.explain()["allow_plain_http"].origin == "environment variable PROVENA_ALLOW_PLAIN_HTTP"
    with pytest.raises(
        ConfigurationError, match="PROVENA_ALLOW_PLAIN_HTTP must be true or false, not 'maybe'"
    ):
        Provena.from_env({**place, "PROVENA_ALLOW_PLAIN_HTTP": "maybe"})


@pytest.mark.parametrize("realm", ["", "a/b", "a b", "a?b", "a#b"])
def test_realms_that_are_refused(realm: str) -> None:
    with pytest.raises(ConfigurationError, match="realm"):
        Deployment("example.org", realm)


@pytest.mark.parametrize("face", [Provena, AsyncProvena])
@pytest.mark.parametrize(
    ("options", "argument"),
    [
        ({"timeout": 0}, "timeout"),
        ({"timeout": -1}, "timeout"),
        ({"timeout": float("nan")}, "timeout"),
        ({"timeout": "5"}, "timeout"),
        ({"max_retries": -1}, "max_retries"),
        ({"max_retries": 1.5}, "max_retries"),
        ({"max_retries": "3"}, "max_retries"),
    ],
)
def test_options_that_are_refused(
    face: type[Provena] | type[AsyncProvena], options: dict[str, object], argument: str
) -> None:
    with pytest.raises(InvalidArgument) as caught:
        face("example.org", access_token="t", **options)  # type: ignore[arg-type]
    assert caught.value.argument == argument
    client = face("example.org", access_token="t")
    with pytest.raises(InvalidArgument) as caught:
        client.with_options(**options)  # type: ignore[arg-type]
    assert caught.value.argument == argument


@pytest.mark.parametrize("face", [Provena, AsyncProvena])
def test_something_else_than_a_deployment_is_refused(face: type[Provena] | type[AsyncProvena]) -> None:
    with pytest.raises(InvalidArgument) as caught:
        face(7, access_token="t")  # type: ignore[arg-type]
    assert caught.value.argument == "deployment"


@pytest.mark.parametrize("face", [Provena, AsyncProvena])
def test_clients_show_where_and_not_who(face: type[Provena] | type[AsyncProvena]) -> None:
    client = face(Deployment("example.org", "reef"), access_token="hush-hush")
    assert repr(client) == f"<{face.__name__} example.org realm=reef>"
    shown = f"{client!r} {client.tokens!r} {client.datastore!r} {client._transport!r}"
    assert "hush" not in shown
