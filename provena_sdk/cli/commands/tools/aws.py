"""Profiles of the AWS tools that get credentials from Provena."""

from __future__ import annotations

import shlex
from typing import Final

import click

from provena_sdk.cli.command import command
from provena_sdk.cli.parameters import HANDLE
from provena_sdk.cli.session import Session
from provena_sdk.cli.table import Column


@command(changes=True)
@click.argument("handle", type=HANDLE)
@click.option("--write", is_flag=True, help="Credentials that also write; by default they only read.")
@click.option("--name", help="The profile's name; by default one made of the handle.")
def aws_profile(session: Session, handle: str, write: bool, name: str | None) -> None:
    """Let AWS tools and rclone get a dataset's credentials.

    It writes a profile into ~/.aws/config, or the file that AWS_CONFIG_FILE names, and leaves the rest of the file as
    it is. The profile holds no secret: the tools run 'provena credential-process' when they need credentials, and again
    before these expire.

    Examples:
        $ provena aws-profile 10378.1/1451860
        $ aws s3 sync --profile provena-10378.1-1451860 s3://bucket/datasets/10378-1-1451860/ data/
        $ provena aws-profile 10378.1/1451860 --write --name reef
    """
    dataset = session.provena.datastore.interactive_dataset(handle)
    profile = dataset.aws_profile(name, access="write" if write else "read")
    if session.dry_run:
        session.say("This would be written:")
        session.out.view(profile, {"name": profile.name, "settings": profile.settings}, id=profile.name)
        return
    changed = profile.save()
    session.out.one(profile, COLUMNS)
    session.say("The profile was written." if changed else "The profile was there already.")
    if not session.json:
        session.say(f"Try: {shlex.join(['aws', 's3', 'ls', '--profile', profile.name, profile.url])}")
        session.say(f"Or:  {shlex.join(['rclone', 'ls', *profile.rclone_options, profile.rclone_path])}")
    if profile.needs_environment:
        session.warn(
            "The PROVENA_ variables of this shell lead to the deployment; they must be set for the tools as well."
        )


COLUMNS: Final = (
    Column("profile", lambda profile: profile.name, id=True),
    Column("dataset_id", lambda profile: profile.dataset_id),
    Column("access", lambda profile: str(profile.access)),
    Column("url", lambda profile: profile.url),
    Column("endpoint_url", lambda profile: profile.endpoint_url),
)
