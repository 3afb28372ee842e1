"""Datasets as folders of this machine."""

from __future__ import annotations

import shlex

import click

from provena_sdk.cli.command import command
from provena_sdk.cli.exit_codes import ExitCode
from provena_sdk.cli.failures import Exit
from provena_sdk.cli.parameters import HANDLE, LOCAL_FOLDER
from provena_sdk.cli.session import Session


@command()
@click.argument("handle", type=HANDLE)
@click.argument("folder", type=LOCAL_FOLDER)
def mount(session: Session, handle: str, folder: str) -> None:
    """Mount a dataset as a folder, read-only.

    The folder shows its files until Ctrl-C. It needs FUSE and the extra provena-sdk[fuse]. Without them, it says how
    rclone does the same.

    Examples:
        $ mkdir reef
        $ provena mount 10378.1/1451860 reef
    """
    from provena_sdk.other_tools import mounting  # noqa: PLC0415  # keeps the SDK away until the command runs

    dataset = session.provena.datastore.interactive_dataset(handle)
    try:
        mounting.binding()
    except ImportError as error:
        profile = dataset.aws_profile()
        rclone = ["rclone", "mount", "--read-only", *profile.rclone_options, profile.rclone_path, folder]
        raise Exit(
            ExitCode.FAILED,
            str(error),
            hint=f"Or with rclone: provena aws-profile {handle}, then: {shlex.join(rclone)}",
        ) from None
    # Fails before anything is mounted if the dataset cannot be read.
    dataset.fs.ls("", detail=False)
    session.say(f"Mounting {handle} on {folder}; Ctrl-C unmounts it.")
    mounting.mount(dataset.fs, folder)
