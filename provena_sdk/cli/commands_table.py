"""Every command, so that help and completion of names import no command.

A test compares the summaries with the docstrings of the commands.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Entry(NamedTuple):
    """One command.

    Args:
        name: What the user types.
        summary: The first line of its docstring, without the full stop.
        module: The module that has it, below ``provena_sdk.cli.commands``.
    """

    name: str
    summary: str
    module: str


SESSION: Final[tuple[Entry, ...]] = (
    Entry("login", "Sign in, and stay signed in for later commands and programs", "session.account"),
    Entry("logout", "Sign out, on this machine and at the server", "session.account"),
    Entry("whoami", "Show who is signed in, with which roles and until when", "session.account"),
    Entry("token", "Create tokens for pipelines", "session.token"),
    Entry("config", "Show the settings in use, and the profiles", "session.config"),
    Entry("doctor", "Check settings, network, sign-in, roles and services", "session.doctor"),
)


FINDING: Final[tuple[Entry, ...]] = (
    Entry("search", "Search datasets by text, place and time", "finding.search"),
    Entry("list", "List the datasets that you may see", "finding.listing"),
    Entry("show", "Show a dataset", "finding.dataset"),
    Entry("history", "Show who changed a dataset's metadata, when and why", "finding.dataset"),
    Entry("versions", "List all versions of a dataset, oldest first", "finding.dataset"),
    Entry("diff", "Compare two states of a dataset's metadata", "finding.dataset"),
    Entry(
        "inventory", "List all datasets with names of owners and organisations, and more", "finding.listing"
    ),
)


FILES: Final[tuple[Entry, ...]] = (
    Entry("ls", "List the files in a dataset or a folder", "files.listing"),
    Entry("tree", "Show the files of a dataset or a folder as a tree", "files.listing"),
    Entry("du", "Show the sizes of folders, largest first", "files.listing"),
    Entry("cat", "Print files", "files.content"),
    Entry("head", "Show what is in a file: columns, variables, first rows", "files.content"),
    Entry("get", "Download a dataset, or a folder or file of it", "files.transfers"),
    Entry("put", "Upload files and folders into a dataset", "files.transfers"),
    Entry("sync", "Make a local folder equal to a dataset, or the reverse", "files.plans"),
    Entry("plan", "Show what a sync would do, and write it to a file", "files.plans"),
    Entry("apply", "Carry out a plan that was written to a file", "files.plans"),
    Entry("verify", "Compare a local folder with a dataset, by checksums", "files.verification"),
    Entry("cp", "Copy files within a dataset, or to another one", "files.rearranging"),
    Entry("mv", "Move or rename a file or a folder", "files.rearranging"),
    Entry("rm", "Delete files of a dataset", "files.rearranging"),
    Entry("url", "Print a URL that downloads a file without signing in", "files.urls"),
)


REGISTERING: Final[tuple[Entry, ...]] = (
    Entry("init", "Write a metadata file to fill in", "registering.metadata"),
    Entry(
        "validate", "Check metadata files, and print every error with line and column", "registering.metadata"
    ),
    Entry("create", "Register a dataset from a metadata file", "registering.dataset"),
    Entry("edit", "Change the metadata of a dataset, in an editor or by options", "registering.editing"),
    Entry("revert", "Restore an earlier state of the metadata of a dataset", "registering.editing"),
    Entry("version", "Make a new version of a dataset, with its own handle and files", "registering.dataset"),
    Entry("cite", "Print a citation of a dataset", "registering.exporting"),
    Entry("export", "Describe a dataset in the format of another catalogue", "registering.exporting"),
)


REVIEW: Final[tuple[Entry, ...]] = (
    Entry("release", "Request, approve or reject the release of a dataset", "review.release"),
    Entry("inbox", "List the datasets that wait for your review", "review.release"),
    Entry("reviewers", "List, add and remove reviewers", "review.reviewers"),
)


SHARING: Final[tuple[Entry, ...]] = (
    Entry("lock", "Lock a dataset against changes, or record the data of a project", "sharing.locks"),
    Entry("unlock", "Unlock a dataset, so that it can be changed again", "sharing.locks"),
    Entry("access", "Show or set who may do what with a dataset", "sharing.access"),
    Entry("people", "List, find, register and change persons of the registry", "sharing.people"),
    Entry("orgs", "List, find, register and change organisations of the registry", "sharing.organisations"),
    Entry("link", "Link your account to a person, or show the person it is linked to", "sharing.people"),
)


TOOLS: Final[tuple[Entry, ...]] = (
    Entry("credentials", "Print temporary credentials for a dataset's files", "tools.credentials"),
    Entry("credential-process", "Print credentials as the AWS tools ask for them", "tools.credentials"),
    Entry("aws-profile", "Let AWS tools and rclone get a dataset's credentials", "tools.aws"),
    Entry("mount", "Mount a dataset as a folder, read-only", "tools.mount"),
)


LOCAL: Final[tuple[Entry, ...]] = (
    Entry("install", "Download the files that a project's provena.lock records", "local.install"),
    Entry("cache", "List, prune and verify the copies that all projects share", "local.cache"),
    Entry("api", "Send a request to a service, and print the raw answer", "local.api"),
    Entry("completion", "Print the script that completes commands in a shell", "local.completion"),
    Entry("sandbox", "Run a Provena on this machine until Ctrl-C stops it", "local.sandbox"),
)


GROUPS: Final = {
    "Session": SESSION,
    "Finding": FINDING,
    "Files": FILES,
    "Registering": REGISTERING,
    "Review": REVIEW,
    "Sharing": SHARING,
    "Other tools": TOOLS,
    "Local": LOCAL,
}
"""The commands by the heading under which help lists them."""

COMMANDS: Final = {entry.name: entry for entries in GROUPS.values() for entry in entries}
"""The commands by name."""

CALLED_ELSEWHERE: Final = {
    "auth": "login",
    "cat-file": "cat",
    "clone": "get",
    "copy": "cp",
    "delete": "rm",
    "dir": "ls",
    "download": "get",
    "find": "search",
    "info": "show",
    "install-completion": "completion",
    "ll": "ls",
    "mint": "create",
    "move": "mv",
    "new": "create",
    "presign": "url",
    "pull": "get",
    "push": "put",
    "register": "create",
    "remove": "rm",
    "sign-in": "login",
    "sign-out": "logout",
    "signin": "login",
    "signout": "logout",
    "status": "doctor",
    "update": "edit",
    "upload": "put",
    "view": "show",
}
"""What other tools call a command of ours."""
