"""Persons, organisations and items, found by name, and the link between account and person."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

from provena_sdk import errors
from provena_sdk.sandbox import Fault

WRITER, WRITER2, REVIEWER = "10378.1/1900003", "10378.1/1900004", "10378.1/1900005"
INSTITUTE, CENTRE = "10378.1/1900001", "10378.1/1900002"
ADA: dict[str, Any] = {"first_name": "Ada", "last_name": "Diver", "ethics_approved": True}


def sent(sandbox: Any, path: str) -> int:
    return sum(exchange.path.startswith(path) for exchange in sandbox.requests)


@pytest.mark.parametrize(
    "query",
    [
        "Wren Castellanos",
        "castellanos, wren",
        "wren",
        "WRITER@example.com",
        "0000-0090-0000-0002",
        "https://orcid.org/0000-0090-0000-0002",
        WRITER,
        f"hdl:{WRITER}",
    ],
)
async def test_a_person_is_found(sign_in: Any, query: str) -> None:
    async with sign_in("reader") as provena:
        found = await provena.people.find(query)
    assert [person.id for person in found] == [WRITER]
    assert found.one().email == "writer@example.com"


@pytest.mark.parametrize(
    "query", ["Coral Sea Institute", "coral sea", "https://ror.org/0c0ra1s63", "0c0ra1s63"]
)
async def test_an_organisation_is_found(sign_in: Any, query: str) -> None:
    async with sign_in("reader") as provena:
        assert (await provena.organisations.find(query)).one().id == INSTITUTE


async def test_several_matches_are_listed(sign_in: Any) -> None:
    async with sign_in("reader") as provena:
        found = await provena.people.find("castellanos")
    assert str(found).splitlines()[0] == "2 persons match 'castellanos'"
    assert [line.split()[0] for line in str(found).splitlines()[2:]] == [WRITER2, WRITER]
    assert repr(found) == "<Matches 'castellanos': 2>"
    with pytest.raises(errors.NameAmbiguous, match=f"Wendell.*{WRITER2}.*Wren.*{WRITER}") as caught:
        found.one()
    assert caught.value.candidates == (WRITER2, WRITER)
    assert list(pickle.loads(pickle.dumps(found))) == list(found)


async def test_whole_names_come_before_parts(sign_in: Any) -> None:
    async with sign_in() as provena:
        for name in ("Kelp Laboratory", "The Kelp Lab of Perth", "Kelp Lab"):
            await provena.organisations.create(name=name)
        found = await provena.organisations.find("kelp lab")
    assert [each.name for each in found] == ["Kelp Lab", "Kelp Laboratory", "The Kelp Lab of Perth"]
    assert found.one().name == "Kelp Lab"


async def test_nobody_is_found(sign_in: Any) -> None:
    async with sign_in("reader") as provena:
        found = await provena.people.find("nobody")
        with pytest.raises(
            errors.NameNotFound, match=r"^person: no person is called 'wren'\. Did you mean Wren"
        ):
            await provena.people.get("wren")
    assert (len(found), list(found)) == (0, [])
    with pytest.raises(errors.NameNotFound, match=r"^query: no person is called 'nobody'"):
        found.one()


async def test_a_person_by_handle_is_fetched_with_one_request(sign_in: Any, sandbox: Any) -> None:
    async with sign_in("reader") as provena:
        assert (await provena.people.get(f"hdl:{WRITER}")).first_name == "Wren"
    assert sent(sandbox, "/registry/agent/person/list") == 0


@pytest.mark.parametrize("method", ["people", "organisations"])
async def test_an_unknown_handle(sign_in: Any, method: str) -> None:
    async with sign_in("reader") as provena:
        with pytest.raises(errors.ItemNotFound):
            await getattr(provena, method).get("10378.1/0000000")


async def test_all_persons(sign_in: Any) -> None:
    async with sign_in("reader") as provena:
        people = await provena.people.list(sort_by="DISPLAY_NAME", ascending=True)
        first = await provena.people.for_all(sort_by="DISPLAY_NAME", ascending=True).first()
    assert [person.first_name for person in people[:2]] == ["Ada", "Noor"]
    assert first.first_name == "Ada"


async def test_a_change_of_one_field_keeps_the_others(sign_in: Any) -> None:
    async with sign_in() as provena:
        before = await provena.people.get(WRITER)
        await provena.people.update("Wren Castellanos", "moved", email="wren@example.com")
        after = await provena.people.get(WRITER)
    assert (after.email, after.history[0].reason) == ("wren@example.com", "moved")
    assert (after.orcid, after.first_name, after.ethics_approved) == (before.orcid, before.first_name, True)


async def test_a_value_is_removed_with_the_item(sign_in: Any) -> None:
    async with sign_in() as provena:
        person = await provena.people.get(WRITER)
        person.orcid = None
        await provena.people.update(person, "not hers", last_name="Smith")
        after = await provena.people.get(WRITER)
    assert (after.orcid, after.last_name) == (None, "Smith")


async def test_an_organisation_of_somebody_else_cannot_be_changed(sign_in: Any) -> None:
    async with sign_in() as provena:
        with pytest.raises(errors.ItemAccessDenied):
            await provena.organisations.update("Coral Sea Institute", "mine", name="Kelp Lab")


async def test_an_account_without_a_person(sign_in: Any) -> None:
    async with sign_in("unlinked") as provena:
        assert await provena.people.me() is None
        ada = await provena.people.link_me(**ADA, orcid="0000-0002-1825-0097")
        assert (await provena.people.me()).id == ada.id
    assert (ada.display_name, ada.email) == ("Ada Diver", "unlinked@example.com")
    assert ada.orcid == "https://orcid.org/0000-0002-1825-0097"


async def test_linking_twice_makes_one_person(sign_in: Any, sandbox: Any) -> None:
    async with sign_in("unlinked") as provena:
        first = await provena.people.link_me(**ADA)
        assert (await provena.people.link_me(**ADA)).id == first.id
        assert (await provena.people.link(first)).id == first.id
    assert sent(sandbox, "/registry/agent/person/create") == 1
    assert sent(sandbox, "/link/user/assign") == 1


async def test_linking_fails_after_the_person_was_created(sign_in: Any, sandbox: Any) -> None:
    sandbox.faults.add(Fault(service="auth", path="/link/user/assign", status=500))
    async with sign_in("unlinked", max_retries=0) as provena:
        with pytest.raises(
            errors.LinkFailed, match=r"Ada Diver is registered as .* but not linked"
        ) as caught:
            await provena.people.link_me(**ADA)
        assert caught.value.__cause__ is not None
        assert await provena.people.me() is None
        linked = await provena.people.link_me(**ADA)
        assert caught.value.person_id == linked.id == (await provena.people.me()).id
    assert sent(sandbox, "/registry/agent/person/create") == 1


async def test_a_link_whose_answer_is_lost(sign_in: Any, sandbox: Any) -> None:
    sandbox.faults.add(Fault.gateway(504, service="auth", path="/link/user/assign", takes_effect=True))
    async with sign_in("unlinked", max_retries=0) as provena:
        ada = await provena.people.link_me(**ADA)
        assert (await provena.people.me()).id == ada.id


async def test_a_person_whose_answer_is_lost_is_not_created_again(sign_in: Any, sandbox: Any) -> None:
    path = "/registry/agent/person/create"
    sandbox.faults.add(Fault.gateway(504, service="registry", path=path, takes_effect=True))
    async with sign_in("unlinked", max_retries=0) as provena:
        with pytest.raises(errors.OutcomeUnknown):
            await provena.people.link_me(**ADA)
        await provena.people.link_me(**ADA)
        assert len(await provena.people.find("Ada Diver")) == 1
    assert sent(sandbox, path) == 1


async def test_a_person_that_somebody_else_registered(sign_in: Any, sandbox: Any) -> None:
    async with sign_in("writer") as provena:
        other = await provena.people.create(**ADA, email="Unlinked@example.com")
    async with sign_in("unlinked") as provena:
        with pytest.raises(errors.LinkFailed, match=f"{other.id} .owner writer.") as caught:
            await provena.people.link_me(**ADA)
        assert caught.value.person_id == other.id
        with pytest.raises(errors.ItemAccessDenied):
            await provena.people.link(other.id)
        assert await provena.people.me() is None
    assert sent(sandbox, "/registry/agent/person/create") == 1


async def test_an_account_is_linked_to_one_person_only(sign_in: Any) -> None:
    async with sign_in() as provena:
        ada = await provena.people.create(**ADA, email="ada@example.com")
        with pytest.raises(errors.LinkFailed, match=f"linked to another person, {WRITER}"):
            await provena.people.link(ada)


async def test_a_dataset_is_registered_by_names(sign_in: Any, metadata: Any) -> None:
    described = metadata(publisher_id="southern ocean data centre")
    described["associations"] = {"organisation_id": "0c0ra1s63", "data_custodian_id": "Wren Castellanos"}
    async with sign_in() as provena:
        minted = await provena.datastore.mint_dataset(described)
        stored = (await provena.datastore.fetch_dataset(minted.handle)).item.collection_format
    assert stored.associations.organisation_id == INSTITUTE
    assert stored.associations.data_custodian_id == WRITER
    assert stored.dataset_info.publisher_id == CENTRE
    assert described["dataset_info"]["publisher_id"] == "southern ocean data centre"


@pytest.mark.parametrize(
    ("name", "error"), [("Castellanos", errors.NameNotFound), ("Kelp Lab", errors.NameAmbiguous)]
)
async def test_a_name_that_does_not_stand_for_one_registers_nothing(
    sign_in: Any, sandbox: Any, metadata: Any, name: str, error: type[Exception]
) -> None:
    async with sign_in() as provena:
        for _ in range(2):
            await provena.organisations.create(name="Kelp Lab")
        with pytest.raises(error, match=r"^dataset_info\.publisher_id: ") as caught:
            await provena.datastore.mint_dataset(metadata(publisher_id=name))
    assert caught.value.argument == "dataset_info.publisher_id"  # type: ignore[attr-defined]
    assert sent(sandbox, "/register/mint-dataset") == 0


async def test_names_are_looked_up_with_one_listing(sign_in: Any, sandbox: Any, metadata: Any) -> None:
    described = metadata(publisher_id="Coral Sea Institute")
    described["associations"]["organisation_id"] = "Southern Ocean Data Centre"
    async with sign_in() as provena:
        await provena.datastore.validate_dataset_metadata(described)
    assert sent(sandbox, "/registry/agent/organisation/list") == 1


async def test_handles_are_not_looked_up(recorder: Any, metadata: Any) -> None:
    datastore, calls = recorder(lambda call: {"success": True, "details": ""})
    await datastore.validate_dataset_metadata(metadata())
    assert [call.operation.name for call in calls.calls] == ["datastore.validate_metadata"]


async def test_a_reviewer_by_name(sign_in: Any, sandbox: Any) -> None:
    dataset = sandbox.add_dataset("Kelp")
    sandbox.state.reviewers.add(REVIEWER)
    async with sign_in() as provena:
        asked = await provena.datastore.review.dataset_approval_request(
            dataset_id=dataset, approver_id="Ruth Okonkwo", notes="please"
        )
    assert asked.approver_id == REVIEWER


async def test_items_of_every_kind(sign_in: Any, sandbox: Any) -> None:
    dataset = sandbox.add_dataset("Kelp")
    async with sign_in("reader") as provena:
        items = [await provena.registry.get(id) for id in (dataset, WRITER, INSTITUTE)]
        everything = await provena.registry.list()
        templates = await provena.registry.list("dataset template")
        people = [item.id async for item in provena.registry.for_all("person")]
    assert [type(item).__name__ for item in items] == ["ItemDataset", "ItemPerson", "ItemOrganisation"]
    assert {dataset, WRITER, INSTITUTE} <= {item.id for item in everything}
    assert {type(item).__name__ for item in templates} == {"ItemDatasetTemplate"}
    assert WRITER in people
    assert INSTITUTE not in people


async def test_a_kind_without_a_class_is_a_general_item(sign_in: Any) -> None:
    async with sign_in("reader") as provena:
        model = (await provena.registry.list("MODEL"))[0]
    assert (type(model).__name__, model.kind) == ("RegistryItem", "MODEL")
    assert model.display_name == model.data["display_name"]
    assert repr(model).startswith(f"<RegistryItem {model.id}")
    assert model == pickle.loads(pickle.dumps(model))


async def test_names_of_items(sign_in: Any, sandbox: Any) -> None:
    private = sandbox.add_dataset("Private", private=True, owner="writer2")
    ids = [WRITER, f"hdl:{INSTITUTE}", WRITER, private, "10378.1/0000000"]
    expected = {
        WRITER: "Wren Castellanos",
        f"hdl:{INSTITUTE}": "Coral Sea Institute",
        private: None,
        "10378.1/0000000": None,
    }
    async with sign_in("reader") as provena:
        assert await provena.registry.names_of(iter(ids)) == expected
        assert sent(sandbox, "/registry/general/fetch") == 4
        view = provena.with_options(timeout=5)
        assert await view.registry.names_of([WRITER, INSTITUTE]) == {
            WRITER: "Wren Castellanos",
            INSTITUTE: "Coral Sea Institute",
        }
    assert sent(sandbox, "/registry/general/fetch") == 4


@pytest.mark.parametrize(
    ("resource", "method", "args", "kwargs", "argument"),
    [
        ("people", "find", ("",), {}, "query"),
        ("people", "get", (" ",), {}, "person"),
        ("people", "list", (), {"total_limit": -1}, "total_limit"),
        ("people", "list", (), {"sort_by": "AGE"}, "sort_by"),
        ("people", "create", (), {**ADA, "email": ""}, "email"),
        ("people", "create", (), {**ADA, "email": "a@b", "orcid": "0000-0002-1825-0098"}, "orcid"),
        ("people", "create", (), {**ADA, "email": "a@b", "ethics_approved": False}, "ethics_approved"),
        ("people", "link_me", (), {**ADA, "ethics_approved": False}, "ethics_approved"),
        ("people", "link_me", (), {**ADA, "first_name": ""}, "first_name"),
        ("people", "link_me", (), {**ADA, "user_metadata": ["a"]}, "user_metadata"),
        ("people", "update", (WRITER, " "), {}, "reason"),
        ("people", "update", (WRITER, "r"), {"email": " "}, "email"),
        ("people", "link", (7,), {}, "person"),
        ("organisations", "find", (None,), {}, "query"),
        ("organisations", "create", (), {"name": ""}, "name"),
        ("organisations", "create", (), {"name": "Kelp Lab", "ror": "kelp"}, "ror"),
        ("organisations", "update", (INSTITUTE, "r"), {"ror": "kelp"}, "ror"),
        ("registry", "get", ("kelp",), {}, "id"),
        ("registry", "list", ("animal",), {}, "kind"),
        ("registry", "names_of", (WRITER,), {}, "ids"),
        ("registry", "names_of", ([WRITER, "kelp"],), {}, "ids[1]"),
    ],
)
async def test_bad_arguments_are_refused_before_anything_is_sent(
    face: Any, resource: str, method: str, args: Any, kwargs: Any, argument: str
) -> None:
    async with face.open("nowhere.invalid", access_token="t") as provena:  # not a secret
        with pytest.raises(errors.InvalidArgument) as caught:
            await getattr(getattr(provena, resource), method)(*args, **kwargs)
    assert caught.value.argument == argument


async def test_who_is_linked_to_another_person_meanwhile_is_not_told_to_repeat_it(
    sign_in: Any, sandbox: Any
) -> None:
    unlinked = '{"person_id": null, "success": false}'
    sandbox.faults.add(Fault(service="auth", path="/link/user/lookup", status=200, body=unlinked))
    async with sign_in() as provena:
        with pytest.raises(
            errors.LinkFailed, match=r"already has .* provena\.people\.me\(\) returns"
        ) as caught:
            await provena.people.link_me(**ADA, email="ada@example.com")
        assert "link_me again" not in str(caught.value)
