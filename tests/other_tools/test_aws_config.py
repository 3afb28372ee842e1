"""A configuration file of the AWS tools gets one profile, and botocore reads everything else as before."""

from __future__ import annotations

from pathlib import Path

import pytest
from botocore.configloader import raw_config_parse
from hypothesis import given
from hypothesis import strategies as st

from provena_sdk.other_tools.aws_config import Settings, profile_settings, with_profile

PROCESS = "/opt/provena credential-process 10378.1/1"
SETTINGS: Settings = {"credential_process": PROCESS, "s3": {"addressing_style": "path"}}
EXISTING = """\
# mine
[default]
region = ap-southeast-2

[profile reef]
; by hand
output=json
s3 =
  max_concurrent_requests = 20
  addressing_style = auto
region = eu-west-1

[sso-session org]
sso_region = us-east-1
"""

words = (
    st.text("abcdefghij_-.%$ ", min_size=1, max_size=8).map(str.strip).filter(lambda word: word[:1].isalpha())
)
names = st.one_of(st.just("default"), words.map(lambda word: f"profile {word.replace(' ', '')}"))
settings = st.dictionaries(words, st.text("abc:/ =#;[]'\"$%", max_size=12).map(str.strip), max_size=4)
files = st.dictionaries(names, settings, max_size=4)


def written(sections: dict[str, dict[str, str]], *, equals: str, gap: str, newline: str) -> str:
    lines: list[str] = []
    for name, content in sections.items():
        lines += [
            f"[{name}]",
            *(f"{key}{equals}{value}" for key, value in content.items()),
            *([gap] if gap else []),
        ]
    return "".join(f"{line}{newline}" for line in lines)


def parsed(text: str, folder: Path) -> dict[str, dict[str, str]]:
    file = folder / "config"
    file.write_bytes(text.encode())
    found: dict[str, dict[str, str]] = raw_config_parse(str(file), parse_subsections=False)
    return found


@pytest.mark.slow
@given(
    sections=files,
    equals=st.sampled_from(["=", " = ", ": "]),
    gap=st.sampled_from(["", " ", "# a comment"]),
    newline=st.sampled_from(["\n", "\r\n"]),
    name=st.sampled_from(["reef", "default", "a.b-c"]),
)
def test_botocore_reads_the_profile_and_all_else_as_before(
    tmp_path_factory: pytest.TempPathFactory,
    sections: dict[str, dict[str, str]],
    equals: str,
    gap: str,
    newline: str,
    name: str,
) -> None:
    folder = tmp_path_factory.getbasetemp()
    text = written(sections, equals=equals, gap=gap, newline=newline)
    before = parsed(text, folder)
    changed = with_profile(text, name, SETTINGS)
    after = parsed(changed, folder)
    section = "default" if name == "default" else f"profile {name}"
    own = after.pop(section)
    others = before.pop(section, {})
    assert after == before
    assert own["credential_process"] == PROCESS
    assert "addressing_style = path" in own["s3"]
    assert {**own, **{key: value for key, value in others.items() if key not in SETTINGS}} == own
    assert with_profile(changed, name, SETTINGS) == changed


def test_what_was_written_by_hand_stays() -> None:
    changed = with_profile(EXISTING, "reef", {**SETTINGS, "region": "us-east-1"})
    assert changed == EXISTING.replace("addressing_style = auto", "  addressing_style = path").replace(
        "region = eu-west-1",
        "region = us-east-1\ncredential_process = /opt/provena credential-process 10378.1/1",
    )


def test_a_text_that_has_the_settings_is_returned_unchanged() -> None:
    text = "[profile reef]\r\nregion=us-east-1\r\n\r\n[default]\r\n"
    assert with_profile(text, "reef", {"region": "us-east-1"}) == text


def test_a_setting_over_several_lines_is_replaced_as_a_whole() -> None:
    changed = with_profile("[profile reef]\nregion = a\n  b\noutput = json\n", "reef", {"region": "c"})
    assert changed == "[profile reef]\nregion = c\noutput = json\n"


@pytest.mark.parametrize("header", ["[profile reef]", '[ profile "reef" ]', "[profile   reef]  # it"])
def test_every_way_to_write_a_header(header: str) -> None:
    assert profile_settings(f"{header}\nregion = a\n", "reef") == {"region": "a"}
    assert with_profile(f"{header}\nregion = a\n", "reef", {"region": "b"}) == f"{header}\nregion = b\n"


@pytest.mark.parametrize(
    "header", ["[reef]", "[profile 'reef]", "[profiles reef]", "[sso-session reef]", "[profile"]
)
def test_sections_of_another_kind_are_no_profiles(header: str) -> None:
    assert profile_settings(f"{header}\nregion = a\n", "reef") is None


def test_two_profiles_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="2 profiles 'reef'"):
        with_profile("[profile reef]\n[profile reef]\n", "reef", {})
