"""Validate requests against the interface, with the errors of pydantic 1, which the services use.

A checker takes a value and returns what the service keeps of it: a number sent for a string becomes a string, 2.7 sent
for an integer becomes 2, and a missing value becomes its default or null.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Any, Final

Location = tuple[str | int, ...]
Problem = dict[str, Any]
Check = Callable[[Any, Location, list[Problem]], Any]
Rule = Callable[[Any], "tuple[str, str] | None"]

_TRUE: Final = (True, 1, "1", "on", "t", "true", "y", "yes")
_FALSE: Final = (False, 0, "0", "off", "f", "false", "n", "no")
_DATE: Final = re.compile(r"\d{4}-\d{1,2}-\d{1,2}")
_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")
_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_MISSING: Final = object()
_MILLISECONDS_FROM: Final = 20_000_000_000


def problem(location: Location, message: str, kind: str, **context: object) -> Problem:
    """Return one entry of a 422."""
    found: Problem = {"loc": list(location), "msg": message, "type": kind}
    if context:
        found["ctx"] = context
    return found


def missing(location: Location) -> Problem:
    """Return the entry for a missing value."""
    return problem(location, "field required", "value_error.missing")


def _none_refused(location: Location) -> Problem:
    return problem(location, "none is not an allowed value", "type_error.none.not_allowed")


def _string(schema: Mapping[str, Any]) -> Check:
    shortest, longest = schema.get("minLength"), schema.get("maxLength")

    def check(value: Any, location: Location, problems: list[Problem]) -> Any:
        if isinstance(value, int | float):
            value = str(value)
        if not isinstance(value, str):
            problems.append(problem(location, "str type expected", "type_error.str"))
            return None
        if shortest is not None and len(value) < shortest:
            message = f"ensure this value has at least {shortest} characters"
            problems.append(
                problem(location, message, "value_error.any_str.min_length", limit_value=shortest)
            )
        elif longest is not None and len(value) > longest:
            message = f"ensure this value has at most {longest} characters"
            problems.append(problem(location, message, "value_error.any_str.max_length", limit_value=longest))
        return value

    return check


def _url(schema: Mapping[str, Any]) -> Check:
    text = _string(schema)

    def check(value: Any, location: Location, problems: list[Problem]) -> Any:
        before = len(problems)
        value = text(value, location, problems)
        if len(problems) > before:
            return None
        found = _SCHEME.match(value)
        if found is None:
            problems.append(problem(location, "invalid or missing URL scheme", "value_error.url.scheme"))
        elif found[1].lower() not in ("http", "https"):
            context = {"allowed_schemes": ["http", "https"]}
            message = "URL scheme not permitted"
            problems.append(problem(location, message, "value_error.url.scheme", **context))
        elif not re.match(r"[^\s/?#]+", value[found.end() :]):
            problems.append(problem(location, "URL host invalid", "value_error.url.host"))
        return value

    return check


def _uri(value: Any, location: Location, problems: list[Problem]) -> Any:
    value = _string({})(value, location, problems)
    if isinstance(value, str) and not re.match(r"[A-Za-z][A-Za-z0-9+.-]*:\S+\Z", value):
        problems.append(problem(location, "invalid uri or missing scheme", "value_error"))
    return value


def _email(value: Any, location: Location, problems: list[Problem]) -> Any:
    before = len(problems)
    value = _string({})(value, location, problems)
    if len(problems) == before and not _EMAIL.fullmatch(value):
        problems.append(problem(location, "value is not a valid email address", "value_error.email"))
    return value


def _date(value: Any, location: Location, problems: list[Problem]) -> Any:
    if isinstance(value, int | float) and not isinstance(value, bool):
        seconds = value / 1000 if abs(value) > _MILLISECONDS_FROM else value
        with contextlib.suppress(ValueError, OverflowError, OSError):
            return datetime.fromtimestamp(seconds, UTC).date().isoformat()
    if isinstance(value, str) and _DATE.fullmatch(value):
        year, month, day = map(int, value.split("-"))
        with contextlib.suppress(ValueError):
            return date(year, month, day).isoformat()
    problems.append(problem(location, "invalid date format", "value_error.date"))
    return None


def _integer(schema: Mapping[str, Any]) -> Check:
    least, most = schema.get("minimum"), schema.get("maximum")

    def check(value: Any, location: Location, problems: list[Problem]) -> Any:
        try:
            number = int(value)
        except (TypeError, ValueError, OverflowError):
            problems.append(problem(location, "value is not a valid integer", "type_error.integer"))
            return None
        if least is not None and number < least:
            message = f"ensure this value is greater than or equal to {int(least)}"
            problems.append(problem(location, message, "value_error.number.not_ge", limit_value=int(least)))
        elif most is not None and number > most:
            message = f"ensure this value is less than or equal to {int(most)}"
            problems.append(problem(location, message, "value_error.number.not_le", limit_value=int(most)))
        return number

    return check


def _boolean(value: Any, location: Location, problems: list[Problem]) -> Any:
    plain = value.lower() if isinstance(value, str) else value
    if isinstance(plain, str | int | float):
        if plain in _TRUE:
            return True
        if plain in _FALSE:
            return False
    problems.append(problem(location, "value could not be parsed to a boolean", "type_error.bool"))
    return None


def _enumeration(members: list[str]) -> Check:
    permitted = ", ".join(repr(member) for member in members)

    def check(value: Any, location: Location, problems: list[Problem]) -> Any:
        if not isinstance(value, str) or value not in members:
            message = f"value is not a valid enumeration member; permitted: {permitted}"
            problems.append(problem(location, message, "type_error.enum", enum_values=members))
        return value

    return check


def _array(entry: Check) -> Check:
    def check(value: Any, location: Location, problems: list[Problem]) -> Any:
        if not isinstance(value, list):
            problems.append(problem(location, "value is not a valid list", "type_error.list"))
            return None
        return [entry(one, (*location, place), problems) for place, one in enumerate(value)]

    return check


def _present(check: Check) -> Check:
    def refuse_none(value: Any, location: Location, problems: list[Problem]) -> Any:
        if value is None:
            problems.append(_none_refused(location))
            return None
        return check(value, location, problems)

    return refuse_none


def _as_dict(value: Any, location: Location, problems: list[Problem]) -> dict[str, Any] | None:
    # pydantic accepts whatever dict() does, such as an empty list or an empty string.
    try:
        return dict(value)
    except (TypeError, ValueError):
        problems.append(problem(location, "value is not a valid dict", "type_error.dict"))
        return None


def _mapping(entry: Check | None) -> Check:
    def check(value: Any, location: Location, problems: list[Problem]) -> Any:
        value = _as_dict(value, location, problems)
        if entry is None or value is None:
            return value
        return {name: entry(one, (*location, name), problems) for name, one in value.items()}

    return check


class Checker:
    """Checks values against the schemas of an interface.

    Args:
        schemas: The interface's ``components.schemas``.
        fields: Schemas stricter than the interface, or missing from it, by ``Schema.field``.
        rules: Conditions on several fields of a schema, by schema; a rule returns message and kind.
    """

    def __init__(
        self,
        schemas: Mapping[str, Mapping[str, Any]],
        *,
        fields: Mapping[str, Mapping[str, Any]] | None = None,
        field_rules: Mapping[str, Rule] | None = None,
        rules: Mapping[str, Rule] | None = None,
    ) -> None:
        self._schemas = schemas
        self._fields = fields or {}
        self._field_rules = field_rules or {}
        self._rules = rules or {}
        self._named: dict[str, Check] = {}

    def named(self, name: str) -> Check:
        """Return the checker for a named schema of the interface."""
        if name not in self._named:
            schema = self._schemas[name]
            self._named[name] = (
                _enumeration(schema["enum"]) if "enum" in schema else self._object(name, schema)
            )
        return self._named[name]

    def check(self, name: str, value: Any, location: Location) -> tuple[Any, list[Problem]]:
        """Check a value against a schema, and return what is kept of it and the problems."""
        problems: list[Problem] = []
        return self.named(name)(value, location, problems), problems

    def schema(self, schema: Mapping[str, Any]) -> Check:
        """Return the checker for an inline schema."""
        if "$ref" in schema:
            return self.named(schema["$ref"].rpartition("/")[2])
        if "allOf" in schema:
            return self.schema(schema["allOf"][0])
        if schema.get("anyOf"):  # with null, which a field without a default allows anyway
            inner = next(one for one in schema["anyOf"] if one.get("type") != "null")
            return self.schema({**schema, "anyOf": None, **inner})
        if "enum" in schema:
            return _enumeration(schema["enum"])
        kind = schema.get("type")
        if kind == "string":
            formats = {"date": _date, "email": _email, "uri": _uri, "url": _url(schema)}
            return formats.get(schema.get("format", "")) or _string(schema)
        if kind == "integer":
            return _integer(schema)
        if kind == "boolean":
            return _boolean
        if kind == "array":
            return _array(_present(self.schema(schema["items"])))
        inner = schema.get("additionalProperties")
        return _mapping(_present(self.schema(inner)) if isinstance(inner, dict) else None)

    def _object(self, name: str, schema: Mapping[str, Any]) -> Check:
        required: list[str] = schema.get("required", [])
        hidden = {
            key.partition(".")[2]: value for key, value in self._fields.items() if key.startswith(f"{name}.")
        }
        properties = {**schema.get("properties", {}), **hidden}
        names = [*required, *(field for field in properties if field not in required)]
        checks = {field: self._field(name, field, properties[field]) for field in names}
        defaults = {field: properties[field].get("default") for field in names if field not in required}
        closed = schema.get("additionalProperties") is False
        rule = self._rules.get(name)

        def check(value: Any, location: Location, problems: list[Problem]) -> Any:
            value = _as_dict(value, location, problems)
            if value is None:
                return None
            before = len(problems)
            kept: dict[str, Any] = {}
            for field, one_check in checks.items():
                given = value.get(field, _MISSING)
                if given is _MISSING:
                    if field in defaults:
                        kept[field] = _fresh(defaults[field])
                    else:
                        problems.append(missing((*location, field)))
                elif given is not None:
                    kept[field] = one_check(given, (*location, field), problems)
                elif field in defaults and defaults[field] is None:
                    kept[field] = None
                else:
                    problems.append(_none_refused((*location, field)))
            if closed:
                problems.extend(
                    problem((*location, field), "extra fields not permitted", "value_error.extra")
                    for field in sorted(set(value) - set(checks), key=str)
                )
            if rule is not None and len(problems) == before:
                wrong = rule(kept)
                if wrong is not None:
                    problems.append(problem((*location, "__root__"), *wrong))
            return kept

        return check

    def _field(self, owner: str, field: str, schema: Mapping[str, Any]) -> Check:
        check = self.schema(schema)
        rule = self._field_rules.get(f"{owner}.{field}")
        if rule is None:
            return check

        def with_rule(value: Any, location: Location, problems: list[Problem]) -> Any:
            before = len(problems)
            kept = check(value, location, problems)
            wrong = rule(kept) if len(problems) == before else None
            if wrong is not None:
                problems.append(problem(location, *wrong))
            return kept

        return with_rule


def _fresh(default: object) -> object:
    return list(default) if isinstance(default, list) else default


def parse_query(
    parameters: Mapping[str, tuple[Check, bool]], given: Mapping[str, str], problems: list[Problem]
) -> dict[str, Any]:
    """Check query parameters.

    Args:
        parameters: For each name its checker, and whether it is required.
        given: The parameters received.
        problems: The list that problems are added to.
    """
    kept: dict[str, Any] = {}
    for name, (check, required) in parameters.items():
        if name in given:
            kept[name] = check(given[name], ("query", name), problems)
        elif required:
            problems.append(missing(("query", name)))
        else:
            kept[name] = None
    return kept


text_parameter: Check = _string({})
whole_parameter: Check = _integer({})
flag_parameter: Check = _boolean
