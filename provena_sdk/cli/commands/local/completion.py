"""The command ``completion``."""

from __future__ import annotations

import click

from provena_sdk.cli.command import command
from provena_sdk.cli.completion.shells import SHELLS, script
from provena_sdk.cli.session import Session


@command()
@click.argument("shell", type=click.Choice(list(SHELLS)), metavar="SHELL")
def completion(session: Session, shell: str) -> None:
    """Print the script that completes commands in a shell.

    It completes commands, options, profiles, handles that you used lately, and files of datasets. SHELL is bash, zsh,
    fish or powershell. Add the line of your shell to its start-up file: ~/.bashrc, ~/.zshrc,
    ~/.config/fish/config.fish or $PROFILE.

    Examples:
        $ eval "$(provena completion bash)"
        $ eval "$(provena completion zsh)"
        $ provena completion fish | source
        PS> provena completion powershell | Out-String | Invoke-Expression
    """
    root = click.get_current_context().find_root().command
    session.out.bytes(script(root, shell).encode())
