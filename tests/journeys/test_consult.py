"""Others are asked before CMT is, and customers are heard (§2.2.5, §4.9.1)."""

from __future__ import annotations

import pytest

from tests.figures_support import events, known
from tests.people import Council
from vfm_workflow.domain.evidence import evidence_warning
from vfm_workflow.errors import BadInput, NotAllowed, NotFound
from vfm_workflow.journeys import consult
from vfm_workflow.store import projects
from vfm_workflow.store.tables import Evidence


def ask(council: Council, reference: str, key: str, by: str = "manager") -> None:
    with council.app.write() as session:
        consult.ask(session, council.home, reference, key, council.actor(session, by), council.at)


def answer(council: Council, reference: str, key: str, text: str, by: str = "manager") -> None:
    with council.app.write() as session:
        consult.answer(session, council.home, reference, key, council.actor(session, by), council.at, text)


def take_back(council: Council, reference: str, key: str) -> None:
    with council.app.write() as session:
        consult.take_back(
            session, council.home, reference, key, council.actor(session, "manager"), council.at
        )


def answers(council: Council, reference: str) -> dict[str, str]:
    with council.app.read() as session:
        return {c.key: c.answer for c in known(session, council, reference, "consultations").consultations}


def test_a_consultee_answers_themselves_or_through_the_manager(council: Council) -> None:
    reference = council.create()
    ask(council, reference, "legal")
    ask(council, reference, "hr")
    answer(council, reference, "legal", "The contract allows it.", "legal")
    answer(council, reference, "hr", "Two posts change.")
    assert answers(council, reference) == {"legal": "The contract allows it.", "hr": "Two posts change."}
    assert events(council, reference)[1:] == ["consultee_asked"] * 2 + ["consultee_answered"] * 2


def test_a_later_answer_replaces_the_first_and_the_history_keeps_both(council: Council) -> None:
    reference = council.create()
    ask(council, reference, "legal")
    answer(council, reference, "legal", "No objection.", "legal")
    answer(council, reference, "legal", "No objection.", "legal")
    answer(council, reference, "legal", "TUPE applies after all.", "legal")
    assert answers(council, reference) == {"legal": "TUPE applies after all."}
    assert events(council, reference).count("consultee_answered") == 2


def test_nobody_is_asked_twice_or_answers_unasked(council: Council) -> None:
    reference = council.create()
    with pytest.raises(NotFound, match="Legal has not been asked about VFM-0001"):
        answer(council, reference, "legal", "Hello?")
    with pytest.raises(NotFound, match="There is no project"):
        answer(council, reference, "legal", "Hello?", "legal")  # nobody asked them: they know of no project
    ask(council, reference, "legal")
    with pytest.raises(NotAllowed, match="Legal was asked on 2 March 2026 already"):
        ask(council, reference, "legal")
    with pytest.raises(NotFound, match="There is no consultee “astrology”"):
        ask(council, reference, "astrology")


def test_a_question_without_an_answer_is_taken_back(council: Council) -> None:
    reference = council.create()
    ask(council, reference, "unions")
    take_back(council, reference, "unions")
    assert answers(council, reference) == {}
    ask(council, reference, "unions")
    answer(council, reference, "unions", "We oppose it.")
    with pytest.raises(NotAllowed, match="the answer stays"):
        take_back(council, reference, "unions")


def test_outsiders_neither_ask_nor_answer(council: Council) -> None:
    reference = council.create()
    ask(council, reference, "legal")
    for person in ("other", "planning", "chief"):
        with pytest.raises(NotAllowed, match="You may not change this"):
            ask(council, reference, "hr", person)
        with pytest.raises(NotAllowed, match="You may not change this"):
            answer(council, reference, "legal", "Fine by me", person)
    with pytest.raises(NotFound, match="There is no project"):
        answer(council, reference, "legal", "Fine by me", "holder")
    with pytest.raises(BadInput, match="Write what Legal answered"):
        answer(council, reference, "legal", "", "legal")


def add(council: Council, reference: str, by: str = "manager", **form: str) -> Evidence:
    filled = {
        "source": "Residents' survey",
        "on": "1/2/2026",
        "group": "All households",
        "finding": "71% satisfied",
        **form,
    }
    with council.app.write() as session:
        actor = council.actor(session, by)
        return consult.evidence_add(session, council.home, reference, actor, council.at, **filled)


def test_evidence_names_its_source_its_day_its_group_and_what_was_found(council: Council) -> None:
    reference = council.create()
    add(council, reference)
    with pytest.raises(BadInput) as refused:
        add(council, reference, source="", on="31/2/2026", group=" ", finding="")
    assert set(refused.value.fields) == {"source", "on", "group", "finding"}
    with pytest.raises(BadInput, match="3 March 2026 is still to come"):
        add(council, reference, on="3 March 2026")
    with pytest.raises(NotAllowed, match="You may not change this"):
        add(council, reference, "other")
    assert events(council, reference) == ["created", "evidence_added"]


def test_evidence_is_removed_from_its_own_project_only(council: Council) -> None:
    mine, theirs = council.create(), council.create("Voids", manager="other", department="PE")
    row = add(council, mine)
    with council.app.write() as session, pytest.raises(NotFound, match="no such evidence"):
        consult.evidence_remove(
            session, council.home, theirs, row.id or 0, council.actor(session, "other"), council.at
        )
    with council.app.write() as session:
        consult.evidence_remove(
            session, council.home, mine, row.id or 0, council.actor(session, "manager"), council.at
        )
        assert consult.evidence(session, projects.by_reference(session, mine)) == []


def test_one_survey_alone_is_thin_evidence(council: Council) -> None:
    reference = council.create()
    assert evidence_warning([]) is None
    rows = [
        add(council, reference),
        add(council, reference, source=" residents'  SURVEY ", finding="18% dissatisfied"),
    ]
    assert (evidence_warning(rows) or "").startswith("One survey alone is thin evidence")
    rows.append(add(council, reference, source="Focus group", group="Tenants"))
    assert evidence_warning(rows) is None
    assert evidence_warning(rows[2:]) is None
