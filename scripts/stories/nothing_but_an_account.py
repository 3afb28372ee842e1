"""Nothing but an account: from the first sign-in to a dataset with files that is shared, and released.

It runs against a temporary Provena on this machine, with an account that no person is linked to.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from provena_sdk import Deployment, InteractiveDataset, Provena
from provena_sdk.auth import TerminalPresenter, token_source
from provena_sdk.sandbox import Sandbox

INSTITUTE = "Reef Institute of Cairns"
ROR = "03qn8fb07"
REVIEWER = "10378.1/1900005"


def become_somebody(provena: Provena) -> None:
    """Sign in, and link the account to a person."""
    provena.sign_in()
    person = provena.people.me()
    known = "not in the registry yet" if person is None else f"{person.display_name} in the registry"
    print(f"Signed in as {provena.whoami().username}, {known}.")
    me = provena.people.link_me(first_name="Una", last_name="Linden", ethics_approved=True)
    print(f"Linked to {me.display_name}, {me.id}.")


def find_or_create_organisation(provena: Provena) -> str:
    """Return the name of the organisation, which is created unless the registry has it."""
    found = provena.organisations.find(ROR)
    institute = found.one() if found else provena.organisations.create(name=INSTITUTE, ror=ROR)
    print(f"{'Found' if found else 'Created'} {institute.display_name}, {institute.id}.")
    return institute.name


def register(provena: Provena, organisation: str, files: Path) -> InteractiveDataset:
    """Register a dataset, with names instead of handles, and upload its files."""
    minted = provena.datastore.mint_dataset(
        {
            "associations": {"organisation_id": organisation, "data_custodian_id": "Una Linden"},
            "approvals": {
                name: {"relevant": False, "obtained": False}
                for name in (
                    "ethics_registration",
                    "ethics_access",
                    "indigenous_knowledge",
                    "export_controls",
                )
            },
            "dataset_info": {
                "name": "Reef temperatures 2024",
                "description": "Daily water temperature at one site of the reef.",
                "access_info": {"reposited": True},
                "publisher_id": "Coral Sea Institute",
                "created_date": {"relevant": True, "value": "2024-12-31"},
                "published_date": {"relevant": False},
                "license": "https://creativecommons.org/licenses/by/4.0/",
            },
        }
    )
    dataset = provena.datastore.interactive_dataset(minted.handle or "")
    print(f"Registered {dataset.dataset_id}.")
    print(dataset.upload_all_files(files))
    return dataset


def share(dataset: InteractiveDataset) -> None:
    """Lock the dataset, and let a group read it."""
    dataset.lock("complete")
    print(dataset.lock_history())
    print(dataset.share("Coral team"))
    dataset.unlock("to be released")


def release(dataset: InteractiveDataset, reviewer: Provena) -> None:
    """Request the release from a reviewer, who finds it in the inbox and approves it."""
    print(dataset.release.request("Ruth Okonkwo", "complete since January"))
    for waiting in reviewer.reviews.inbox():
        print(f"The reviewer finds {waiting.name}: {waiting.notes}.")
        print(reviewer.datastore.interactive_dataset(waiting.dataset_id).release.approve("well described"))


def main() -> int:
    """Tell the story; the exit status is 0 if everything in it happened."""
    for name in [name for name in os.environ if name.startswith("PROVENA_")]:
        del os.environ[name]  # settings for other deployments
    with (
        tempfile.TemporaryDirectory(prefix="provena-story-") as place,
        Sandbox(approve_as="unlinked", poll_interval=1) as sandbox,
    ):
        os.environ["PROVENA_STATE_DIR"] = str(Path(place, "state"))
        files = Path(place, "reef")
        files.mkdir()
        (files / "2024.csv").write_text("day,temperature\n2024-01-01,27.5\n", "utf-8")
        sandbox.state.reviewers.add(REVIEWER)
        deployment = Deployment.from_env(sandbox.environment())
        tokens = token_source(deployment, interactive=True, present=TerminalPresenter(browser=False))
        with Provena(deployment, tokens=tokens) as provena:
            become_somebody(provena)
            first = register(provena, find_or_create_organisation(provena), files)
            second = first.version("more data to come", wait=True)
            print(f"Its second version is {second.new_version_id}.")
            share(first)
            with Provena(deployment, access_token=sandbox.access_token("reviewer")) as reviewer:
                release(first, reviewer)
    return 0


if __name__ == "__main__":
    sys.exit(main())
