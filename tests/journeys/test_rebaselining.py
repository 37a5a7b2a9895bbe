"""Profiles and targets are re-baselined by CMT alone; what it agreed first stays beside what stands (design §4.6)."""

from __future__ import annotations

import json

import pytest
from sqlmodel import select

from tests.claims_support import delivering, line, the_register
from tests.figures_support import ids, saving
from tests.people import Council
from tests.store.schema import refuses
from vfm_workflow.errors import BadInput, NotAllowed, Unready
from vfm_workflow.journeys import dates, rebaselining
from vfm_workflow.store import figures
from vfm_workflow.store.tables import DecisionRequest, ProposalRow, Version

LATER = {2026: (1_000_000, 2_000_000, 3_000_000), 2027: (10_500_000, 21_000_000, 42_000_000)}
FIRST = {2026: (4_000_000, 8_000_000, 16_000_000), 2027: (10_500_000, 21_000_000, 42_000_000)}


@pytest.fixture
def project(council: Council) -> str:
    return delivering(council)


def propose(council: Council, reference: str, **more: object) -> ProposalRow:
    with council.app.write() as session:
        who = council.actor(session, str(more.pop("by", "manager")))
        reason = str(more.pop("reason", "The depot opens a year late"))
        return dates.propose(session, council.home, reference, {}, reason, who, council.at, **more)  # type: ignore[arg-type]  # by name


def profile(council: Council, reference: str) -> dict[int, tuple[int, int, int]]:
    with council.app.read() as session:
        rows = figures.years(session, line(council, reference))
        return {row.year: (row.low, row.expected, row.high) for row in rows}


def agreed(council: Council, reference: str) -> list[dict[int, tuple[int, int, int]]]:
    with council.app.read() as session:
        return figures.agreed_profiles(session, line(council, reference))


def test_cmt_decides_on_a_new_profile_from_the_mail_and_the_first_stays_beside_it(
    council: Council, project: str
) -> None:
    propose(council, project, savings={line(council, project): LATER})
    council.do(project, "ask_rebaseline")
    assert profile(council, project) == FIRST, "asking changes nothing"
    (mail,) = [row for row in council.mails(to="chief", notice="decision_asked") if "figures" in row.subject]
    said = council.read_mail(mail).get_body(("plain",))
    assert said is not None
    text = " ".join(said.get_content().split())
    assert "The depot opens a year late" in text
    assert "£80,000 (£40,000 to £160,000) → £20,000 (£10,000 to £30,000)" in text
    council.approve(project)
    assert profile(council, project) == LATER
    assert agreed(council, project) == [FIRST, LATER]
    (row,) = the_register(council).rows
    assert (row.amounts.first, row.amounts.gross, row.rebaselined) == (8_000_000, 2_000_000, True)


def test_what_cmt_refuses_changes_nothing(council: Council, project: str) -> None:
    propose(council, project, savings={line(council, project): LATER})
    council.do(project, "ask_rebaseline")
    for key in ("chief", "place", "resources"):
        council.decide(project, key, "reject", reason="Keep to it")
    assert profile(council, project) == FIRST
    assert agreed(council, project) == [FIRST]


def test_the_frozen_text_has_what_was_agreed_first_and_now_beside_what_is_proposed(
    council: Council, project: str
) -> None:
    propose(council, project, savings={line(council, project): LATER})
    council.do(project, "ask_rebaseline")
    council.approve(project)
    again = {2026: (500_000, 1_000_000, 1_500_000), 2027: LATER[2027]}
    propose(council, project, savings={line(council, project): again})
    council.do(project, "ask_rebaseline")
    with council.app.read() as session:
        newest = session.exec(select(Version).order_by(Version.id.desc())).first()  # type: ignore[union-attr]  # a column
        assert newest is not None
        parts = {part["key"]: part for part in json.loads(newest.snapshot)["parts"]}
    assert parts["proposed_savings"]["rows"][0] == [
        "Fewer rounds", "2026/27", "£80,000 (£40,000 to £160,000)", "£20,000 (£10,000 to £30,000)",
        "£10,000 (£5,000 to £15,000)",
    ]  # fmt: skip
    assert "changes" not in parts


def test_a_target_moves_by_decision_and_its_baseline_stays(council: Council, project: str) -> None:
    missed = ids(council, project)[0][1]
    propose(council, project, targets={missed: 75})
    council.do(project, "ask_rebaseline")
    council.approve(project)
    with council.app.read() as session:
        rows = figures.targets(session, missed)
    assert [(row.baseline, row.target) for row in rows if row.request_id] == [(92, 60), (92, 75)]


def test_dates_and_figures_are_asked_for_together(council: Council, project: str) -> None:
    milestone = council.milestones(project)[0]
    assert milestone.baseline is not None
    with council.app.write() as session:
        manager = council.actor(session, "manager")
        later = milestone.baseline.replace(year=milestone.baseline.year + 1)
        changes = {milestone.id or 0: later}
        profiles = {line(council, project): LATER}
        dates.propose(session, council.home, project, changes, "Late", manager, council.at, savings=profiles)
    council.do(project, "ask_rebaseline")
    council.approve(project)
    assert council.milestones(project)[0].baseline == later
    assert profile(council, project) == LATER


def test_what_is_proposed_must_differ_be_agreed_and_have_a_reason(council: Council, project: str) -> None:
    line_id, missed = line(council, project), ids(council, project)[0][1]
    for more, said in (
        ({"savings": {line_id: FIRST}}, "that CMT agreed already"),
        ({"targets": {missed: 60}}, "that CMT agreed already"),
        ({"savings": {line_id: {2026: (3, 2, 5)}}}, "must not be more than the £0.02 expected"),
        ({"savings": {line_id: LATER}, "reason": " "}, "Say why new figures are needed"),
        ({}, "at least one thing that CMT agreed"),
    ):
        with pytest.raises(BadInput, match=said):
            propose(council, project, **more)
    new = saving(council, project, title="Later thought")
    with pytest.raises(BadInput, match="CMT has not agreed “Later thought” yet"):
        propose(council, project, savings={new.id or 0: LATER})


def test_only_who_writes_the_plan_proposes_and_nothing_is_asked_without_a_proposal(
    council: Council, project: str
) -> None:
    for key in ("finance", "chief", "other"):
        with pytest.raises(NotAllowed):
            propose(council, project, by=key, savings={line(council, project): LATER})
    with pytest.raises(Unready, match="not ready"):
        council.do(project, "ask_rebaseline")


def test_the_boxes_that_are_typed_in_make_the_profile_and_a_year_may_be_added(
    council: Council, project: str
) -> None:
    line_id = line(council, project)
    with council.app.read() as session:
        key = council.project(project).id or 0
        form = {f"saving_{line_id}_2026_expected": "60,000", f"saving_{line_id}_2028_expected": "£210,000"}
        found = rebaselining.read_profiles(session, key, form)
        assert found == {
            line_id: {2026: (4_000_000, 6_000_000, 16_000_000), 2027: FIRST[2027], 2028: (21_000_000,) * 3}
        }
        assert rebaselining.read_profiles(session, key, {}) == {}
        with pytest.raises(BadInput, match="must be an amount"):
            rebaselining.read_profiles(session, key, {f"saving_{line_id}_2026_low": "much"})


def test_a_profile_that_no_decision_says_is_refused_by_the_database(council: Council, project: str) -> None:
    said = "an agreed profile changes only by a decision"
    assert said in refuses(council, "UPDATE saving_year SET expected = expected - 1")
    with council.app.read() as session:
        assert len(session.exec(select(DecisionRequest)).all()) == 2
