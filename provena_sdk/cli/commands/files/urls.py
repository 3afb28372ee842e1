"""URLs that download a file without signing in: ``url``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import click

from provena_sdk.cli.command import command
from provena_sdk.cli.parameters import FILE, Target
from provena_sdk.cli.session import Session
from provena_sdk.display.amounts import duration
from provena_sdk.display.text import escaped, quoted

if TYPE_CHECKING:
    _ParamType = click.ParamType[int]
else:
    _ParamType = click.ParamType  # generic from click 8.5 on

_SECONDS: Final = {"d": 86_400, "h": 3600, "m": 60, "s": 1}
_LONGEST: Final = 86_400
_PARTS: Final = re.compile(r"(?:[0-9]{1,6}[dhms]){1,4}")
_PART: Final = re.compile(r"([0-9]{1,6})([dhms])")


class _DurationType(_ParamType):
    """A time such as ``1h``, ``90m`` or ``1h30m``; a number alone is seconds."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the seconds."""
        if isinstance(value, int):
            return value
        text = f"{value}s" if value.isdecimal() else value
        if not _PARTS.fullmatch(text):
            self.fail(f"{quoted(value, 40)} is not a time; write 30s, 15m, 1h or 1d.", param, ctx)
        seconds = sum(int(number) * _SECONDS[unit] for number, unit in _PART.findall(text))
        if not 1 <= seconds <= _LONGEST:
            self.fail("must be between 1s and 1d.", param, ctx)
        return seconds


@command()
@click.argument("target", type=FILE)
@click.option(
    "--expires", type=_DurationType(), default="3h", show_default=True, help="How long it is valid, up to 1d."
)
def url(session: Session, target: Target, expires: int) -> None:
    """Print a URL that downloads a file without signing in.

    Whoever has the URL can download the file until it expires: keep it secret.

    Examples:
        $ provena url 10378.1/1451860/obs/2024.csv --expires 1h
        $ curl -O "$(provena url 10378.1/1451860/obs/2024.csv)"
    """
    if not target.path or target.is_folder:
        raise click.UsageError(
            "Give a file, as in HANDLE/obs/2024.csv: a dataset or a folder has no such URL."
        )
    session.refuse_open_file("The URL", hint="Run 'umask 077' before, and name a new file.")
    dataset = session.provena.datastore.interactive_dataset(target.handle)
    found = dataset.presigned_url(target.path, expires)
    session.out.view(escaped(found), {"url": found, "expires_in": expires})
    session.say(f"Whoever has it can download the file for {duration(expires)}.")
