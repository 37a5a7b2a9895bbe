"""Dated deputies: named ahead, for some days, acting as “X for Y”, and never to get around who may check whom."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.figures_support import submit
from tests.journeys import clockwork
from tests.people import Council, address
from vfm_workflow.errors import BadInput, NotAllowed, NotFound
from vfm_workflow.journeys import deputies, leaving, moving, planning, reseat, returns, tasks
from vfm_workflow.journeys import projects as begin
from vfm_workflow.store import deputies as store
from vfm_workflow.store import history, pages_record, projects
from vfm_workflow.store import people as people_store
from vfm_workflow.store.tables import Deputy

MARCH = dt.date(2026, 3, 2)


def stand_in(
    council: Council,
    who: str,
    instead_of: str,
    first: str = "2026-03-02",
    last: str = "2026-12-31",
    by: str | None = None,
) -> Deputy:
    with council.app.write() as session:
        return deputies.set_deputy(
            session,
            council.home,
            person=address(instead_of),
            deputy=address(who),
            from_day=first,
            until_day=last,
            by=council.actor(session, by) if by else None,
            at=council.at,
        )


def refused(council: Council, who: str, instead_of: str, first: str = "", last: str = "") -> dict[str, str]:
    with pytest.raises(BadInput) as error:
        stand_in(council, who, instead_of, first or "2026-03-02", last or "2026-03-20")
    return error.value.fields


def end(council: Council, row: Deputy, by: str | None = None) -> None:
    with council.app.write() as session:
        actor = council.actor(session, by) if by else None
        deputies.end_deputy(session, council.home, row.id or 0, actor, council.at)


def standing(council: Council, who: str, day: dt.date) -> str | None:
    with council.app.read() as session:
        person = projects.person_by_address(session, address(who))
        found = store.deputy_on(session, projects.key(person), day)
        return found.name if found is not None else None


def last_row(council: Council, reference: str) -> tuple[str, str, int | None]:
    with council.app.read() as session:
        row = history.of(session, projects.key(projects.by_reference(session, reference)), 1)[0]
        return row.event, row.actor, row.actor_id


def implement(council: Council, reference: str, manager: str) -> None:
    """Take a fresh project through both decisions, sent by its own manager."""
    council.outline_ready(reference)
    council.do(reference, "submit_outline", manager)
    council.approve(reference)
    council.recommendations_ready(reference)
    council.do(reference, "submit_recommendations", manager)
    council.approve(reference)


# ------------------------------------------------------------------ setting and ending


def test_a_deputy_stands_in_from_the_first_day_to_the_last_both_included(council: Council) -> None:
    stand_in(council, "planning", "head", "2026-03-09", "2026-03-20")
    days = {dt.date(2026, 3, day): standing(council, "head", dt.date(2026, 3, day)) for day in (8, 9, 20, 21)}
    assert list(days.values()) == [None, "Head of Planning", "Head of Planning", None]
    with council.app.read() as session:
        deputy = council.who("planning")
        (principal,) = store.principals_of(session, deputy.id, dt.date(2026, 3, 9))
        assert principal.name == "Head of Street Scene"
        assert store.principals_of(session, deputy.id, dt.date(2026, 3, 8)) == ()


def test_a_head_of_service_says_who_stands_in_for_themselves_and_nobody_else(council: Council) -> None:
    stand_in(council, "planning", "head", by="head")
    with pytest.raises(NotAllowed, match="yourself only"):
        stand_in(council, "head", "planning", by="head")
    with pytest.raises(NotAllowed, match="yourself only"):
        stand_in(council, "head", "planning", by="manager")


@pytest.mark.parametrize("who", ["chief", "admin"])
def test_the_chief_executive_and_administrators_say_it_for_anybody(council: Council, who: str) -> None:
    stand_in(council, "housing", "place", by=who)
    assert standing(council, "place", MARCH) == "Director of Housing"


@pytest.mark.parametrize(
    ("who", "field", "said"),
    [
        ("manager", "deputy", "a role that cannot stand in for anybody"),
        ("admin", "deputy", "a role that cannot stand in for anybody"),
        ("nobody", "deputy", "Nobody here has the address"),
        ("head", "deputy", "Nobody stands in for themselves"),
    ],
)
def test_a_deputy_must_be_somebody_who_may_be_one(council: Council, who: str, field: str, said: str) -> None:
    assert said in refused(council, who, "head")[field]


def test_a_leaver_and_a_shared_mailbox_stand_in_for_nobody(council: Council) -> None:
    with council.app.write() as session:
        moving.share(session, council.home, address("planning"), [address("manager")], None, council.at)
        projects.person_by_address(session, address("housing")).active = False
    assert "is a shared mailbox" in refused(council, "planning", "head")["deputy"]
    assert "Nobody here has the address" in refused(council, "housing", "head")["deputy"]


def test_there_is_nothing_to_stand_in_for_with_an_administrator_or_a_manager(council: Council) -> None:
    for who in ("admin", "manager"):
        assert "nothing to stand in for" in refused(council, "planning", who)["person"]


@pytest.mark.parametrize(
    ("first", "last", "field", "said"),
    [
        ("2026-03-20", "2026-03-19", "until_day", "must not be before the first"),
        ("2026-03-01", "2026-03-19", "from_day", "The first day must be today, 2 March 2026, or later"),
        ("2026-03-02", "2028-03-02", "until_day", "a year at most"),
        ("tomorrow", "2026-03-19", "from_day", "The first day must be a date"),
        ("2026-03-02", "31 February 2026", "until_day", "The last day"),
    ],
)
def test_the_days_of_a_deputy_are_checked(
    council: Council, first: str, last: str, field: str, said: str
) -> None:
    fields = refused(council, "planning", "head", first, last)
    assert set(fields) == {field}
    assert said in fields[field]


def test_two_deputies_on_the_same_day_are_refused_and_the_other_is_named(council: Council) -> None:
    row = stand_in(council, "planning", "head", "2026-03-09", "2026-03-20")
    said = refused(council, "housing", "head", "2026-03-20", "2026-03-25")["from_day"]
    assert said.startswith(
        "Head of Planning stands in for Head of Street Scene from 9 March 2026 to 20 March 2026"
    )
    stand_in(council, "housing", "head", "2026-03-21", "2026-03-25")
    end(council, row)
    stand_in(council, "place", "head", "2026-03-09", "2026-03-20")


def test_a_deputyship_ended_early_holds_no_more_that_very_day(council: Council) -> None:
    row = stand_in(council, "planning", "head")
    end(council, row, "head")
    assert standing(council, "head", MARCH) is None
    end(council, row, "head")  # again changes nothing
    with council.app.read() as session:
        (principal,) = [council.actor(session, "planning")]
        assert principal.stands_for == ()


def test_nobody_ends_a_deputyship_that_is_not_theirs_to_set(council: Council) -> None:
    row = stand_in(council, "planning", "head")
    for who in ("planning", "manager"):
        with pytest.raises(NotFound):
            end(council, row, who)
    assert standing(council, "head", MARCH) == "Head of Planning"


def test_each_sees_their_own_deputyships_and_the_chief_executive_sees_all(council: Council) -> None:
    stand_in(council, "planning", "head")
    stand_in(council, "housing", "place")
    with council.app.read() as session:
        seen = {
            who: len(deputies.listed(session, council.home, council.actor(session, who), council.at))
            for who in ("head", "planning", "place", "customers", "chief", "admin")
        }
    assert seen == {"head": 1, "planning": 1, "place": 1, "customers": 0, "chief": 2, "admin": 2}


# ------------------------------------------------------------------ acting


def test_a_deputy_verifies_a_return_as_x_for_y(council: Council) -> None:
    reference = clockwork.running(council, MARCH)
    clockwork.at(council, dt.date(2026, 5, 5))
    submit(council, reference, "2026-04")
    with council.app.write() as session, pytest.raises(NotAllowed):
        returns.verify(
            session, council.home, reference, "2026-04", council.actor(session, "planning"), council.at
        )
    stand_in(council, "planning", "head", "2026-05-05")
    with council.app.write() as session:
        deputy = council.actor(session, "planning")
        returns.verify(session, council.home, reference, "2026-04", deputy, council.at)
    assert last_row(council, reference) == (
        "return_verified", "Head of Planning for Head of Street Scene", council.who("planning").id,
    )  # fmt: skip
    with council.app.read() as session:
        assert list(history.verify(session)) == []


def test_a_deputyship_that_is_over_verifies_nothing(council: Council) -> None:
    reference = clockwork.running(council, MARCH)
    stand_in(council, "planning", "head", "2026-03-02", "2026-05-04")
    clockwork.at(council, dt.date(2026, 5, 5))
    submit(council, reference, "2026-04")
    with council.app.write() as session, pytest.raises(NotAllowed, match="Only the Head of Service"):
        returns.verify(
            session, council.home, reference, "2026-04", council.actor(session, "planning"), council.at
        )


def test_a_deputy_fires_the_heads_events_as_x_for_y(council: Council) -> None:
    reference = council.create()
    with pytest.raises(NotAllowed):
        council.do(reference, "withdraw", "planning", reason="Overtaken")
    stand_in(council, "planning", "head")
    council.do(reference, "withdraw", "planning", reason="Overtaken")
    assert last_row(council, reference)[:2] == ("withdraw", "Head of Planning for Head of Street Scene")


def test_what_is_a_deputys_own_is_recorded_as_their_own(council: Council) -> None:
    reference = council.create(manager="other", department="PE")
    stand_in(council, "planning", "head")
    council.do(reference, "withdraw", "planning", reason="Overtaken")
    assert last_row(council, reference)[:2] == ("withdraw", "Head of Planning")


def test_a_deputy_discharges_a_condition_as_x_for_y(council: Council) -> None:
    reference = council.create()
    council.outline_ready(reference)
    council.do(reference, "submit_outline")
    council.approve(reference, "chief", "place")
    council.decide(reference, "resources", "approve_with_conditions", reason="Yes", conditions="Ask the ward")
    stand_in(council, "planning", "head")
    with council.app.write() as session:
        project = projects.by_reference(session, reference)
        (condition,) = pages_record.conditions(session, projects.key(project))
        deputy = council.actor(session, "planning")
        planning.discharge_condition(
            session, council.home, reference, condition.id, deputy, council.at, "Asked on 4 March"
        )
    assert last_row(council, reference)[:2] == (
        "condition_discharged", "Head of Planning for Head of Street Scene",
    )  # fmt: skip


def test_a_deputy_writes_and_edits_nothing_in_the_heads_place(council: Council) -> None:
    reference = council.create()
    stand_in(council, "planning", "head")
    with council.app.write() as session, pytest.raises(NotAllowed):
        planning.save_element(
            session,
            council.home,
            reference,
            council.actor(session, "planning"),
            council.at,
            form={"title": "x"},
        )


def test_the_projects_own_manager_does_not_act_for_its_head(council: Council) -> None:
    with council.app.write() as session:
        reference = begin.create(
            session, council.home, title="Bins", kind="delivery_model", department="SS", manager=address("planning"),
            by=council.actor(session, "head"), at=council.at,
        ).reference  # fmt: skip
    implement(council, reference, "planning")
    clockwork.at(council, dt.date(2026, 5, 5))
    submit(council, reference, "2026-04", "planning")
    stand_in(council, "planning", "head", "2026-05-05")
    with council.app.write() as session, pytest.raises(NotAllowed):
        returns.verify(
            session, council.home, reference, "2026-04", council.actor(session, "planning"), council.at
        )
    with pytest.raises(NotAllowed):
        council.do(reference, "withdraw", "planning", reason="Overtaken")


def test_nobody_has_a_deputy_verify_what_they_submitted(council: Council) -> None:
    """The head manages the project and another sponsors it: their deputy would only be their own second hand."""
    with council.app.write() as session:
        reference = begin.create(
            session, council.home, title="Bins", kind="delivery_model", department="SS", manager=address("head"),
            sponsor=address("customers"), by=council.actor(session, "head"), at=council.at,
        ).reference  # fmt: skip
    implement(council, reference, "head")
    clockwork.at(council, dt.date(2026, 5, 5))
    submit(council, reference, "2026-04", "head")
    stand_in(council, "planning", "head", "2026-05-05")
    with council.app.write() as session, pytest.raises(NotAllowed, match="Whom you stand in for submitted"):
        returns.verify(
            session, council.home, reference, "2026-04", council.actor(session, "planning"), council.at
        )


def test_an_administrator_stands_in_for_nobody_even_where_a_row_says_so(council: Council) -> None:
    reference = council.create()
    row = stand_in(council, "planning", "head")
    with council.app.write() as session:
        stored = session.get(Deputy, row.id)
        assert stored is not None
        stored.deputy_id = council.who("admin").id
    with council.app.read() as session:
        assert council.actor(session, "admin").stands_for == ()
    with pytest.raises(NotFound):  # nor does the administrator learn that there is such a project
        council.do(reference, "withdraw", "admin", reason="Overtaken")


def test_a_deputy_of_a_deputy_stands_in_for_the_deputy_alone(council: Council) -> None:
    reference = council.create()
    stand_in(council, "planning", "head")
    stand_in(council, "housing", "planning")
    with pytest.raises(NotAllowed):
        council.do(reference, "withdraw", "housing", reason="Overtaken")


def test_what_waits_for_the_head_waits_for_the_deputy_too(council: Council) -> None:
    reference = clockwork.running(council, MARCH)
    clockwork.at(council, dt.date(2026, 5, 5))
    submit(council, reference, "2026-04")
    stand_in(council, "planning", "head", "2026-05-05")
    with council.app.read() as session:
        waiting = tasks.waiting(session, council.home, council.actor(session, "planning"), council.at)
    assert "Verify the return for April 2026" in [task.title for task in waiting]


# ------------------------------------------------------------------ digests


def test_a_deputys_digest_has_the_facts_of_whoever_is_away_each_once(council: Council) -> None:
    reference = clockwork.running(council, MARCH)
    clockwork.at(council, dt.date(2026, 5, 5))
    submit(council, reference, "2026-04")
    stand_in(council, "planning", "head", "2026-05-06", "2026-05-06")
    for day in (6, 7):
        clockwork.tick(council, dt.date(2026, 5, day))
        clockwork.tick(council, dt.date(2026, 5, day), "09:00")
    told = sorted(row.to for row in clockwork.said(council, "return_to_verify"))
    assert told == ["head", "planning"]


def test_an_event_that_waits_for_whoever_is_away_waits_for_the_deputy_too(council: Council) -> None:
    reference = clockwork.running(council, MARCH)
    clockwork.tick(council, dt.date(2026, 3, 3))
    stand_in(council, "planning", "head", "2026-03-03", "2026-03-31")
    council.at = council.home.calendar.moment(dt.date(2026, 3, 3), "10:00")
    council.do(reference, "hold", "chief", reason="An election")
    clockwork.tick(council, dt.date(2026, 3, 4))
    clockwork.tick(council, dt.date(2026, 3, 5))
    told = [row.to for row in clockwork.said(council, "stage_changed") if row.day == dt.date(2026, 3, 4)]
    assert sorted(told) == ["head", "manager", "planning"]


def test_a_deputy_who_had_todays_digest_hears_tomorrow(council: Council) -> None:
    """The head's digest goes later that day, when the deputy has had theirs: the fact waits, and is not lost."""
    reference = clockwork.running(council, MARCH)
    clockwork.tick(council, dt.date(2026, 3, 3))
    stand_in(council, "planning", "head", "2026-03-03", "2026-03-31")
    other = council.create("Another", manager="other", department="PE")
    council.do(other, "hold", "chief", reason="An election")
    clockwork.tick(council, dt.date(2026, 3, 4))  # the deputy's own facts
    council.do(reference, "hold", "chief", reason="An election")
    clockwork.tick(council, dt.date(2026, 3, 4), "12:00")
    clockwork.tick(council, dt.date(2026, 3, 5))
    days = [row.day for row in clockwork.said(council, "stage_changed", "planning")]
    assert days == [dt.date(2026, 3, 4), dt.date(2026, 3, 5)]


