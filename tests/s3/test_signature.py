"""The own signer must write what botocore's writes."""

from datetime import UTC, datetime

import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import ReadOnlyCredentials
from hypothesis import given, settings
from hypothesis import strategies as st

from provena_sdk.s3.credentials import Credentials
from provena_sdk.s3.http.endpoint import query, quoted
from provena_sdk.s3.http.http1 import revealed
from provena_sdk.s3.sigv4 import Signer
from provena_sdk.secret import Secret

EXPIRY = datetime(2040, 1, 1, tzinfo=UTC)
KEYS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=60)
NAMES = st.text("abcdefghijklmnopqrstuvwxyz-", min_size=1, max_size=20)
HEADERS = st.dictionaries(
    NAMES.map("x-amz-meta-{}".format),
    st.text("abc/+=:;, \x7e", max_size=12).map(lambda text: " ".join(text.split())),
    max_size=4,
)


class At(datetime):
    """A clock that stands still."""

    moment = 0.0

    @classmethod
    def utcnow(cls) -> "At":
        return cls.fromtimestamp(cls.moment, UTC).replace(tzinfo=None)

    @classmethod
    def now(cls, tz: object = None) -> "At":
        return cls.fromtimestamp(cls.moment, UTC)


def by_botocore(
    method: str, url: str, headers: dict[str, str], keys: Credentials, region: str, moment: float
) -> str:
    request = AWSRequest(method=method, url=url, headers=dict(headers))
    request.context["client_config"] = Config(s3={"payload_signing_enabled": False})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(At, "moment", moment)
        patch.setattr("botocore.auth.datetime", At, raising=False)
        patch.setattr("botocore.auth.get_current_datetime", lambda: At.utcnow(), raising=False)
        token = keys.session_token.reveal() if keys.session_token is not None else None
        found = ReadOnlyCredentials(keys.access_key_id.reveal(), keys.secret_access_key.reveal(), token)
        S3SigV4Auth(found, "s3", region).add_auth(request)
    assert request.headers["X-Amz-Date"] == datetime.fromtimestamp(moment, UTC).strftime("%Y%m%dT%H%M%SZ")
    return str(request.headers["Authorization"])


@settings(deadline=None)
@given(
    method=st.sampled_from(["GET", "PUT", "HEAD", "POST", "DELETE"]),
    key=KEYS,
    pairs=st.lists(st.tuples(st.text(max_size=10), st.text(max_size=20)), max_size=4),
    headers=HEADERS,
    moment=st.integers(0, 2_000_000_000),
    region=st.sampled_from(["us-east-1", "ap-southeast-2"]),
    token=st.sampled_from(["", "a/session+token=="]),
)
def test_signatures_are_botocores(
    method: str,
    key: str,
    pairs: list[tuple[str, str]],
    headers: dict[str, str],
    moment: int,
    region: str,
    token: str,
) -> None:
    keys = Credentials("AKID", "se/cret+", token, EXPIRY)
    path, asked = f"/reef/{quoted(key)}", query(dict(pairs).items())
    ours: dict[str, str | Secret] = {"host": "127.0.0.1:9000", **headers}
    Signer(region).sign(method, path, asked, ours, keys, now=float(moment))
    url = f"http://127.0.0.1:9000{path}?{asked}" if asked else f"http://127.0.0.1:9000{path}"
    assert revealed(ours["authorization"]) == by_botocore(method, url, headers, keys, region, moment)


def test_a_signer_follows_the_clock_and_the_credentials() -> None:
    signer = Signer("us-east-1")
    first, second = Credentials("A", "one", "t", EXPIRY), Credentials("B", "two", "u", EXPIRY)
    seen: list[str] = []
    for keys in (first, second, first):
        for moment in (0.0, 86_399.9, 86_400.0, 0.0):
            headers: dict[str, str | Secret] = {"host": "h"}
            signer.sign("GET", "/b/k", "", headers, keys, now=moment)
            afresh: dict[str, str | Secret] = {"host": "h"}
            Signer("us-east-1").sign("GET", "/b/k", "", afresh, keys, now=moment)
            assert headers == afresh
            seen.append(revealed(headers["authorization"]))
    assert len(set(seen)) == 6


def test_no_secret_shows() -> None:
    signer = Signer("us-east-1")
    signer.sign("GET", "/", "", {"host": "h"}, Credentials("AKID", "secret", "token", EXPIRY))
    assert "secret" not in repr(signer)
