"""What the generated models share."""

from __future__ import annotations

import copy
import datetime
import json
import pickle
import subprocess
import sys

import attrs
import provena_api
import pytest
from provena_api import models
from provena_api.types import plain, read_date, read_datetime, read_list, read_map, wrong_type


def test_a_member_is_its_text() -> None:
    value = models.SortType("DISPLAY_NAME")
    assert value is models.SortType.DISPLAY_NAME
    assert value == "DISPLAY_NAME"
    assert f"{value}" == str(value) == "DISPLAY_NAME"
    assert hash(value) == hash("DISPLAY_NAME")
    assert json.dumps([value]) == '["DISPLAY_NAME"]'
    assert type(plain(value)) is str


def test_an_unknown_value_behaves_like_a_member() -> None:
    value = models.ReleasedStatus("EMBARGOED")
    assert isinstance(value, models.ReleasedStatus)
    assert value == models.ReleasedStatus("EMBARGOED") == "EMBARGOED"
    assert hash(value) == hash("EMBARGOED")
    assert value != models.ReleasedStatus.PENDING
    assert pickle.loads(pickle.dumps(value)) == value
    assert type(pickle.loads(pickle.dumps(value))) is models.ReleasedStatus
    assert copy.deepcopy(value) == value
    assert json.dumps(value) == '"EMBARGOED"'
    assert "EMBARGOED" in repr(value)
    assert (value.is_known, models.ReleasedStatus.PENDING.is_known) == (False, True)
    assert [member.value for member in models.ReleasedStatus] == ["NOT_RELEASED", "PENDING", "RELEASED"]


def test_an_unknown_value_cannot_control_a_terminal() -> None:
    hostile = "\x1b]0;owned\x07\u202e"
    value = models.ReleasedStatus(hostile)
    assert value == hostile
    assert repr(value) == f"<ReleasedStatus: {hostile!r}>"
    assert repr(models.ReleasedStatus.PENDING) == "<ReleasedStatus.PENDING: 'PENDING'>"


@pytest.mark.parametrize("wrong", [None, 3, ["PENDING"], {"a": 1}, True])
def test_only_text_is_an_enum_value(wrong: object) -> None:
    with pytest.raises(ValueError):
        models.ReleasedStatus(wrong)  # type: ignore[arg-type]


def test_a_plain_string_can_stand_for_a_member() -> None:
    options = models.SortOptions(sort_type="DISPLAY_NAME")  # type: ignore[arg-type]
    assert options.to_dict() == {"ascending": False, "sort_type": "DISPLAY_NAME"}
    assert options == models.SortOptions(sort_type=models.SortType.DISPLAY_NAME)


def test_none_is_no_enum_value() -> None:
    entry = models.ReleaseHistoryEntry(
        action=models.ReleaseAction.REQUEST, approver="", notes="", timestamp=0
    )
    entry.action = None  # type: ignore[assignment]
    with pytest.raises(TypeError):
        entry.to_dict()


def test_errors_never_show_the_value() -> None:
    assert "s3cr3t" not in str(wrong_type("User.access_token", "a number", "s3cr3t"))
    with pytest.raises(TypeError) as caught:
        models.User.from_dict({"username": "ada", "roles": [], "access_token": ["s3cr3t"]})
    assert str(caught.value) == "User.access_token: expected a string, got a list"


def test_lists_and_maps_name_the_wrong_entry() -> None:
    with pytest.raises(TypeError, match=r"^X\.keywords\[1\]: expected a string, got a number$"):
        read_list(["a", 2], str, "X.keywords")
    with pytest.raises(TypeError, match=r"^X\.map\['b'\]: expected a string, got null$"):
        read_map({"a": "1", "b": None}, str, "X.map")


@pytest.mark.parametrize("text", ["2024-13-01", "01/02/2024", "", "2024-01-02T03:04:05Z"])
def test_a_date_must_be_one(text: str) -> None:
    with pytest.raises(ValueError, match=r"^X\.value: expected a date"):
        read_date(text, "X.value")


@pytest.mark.parametrize(
    "text", ["2026-11-22T19:52:49.996049+00:00", "2026-11-22T19:52:49Z", "2026-11-23T05:22:49+09:30"]
)
def test_an_expiry_is_a_moment(text: str) -> None:
    moment = read_datetime(text, "X.expiry")
    assert moment.replace(microsecond=0) == datetime.datetime(2026, 11, 22, 19, 52, 49, tzinfo=datetime.UTC)
    assert read_datetime(moment.isoformat(), "X.expiry") == moment


@pytest.mark.parametrize(
    ("text", "kind"), [("soon", ValueError), ("2026-11-22T19:52:49", ValueError), (3, TypeError)]
)
def test_an_expiry_must_be_one(text: object, kind: type[Exception]) -> None:
    with pytest.raises(kind, match=r"^X\.expiry: expected"):
        read_datetime(text, "X.expiry")


def test_models_take_keywords_only_and_evolve_with_what_they_do_not_know() -> None:
    with pytest.raises(TypeError):
        models.Status(True, "ok")  # type: ignore[call-arg, arg-type]
    status = models.Status.from_dict({"success": True, "details": "", "hint": "new"})
    assert attrs.evolve(status, success=False).to_dict() == {"success": False, "details": "", "hint": "new"}


def test_a_declared_field_wins_over_an_unknown_one() -> None:
    status = models.Status(success=True, details="", additional_properties={"success": False})
    assert status.to_dict()["success"] is True


def test_a_pagination_key_is_the_object_itself() -> None:
    key = models.PaginationKey.from_dict({"id": "10378.1/7", "updated_timestamp": 1795348258})
    assert key == {"id": "10378.1/7", "updated_timestamp": 1795348258}
    assert pickle.loads(pickle.dumps(key)) == key
    assert type(key.to_dict()) is dict
    assert type(key["updated_timestamp"]) is int


def test_a_whole_number_stays_as_it_came() -> None:
    version = models.VersioningInfo.from_dict({"version": 2.0})
    assert repr(version.to_dict()["version"]) == "2.0"


def test_unknown_names_are_no_attributes() -> None:
    with pytest.raises(AttributeError, match="Nonsense"):
        models.Nonsense  # noqa: B018
    assert set(models.__all__) <= set(dir(models))


def _run(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_importing_loads_little() -> None:
    code = (
        "import sys; import provena_api.api.datastore.root; from provena_api.models import Status;"
        "print([name for name in ('httpx', 'provena_api.models.item_dataset') if name in sys.modules])"
    )
    assert _run(code) == "[]"


@pytest.mark.slow
def test_every_module_can_be_imported_first() -> None:
    code = (
        "import importlib, pkgutil, sys, provena_api\n"
        "names = [m.name for m in pkgutil.walk_packages(provena_api.__path__, 'provena_api.')]\n"
        "for name in names:\n"
        "    for loaded in [n for n in sys.modules if n.startswith('provena_api')]: del sys.modules[loaded]\n"
        "    importlib.import_module(name)\n"
        "print(len(names))"
    )
    assert int(_run(code)) > 80
    assert provena_api.__doc__