def test_the_record_of_both_says_who_stood_in_for_whom(council: Council) -> None:
    stand_in(council, "planning", "head", by="chief")
    with council.app.read() as session:
        for who in ("head", "planning"):
            key = projects.key(projects.person_by_address(session, address(who)))
            newest = people_store.changes(session, key)[0]
            assert (newest.what, newest.by) == ("deputy_set", "Chief Executive")
            assert newest.detail == {
                "person": "Head of Street Scene", "deputy": "Head of Planning", "from": "2026-03-02", "until": "2026-12-31",
            }  # fmt: skip


def test_both_are_told_when_somebody_stands_in_and_when_that_ends_early(council: Council) -> None:
    row = stand_in(council, "place", "resources", by="resources")
    mails = council.mails(notice="deputy_named")
    assert [mail.to for mail in mails] == [address("resources"), address("place")]
    assert mails[1].subject == "Director of Place stands in for Director of Resources from 2 March 2026"
    assert council.links_in(mails[0])[0].endswith("/me/deputies")
    assert council.links_in(mails[1])[0].endswith("/tasks")
    end(council, row, "resources")
    assert [mail.to for mail in council.mails(notice="deputy_ended")] == [
        address("resources"),
        address("place"),
    ]


def test_who_has_left_is_not_told_that_nobody_stands_in_any_more(council: Council) -> None:
    stand_in(council, "place", "resources")
    with council.app.write() as session:
        leaving.leave(
            session,
            council.home,
            address("place"),
            successor=address("housing"),
            by=None,
            at=council.at,
        )
    (mail,) = council.mails(notice="deputy_ended")
    assert mail.to == address("resources")
    assert "Director of Place left" in mail.data.decode()


def test_a_deputy_named_in_a_transaction_that_looked_before_has_the_link_at_once(council: Council) -> None:
    """Who is away is read once a transaction: naming somebody has it read again."""
    reference = council.create()
    council.outline_ready(reference)
    council.do(reference, "submit_outline")
    with council.app.write() as session:
        reseat.reconcile(session, council.home, council.at)
        deputies.set_deputy(
            session,
            council.home,
            person=address("place"),
            deputy=address("planning"),
            from_day="2026-03-02",
            until_day="2026-12-31",
            by=None,
            at=council.at,
        )
    assert [mail.notice for mail in council.mails(to="planning")] == ["deputy_named", "decision_passed"]
