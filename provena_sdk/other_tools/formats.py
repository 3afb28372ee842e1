"""Texts that set variables in a shell or settings in another tool. All of them quote what they are given."""

from __future__ import annotations

import shlex
from collections.abc import Mapping


def shell(variables: Mapping[str, str]) -> str:
    """Return commands for ``eval`` in sh, bash, zsh and fish.

    Args:
        variables: The environment variables.

    Example:
        >>> print(shell({"AWS_REGION": "us-east-1", "NOTE": "a b"}), end="")
        export AWS_REGION=us-east-1
        export NOTE='a b'
    """
    return "".join(f"export {name}={shlex.quote(value)}\n" for name, value in variables.items())


def powershell(variables: Mapping[str, str]) -> str:
    """Return commands for ``Invoke-Expression`` in PowerShell.

    Args:
        variables: The environment variables.

    Example:
        >>> print(powershell({"NOTE": "it's"}), end="")
        $env:NOTE = 'it''s'
    """
    return "".join(f"$env:{name} = {_in_powershell(value)}\n" for name, value in variables.items())


def section(name: str, settings: Mapping[str, str]) -> str:
    """Return a section of an AWS credentials file.

    Args:
        name: The profile's name.
        settings: The settings, one line each.

    Example:
        >>> print(section("reef", {"aws_access_key_id": "id"}), end="")
        [reef]
        aws_access_key_id = id
    """
    return f"[{name}]\n" + "".join(f"{key} = {value}\n" for key, value in settings.items())


def duckdb_secret(name: str, settings: Mapping[str, str | bool]) -> str:
    """Return the SQL that creates a secret in DuckDB, or replaces it.

    Args:
        name: The secret's name.
        settings: Its parameters.

    Example:
        >>> print(duckdb_secret("reef", {"REGION": "us-east-1", "USE_SSL": False}), end="")
        CREATE OR REPLACE SECRET "reef" (
            TYPE s3,
            REGION 'us-east-1',
            USE_SSL false
        );
    """
    lines = ["TYPE s3", *(f"{key} {_in_sql(value)}" for key, value in settings.items())]
    quoted = name.replace('"', '""')
    body = ",\n    ".join(lines)
    return f'CREATE OR REPLACE SECRET "{quoted}" (\n    {body}\n);\n'


def _in_sql(value: str | bool) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    doubled = value.replace("'", "''")
    return f"'{doubled}'"


def _in_powershell(text: str) -> str:
    # PowerShell takes curly quotes for quotes, too.
    for quote in "'\u2018\u2019\u201a\u201b":
        text = text.replace(quote, quote * 2)
    return f"'{text}'"
