"""Whatever a store or a deployment names cannot leave its quotes."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
import time
from datetime import UTC, datetime

import pytest

from provena_sdk.datasets.credentials import Access
from provena_sdk.datasets.location import DatasetLocation
from provena_sdk.errors import InvalidArgument
from provena_sdk.other_tools.store_credentials import FORMATS, StoreCredentials
from provena_sdk.s3.credentials import Credentials
from provena_sdk.s3.models import StoreAddress

NOW = time.time()
SECRETS = ("ASIA1", "se'cret$(exit)`exit`", 'to"ken;\\exit')
AMAZON = StoreAddress()
OTHER = StoreAddress("http://127.0.0.1:9000", None, "/etc/ca.pem")


def granted(
    address: StoreAddress = OTHER,
    *,
    access: Access = Access.READ,
    seconds: float = 15,
    token: str = SECRETS[2],
) -> StoreCredentials:
    expiry = datetime.fromtimestamp(NOW + seconds, UTC)
    credentials = Credentials(*SECRETS[:2], token, expiry)
    location = DatasetLocation("10378.1/12", "reef", "datasets/10378-1-12/")
    return StoreCredentials(location, address, access, credentials, NOW)


@pytest.mark.skipif(sys.platform == "win32", reason="it has no sh")
def test_a_shell_gets_the_values_as_they_are() -> None:
    script = granted().text("env") + "".join(
        f'printf "%s\\n" "${name}"\n'
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
    )
    done = subprocess.run(["sh"], input=script, capture_output=True, text=True, check=True)
    assert tuple(done.stdout.splitlines()) == SECRETS


def test_powershell_doubles_quotes() -> None:
    lines = granted().text("powershell").splitlines()
    assert "$env:AWS_SECRET_ACCESS_KEY = 'se''cret$(exit)`exit`'" in lines


def test_sql_doubles_quotes_and_keeps_to_the_dataset() -> None:
    text = granted().text("duckdb")
    assert text.startswith('CREATE OR REPLACE SECRET "provena-10378.1-12" (\n    TYPE s3,\n')
    for line in (
        "SECRET 'se''cret$(exit)`exit`'",
        "ENDPOINT '127.0.0.1:9000'",
        "URL_STYLE 'path'",
        "USE_SSL false",
        "SCOPE 's3://reef/datasets/10378-1-12/'",
    ):
        assert f"    {line}" in text


def test_a_section_of_the_credentials_file() -> None:
    assert granted(access=Access.WRITE).text("aws").splitlines() == [
        "[provena-10378.1-12-write]",
        f"aws_access_key_id = {SECRETS[0]}",
        f"aws_secret_access_key = {SECRETS[1]}",
        f"aws_session_token = {SECRETS[2]}",
    ]


def test_a_process_prints_one_line_with_an_end_before_the_real_one() -> None:
    text = granted(seconds=15).text("process")
    assert text.endswith("}\n")
    assert text.count("\n") == 1
    answer = json.loads(text)
    assert (answer["AccessKeyId"], answer["SecretAccessKey"], answer["SessionToken"]) == SECRETS
    assert answer["Version"] == 1
    assert answer["Expiration"] == datetime.fromtimestamp(NOW + 12, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    hours = json.loads(granted(seconds=28800).text("process"))["Expiration"]
    assert hours == datetime.fromtimestamp(NOW + 28500, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def test_credentials_that_have_expired_by_this_clock_name_their_own_end() -> None:
    late = granted(seconds=-60)
    assert late.renew_at == late.expiry


def test_json_holds_everything() -> None:
    data = json.loads(granted().text("json"))
    assert data["url"] == "s3://reef/datasets/10378-1-12/"
    assert (data["access_key_id"], data["endpoint_url"], data["region"]) == (
        SECRETS[0],
        OTHER.url,
        "us-east-1",
    )


def test_amazon_needs_no_endpoint() -> None:
    assert set(granted(AMAZON).environment()) == {
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_CREDENTIAL_EXPIRATION",
    }
    assert "ENDPOINT" not in granted(AMAZON).text("duckdb")
    assert granted(StoreAddress(None, "eu-west-1")).environment()["AWS_REGION"] == "eu-west-1"


def test_another_store_is_named_to_every_tool() -> None:
    variables = granted().environment()
    assert variables["AWS_ENDPOINT_URL_S3"] == "http://127.0.0.1:9000"
    assert (variables["AWS_S3_ENDPOINT"], variables["AWS_HTTPS"]) == ("127.0.0.1:9000", "NO")
    assert variables["AWS_CA_BUNDLE"] == "/etc/ca.pem"


@pytest.mark.parametrize("form", FORMATS)
def test_credentials_without_a_session_token(form: str) -> None:
    assert "token" not in granted(token="").text(form).lower()  # type: ignore[arg-type]  # one of them


def test_an_unknown_format_is_refused() -> None:
    with pytest.raises(InvalidArgument, match=r"'env', 'powershell'.* or 'duckdb', not 'yaml'"):
        granted().text("yaml")  # type: ignore[arg-type]  # on purpose


def test_nothing_shows_or_pickles_the_secrets() -> None:
    for shown in (repr(granted()), str(granted()), f"{granted()!r}", repr([granted()])):
        assert not any(secret in shown for secret in SECRETS)
        assert "10378.1/12" in shown
    with pytest.raises(TypeError):
        pickle.dumps(granted())
