"""ORCIDs and RORs, bare or as URLs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provena_sdk.errors import InvalidArgument
from provena_sdk.operations.identifiers import orcid, orcid_url, ror, ror_url


@pytest.mark.parametrize(
    "written",
    [
        "0000-0002-1694-233X",
        "0000-0002-1694-233x",
        " 0000-0002-1694-233X ",
        "https://orcid.org/0000-0002-1694-233X",
        "http://www.orcid.org/0000-0002-1694-233X/",
        "HTTPS://ORCID.ORG/0000-0002-1694-233X",
    ],
)
def test_an_orcid(written: str) -> None:
    assert orcid(written) == "0000-0002-1694-233X"
    assert orcid_url("orcid", written) == "https://orcid.org/0000-0002-1694-233X"


@pytest.mark.parametrize(
    "written", ["03qn8fb07", "03QN8FB07", "https://ror.org/03qn8fb07", "http://ror.org/03qn8fb07/"]
)
def test_a_ror(written: str) -> None:
    assert ror(written) == "03qn8fb07"
    assert ror_url("ror", written) == "https://ror.org/03qn8fb07"


@pytest.mark.parametrize("wrong", ["0000-0002-1825-0098", "https://orcid.org/0000-0002-1825-0079"])
def test_a_mistyped_orcid_is_refused(wrong: str) -> None:
    with pytest.raises(InvalidArgument, match="last digit"):
        orcid_url("orcid", wrong)


@pytest.mark.parametrize(
    "wrong", ["Ada", "0000-0002-1825", "ftp://orcid.org/1", "orcid.org", "http://", "٠٠٠٠-0002-1825-0097"]
)
def test_what_is_neither_an_identifier_nor_a_url_is_refused(wrong: str) -> None:
    assert (orcid(wrong), ror(wrong)) == (None, None)
    for make, argument in ((orcid_url, "orcid"), (ror_url, "ror")):
        with pytest.raises(InvalidArgument) as caught:
            make(argument, wrong)
        assert caught.value.argument == argument


def test_another_url_goes_as_it_is() -> None:
    """The registry accepts any URL."""
    assert orcid_url("orcid", "https://example.com/1") == "https://example.com/1"
    assert ror_url("ror", "https://example.com/1") == "https://example.com/1"


@given(st.text(max_size=40))
def test_any_text_can_be_looked_at(text: str) -> None:
    assert orcid(text) is None or len(orcid(text) or "") == 19
    assert ror(text) is None or len(ror(text) or "") == 9
