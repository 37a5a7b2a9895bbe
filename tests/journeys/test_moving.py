"""Somebody stays and changes: post, role, department, address; a mailbox that several people read."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import select
from sqlmodel import Session, col

from tests.people import Council, address
from vfm_workflow.errors import BadInput, LinkDead, NotAllowed, NotFound
from vfm_workflow.journeys import deputies, moving, people, signin
from vfm_workflow.store import people as store
from vfm_workflow.store import projects
from vfm_workflow.store.tables import MailboxReader, Person

LASTS, IDLE = dt.timedelta(hours=12), dt.timedelta(minutes=60)


def change(council: Council, who: str, by: str | None = "admin", **changed: Any) -> Person:
    with council.app.write() as session:
        actor = council.actor(session, by) if by else None
        return moving.change(session, council.home, address(who), actor, council.at, **changed)


def change_address(council: Council, who: str, new: str, by: str | None = "admin") -> Person:
    with council.app.write() as session:
        actor = council.actor(session, by) if by else None
        return moving.change_address(session, council.home, address(who), new, actor, council.at)


def share(council: Council, who: str, *readers: str) -> Person:
    with council.app.write() as session:
        named = [address(reader) for reader in readers]
        return moving.share(session, council.home, address(who), named, None, council.at)


def changes(session: Session, who: str) -> list[store.Change]:
    return store.changes(session, projects.key(projects.person_by_address(session, address(who))))


def test_a_mover_gets_a_new_post_role_and_department_and_the_record_says_from_what(council: Council) -> None:
    moved = change(council, "other", name=" Head of  Parks ", role="head_of_service", department="ss")
    assert (moved.name, moved.role, moved.department) == ("Head of Parks", "head_of_service", "SS")
    with council.app.read() as session:
        newest = changes(session, "other")[0]
        assert newest.what == "moved"
        assert newest.detail == {
            "name": ["Housing Project Manager", "Head of Parks"],
            "role": ["project_manager", "head_of_service"],
            "department": ["PE", "SS"],
        }


def test_saying_what_is_so_already_records_nothing(council: Council) -> None:
    change(council, "other", name="Housing Project Manager", role="project_manager")
    with council.app.read() as session:
        assert [row.what for row in changes(session, "other")] == ["joined"]


def test_nobody_changes_their_own_role_but_may_correct_their_post(council: Council) -> None:
    with pytest.raises(NotAllowed, match="Nobody changes their own role"):
        change(council, "admin", role="chief_executive")
    assert change(council, "admin", name="Systems Officer").role == "administrator"


def test_the_last_administrator_keeps_that_role(council: Council) -> None:
    with pytest.raises(NotAllowed, match="only administrator"):
        change(council, "admin", by=None, role="consultee")
    change(council, "auditor", role="administrator")
    assert change(council, "admin", by="auditor", role="consultee").role == "consultee"


def test_a_head_who_moves_away_says_who_heads_it_now(council: Council) -> None:
    reference = council.create()
    with pytest.raises(BadInput) as refused:
        change(council, "head", department="PE")
    assert refused.value.fields["successor"].endswith(f"They sponsor {reference}, head Street Scene")
    change(council, "head", department="PE", successor=address("planning"))
    with council.app.read() as session:
        assert projects.department(session, "SS").head_id == council.who("planning").id
    assert council.project(reference).sponsor_id == council.who("planning").id


def test_whoever_becomes_an_administrator_hands_over_what_they_managed(council: Council) -> None:
    reference = council.create()
    with pytest.raises(BadInput, match=f"They manage {reference}"):
        change(council, "manager", role="administrator")
    change(council, "manager", role="administrator", successor=address("other"))
    assert council.project(reference).manager_id == council.who("other").id


def test_a_manager_who_moves_within_projects_keeps_them(council: Council) -> None:
    reference = council.create()
    change(council, "manager", department="PE", name="Programme Manager")
    assert council.project(reference).manager_id == council.who("manager").id


def test_every_bad_field_of_a_mover_is_named_and_nothing_changes(council: Council) -> None:
    with pytest.raises(BadInput) as refused:
        change(council, "other", name=" ", role="wizard", department="XX")
    assert set(refused.value.fields) == {"name", "role", "department"}
    with pytest.raises(BadInput, match="200 characters or fewer"):
        change(council, "other", name="x" * 201)
    assert council.who("other").name == "Housing Project Manager"


def test_a_new_role_that_cannot_stand_in_ends_the_deputyship(council: Council) -> None:
    with council.app.write() as session:
        deputies.set_deputy(
            session, council.home, person=address("place"), deputy=address("housing"), from_day="2026-03-02",
            until_day="2026-03-20", by=None, at=council.at,
        )  # fmt: skip
    change(council, "housing", role="consultee")
    with council.app.read() as session:
        actor = people.actor_by_address(session, address("chief"))
        assert deputies.listed(session, council.home, actor, council.at) == []


def test_nobody_but_an_administrator_changes_people(council: Council) -> None:
    with pytest.raises(NotAllowed, match="Only an administrator"):
        change(council, "other", by="chief", name="Anything")
    with pytest.raises(NotAllowed, match="Only an administrator may change an address"):
        change_address(council, "chief", "chief@elsewhere.example", by="chief")


# ------------------------------------------------------------------ the address


def test_a_changed_address_is_told_to_both_and_holds_no_link(council: Council) -> None:
    change_address(council, "manager", " Waste.PM@Wrenfold.example ")
    told = council.mails(notice="address_changed")
    assert [mail.to for mail in told] == [address("manager"), "waste.pm@wrenfold.example"]
    for mail in told:
        body = council.read_mail(mail).get_body(("plain",))
        assert body is not None
        text = body.get_content()
        assert "Administrator changed the work address of Waste Project Manager" in text
        assert f"From: {address('manager')}" in text
        assert "To: waste.pm@wrenfold.example" in text
        assert not [url for url in council.links_in(mail) if "/d/" in url or "/sign-in/" in url]
    assert {mail.not_before for mail in told} == {council.at}


def test_a_changed_address_leaves_as_soon_as_it_is_made_whatever_the_hour(council: Council) -> None:
    council.at = dt.datetime(2026, 3, 7, 23, 0, tzinfo=dt.UTC)  # a Saturday night
    change_address(council, "manager", "waste.pm@wrenfold.example")
    assert {mail.not_before for mail in council.mails(notice="address_changed")} == {council.at}


def test_links_to_the_old_address_die_and_sessions_end(council: Council) -> None:
    with council.app.write() as session:
        person = projects.person_by_address(session, address("manager"))
        person.identity = "https://issuer.example|42"
        secret = signin.begin(session, council.home, person, council.at, lasts=LASTS)
        url = signin.mint(session, council.home, person, council.at, LASTS)
    changed = change_address(council, "manager", "waste.pm@wrenfold.example")
    assert changed.identity is None
    with council.app.read() as session:
        assert signin.who(session, secret, council.at, IDLE) is None
        with pytest.raises(LinkDead):
            signin.look_up(session, url.rpartition("/")[2], council.at)
        newest = store.changes(session, projects.key(changed))[0]
        assert (newest.what, newest.detail["from"], newest.detail["links_revoked"]) == (
            "address",
            address("manager"),
            1,
        )


@pytest.mark.parametrize(
    ("new", "said"),
    [
        ("not an address", "is not an email address"),
        ("head@wrenfold.example", "has the address head@wrenfold.example already"),
        ("manager@wrenfold.example", "Waste Project Manager has the address"),
    ],
)
def test_an_address_that_cannot_be_is_refused_and_nobody_is_told(
    council: Council, new: str, said: str
) -> None:
    with pytest.raises(BadInput) as refused:
        change_address(council, "manager", new)
    assert said in refused.value.fields["address"]
    assert council.mails(notice="address_changed") == []


# ------------------------------------------------------------------ shared mailboxes


def test_a_mailbox_that_several_read_has_named_readers(council: Council) -> None:
    assert share(council, "legal", "head", "manager").shared
    with council.app.read() as session:
        mailbox = projects.person_by_address(session, address("legal"))
        names = [reader.name for reader in store.readers(session, projects.key(mailbox))]
        assert names == ["Head of Street Scene", "Waste Project Manager"]
        assert changes(session, "legal")[0].detail == {"readers": names}
    share(council, "legal", "manager")
    with council.app.read() as session:
        assert session.scalars(select(col(MailboxReader.reader_id))).all() == [council.who("manager").id]


def test_a_shared_mailbox_is_signed_out_since_it_is_nobody(council: Council) -> None:
    with council.app.write() as session:
        person = projects.person_by_address(session, address("legal"))
        secret = signin.begin(session, council.home, person, council.at, lasts=LASTS)
    share(council, "legal", "head")
    with council.app.read() as session:
        assert signin.who(session, secret, council.at, IDLE) is None


@pytest.mark.parametrize(
    ("readers", "said"),
    [
        ((), "Name at least one person who reads it"),
        (("nobody",), "Nobody here has the address"),
        (("legal",), "is a shared mailbox"),
    ],
)
def test_readers_are_people(council: Council, readers: tuple[str, ...], said: str) -> None:
    with pytest.raises(BadInput, match=said):
        share(council, "legal", *readers)
    with council.app.read() as session:
        assert not projects.person_by_address(session, address("legal")).shared


def test_an_administrators_address_is_never_shared(council: Council) -> None:
    with pytest.raises(NotAllowed, match="An administrator's address cannot be shared"):
        share(council, "admin", "head")
    share(council, "legal", "head")
    with pytest.raises(NotAllowed, match="is a shared mailbox"):
        change(council, "legal", role="administrator")


def test_a_mailbox_becomes_one_persons_again(council: Council) -> None:
    share(council, "legal", "head")
    with council.app.write() as session:
        assert not moving.unshare(session, council.home, address("legal"), None, council.at).shared
    with council.app.read() as session:
        assert session.scalars(select(MailboxReader)).all() == []


# ------------------------------------------------------------------ departments


def test_a_department_is_renamed_and_removed_only_when_nothing_names_it(council: Council) -> None:
    with council.app.write() as session:
        people.add_department(session, code="LC", name="Leisure")
        assert (
            people.rename_department(session, council.home, "LC", "Leisure and Culture", None).name
            == "Leisure and Culture"
        )
        with pytest.raises(BadInput, match="There is a department called Street Scene already"):
            people.rename_department(session, council.home, "LC", "Street Scene", None)
        with pytest.raises(BadInput, match="Write the department's name"):
            people.rename_department(session, council.home, "LC", " ", None)
        with pytest.raises(NotAllowed, match="Street Scene is used by 7 people"):
            people.remove_department(session, council.home, "SS", None)
        people.remove_department(session, council.home, "LC", None)
        with pytest.raises(NotFound):
            projects.department(session, "LC")


def test_nobody_but_an_administrator_keeps_departments(council: Council) -> None:
    with council.app.write() as session:
        chief = council.actor(session, "chief")
        with pytest.raises(NotAllowed):
            people.rename_department(session, council.home, "SS", "Streets", chief)
        with pytest.raises(NotAllowed):
            people.remove_department(session, council.home, "SS", chief)


def test_who_headed_a_department_and_who_does_is_in_their_record(council: Council) -> None:
    with council.app.write() as session:
        people.set_head(session, "SS", address("planning"), at=council.at, by=council.actor(session, "admin"))
        assert changes(session, "head")[0].what == "no_longer_head"
        newest = changes(session, "planning")[0]
        assert (newest.what, newest.detail, newest.by) == ("head", {"department": "SS"}, "Administrator")
