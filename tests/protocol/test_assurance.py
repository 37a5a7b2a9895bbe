"""Point 10 of decisions by email: how sure the service must be, by gate and by the money at stake."""

from __future__ import annotations

import dataclasses
import json

import pytest
from sqlalchemy import select
from sqlmodel import col

from tests.people import Council
from tests.protocol.support import (
    asked_about,
    body,
    code_for,
    deputise,
    links,
    own_sign_in,
    sign_in,
    votes,
    worth,
)
from tests.web.deciding import Member, dump, newest
from vfm_workflow.domain import assurance
from vfm_workflow.domain.facts import SavingFact
from vfm_workflow.domain.lifecycle import Assurance
from vfm_workflow.journeys import codes, settling
from vfm_workflow.store.tables import Code, DecisionRequest, History

MILLION = 1_000_000


def frozen(council: Council) -> list[str]:
    with council.app.read() as session:
        return list(session.scalars(select(col(DecisionRequest.assurance)).order_by(col(DecisionRequest.id))))


def stored(council: Council) -> list[Code]:
    with council.app.read() as session:
        return list(session.scalars(select(Code).order_by(col(Code.id))))


# ---------------------------------------------------------------- which level


@pytest.mark.parametrize(("pounds", "level"), [(MILLION, "A"), (MILLION + 1, "C"), (0, "A")])
def test_point_10_the_level_follows_from_the_gate_and_the_money_at_stake(
    council: Council, pounds: int, level: str
) -> None:
    asked_about(council, pounds)
    assert frozen(council) == [level]


def test_point_10_the_level_is_frozen_when_the_board_is_asked(council: Council) -> None:
    reference = asked_about(council, MILLION + 1)
    worth(council, reference, 0)
    council.do(reference, "hold", "head", reason="An election")
    council.do(reference, "resume", "head")
    assert frozen(council) == ["C", "C"], "the same text is asked about again, at the same level"


def test_point_10_the_amount_is_five_years_of_savings_and_what_they_cost() -> None:
    years = tuple((year, 0, 100, 200) for year in range(2026, 2033))
    costs = tuple((year, 7) for year in range(2026, 2033))
    line = SavingFact(1, "Rounds", True, True, "", "", years, costs)
    loss = SavingFact(2, "Depot", True, True, "", "", ((2027, -90, -50, 0),), ())
    assert assurance.amount([line, loss]) == 5 * 100 + 5 * 7 + 50
    assert assurance.amount([]) == 0


@pytest.mark.parametrize(("level", "by_link", "by_oidc"), [("A", "A", "A"), ("B", "B", "B"), ("C", "B", "C")])
def test_point_10_level_c_is_b_until_the_council_has_its_own_sign_in(
    level: Assurance, by_link: str, by_oidc: str
) -> None:
    assert assurance.reachable(level, "link") == by_link
    assert assurance.reachable(level, "oidc") == by_oidc


# ---------------------------------------------------------------- level A


def test_point_10_level_a_is_the_link_alone(council: Council, project: str) -> None:
    assert Member(council, "chief").decide("approve").status_code == 303
    assert (votes(council)[0].assurance, stored(council)) == ("A", [])


# ---------------------------------------------------------------- level B


@pytest.fixture
def costly(council: Council) -> str:
    """A project with more than a million pounds at stake, before a board of a council that signs in by links."""
    return asked_about(council, MILLION + 1)


def first_post(council: Council, **fields: str) -> tuple[Member, str]:
    """Return a member who has sent a whole ballot and was asked for a code, and the code they were mailed."""
    member = Member(council, "chief")
    answer = member.decide(**{"choice": "approve", "reason": "A good <case>", **fields})
    assert answer.status_code == 200
    return member, code_for(council, "chief")


def send(member: Member, code: str, **fields: str) -> int:
    """Send the page's form again with a code; return the status."""
    nonce = member.browser.hidden("nonce")
    fields = {"choice": "approve", "reason": "A good <case>", "conditions": "", **fields}
    return member.post(nonce=nonce, code=code, **fields).status_code


def test_point_10_b_a_whole_ballot_is_mailed_a_code_and_decides_nothing_yet(
    council: Council, costly: str
) -> None:
    member, code = first_post(council)
    assert votes(council) == []
    assert "Not recorded yet" in member.text
    page = member.browser.last
    assert page is not None
    assert "A good &lt;case&gt;</textarea>" in page.text
    assert 'value="approve" checked' in page.text
    assert 'autocomplete="one-time-code"' in page.text
    mail = newest(council, "chief", "decision_code")
    assert mail.not_before == council.at, "it leaves at once, whatever the hour"
    assert code not in mail.subject


def test_point_10_b_the_second_post_with_the_code_decides_and_the_record_says_how(
    council: Council, costly: str
) -> None:
    member, code = first_post(council)
    assert send(member, f" {code[:3]} {code[3:]} ") == 303
    (vote,) = votes(council)
    assert vote.assurance == "B"
    member.look()
    assert "Link holder for Chief Executive, level B (code mailed to chief@wrenfold.example)" in member.text
    assert "signed by" not in member.text.lower()
    with council.app.read() as session:
        row = session.scalars(select(History).where(col(History.event) == "vote")).one()
    assert json.loads(row.detail)["assurance"] == "B"
    assert json.loads(row.detail)["asked_assurance"] == "C"


@pytest.mark.parametrize("fields", [{}, {"choice": "reject"}, {"reason": "Because"}, {"choice": "perhaps"}])
def test_point_10_b_an_empty_or_half_form_mails_no_code(
    council: Council, costly: str, fields: dict[str, str]
) -> None:
    before = dump(council.app)
    assert Member(council, "chief").decide(**fields).status_code == 422
    assert dump(council.app) == before


def test_point_10_b_looking_mails_no_code(council: Council, costly: str) -> None:
    before = dump(council.app)
    member = Member(council, "chief")
    member.look()
    assert "we mail a code of six digits to chief@wrenfold.example" in member.text
    assert dump(council.app) == before


def test_point_10_b_a_wrong_code_says_so_and_loses_nothing_typed(council: Council, costly: str) -> None:
    member, code = first_post(council)
    wrong = f"{(int(code) + 1) % 10**6:06d}"
    assert send(member, wrong) == 422
    assert "This is not the code in the newest mail" in member.text
    assert "A good <case>" in member.text
    assert votes(council) == []
    assert send(member, code) == 303


def test_point_10_b_a_code_works_for_ten_minutes(council: Council, costly: str) -> None:
    member, code = first_post(council)
    council.later(minutes=10, seconds=1)
    assert send(member, code) == 422
    assert "The code has expired: it works for 10 minutes" in member.text
    assert send(member, "") == 200
    assert send(member, code_for(council, "chief")) == 303


def test_point_10_b_a_code_works_once_and_only_with_its_own_link(council: Council, costly: str) -> None:
    member, code = first_post(council)
    other = Member(council, "place")
    assert other.decide("approve").status_code == 200
    assert other.post(nonce=_nonce(other), choice="approve", code=code).status_code == 422
    assert send(member, code) == 303
    assert [bool(row.used_at) for row in stored(council)].count(True) == 1


def _nonce(member: Member) -> str:
    member.look()
    return member.browser.hidden("nonce")


def test_point_10_b_five_tries_a_code(council: Council, costly: str) -> None:
    member, code = first_post(council)
    wrong = f"{(int(code) + 1) % 10**6:06d}"
    assert [send(member, wrong) for _ in range(5)] == [422] * 5
    assert send(member, code) == 422, "the sixth try does not count, though it is right"
    assert "tried 5 times and no longer works" in member.text
    assert [row.tries for row in stored(council)] == [5]
    assert votes(council) == []


def test_point_10_b_five_codes_an_hour_a_link(council: Council, costly: str) -> None:
    member, _ = first_post(council)
    for _ in range(4):
        council.later(minutes=2)
        assert send(member, "") == 200
    council.later(minutes=2)
    assert send(member, "") == 429
    assert "5 codes were mailed within an hour" in member.text
    assert "A good <case>" in member.text
    assert len(council.mails(to="chief", notice="decision_code")) == 5


def test_point_10_b_an_impatient_second_press_mails_one_code(council: Council, costly: str) -> None:
    member, _ = first_post(council)
    assert send(member, "") == 200
    assert len(council.mails(to="chief", notice="decision_code")) == 1


def test_point_10_b_the_database_keeps_a_keyed_digest_bound_to_the_link(
    council: Council, costly: str
) -> None:
    _, code = first_post(council)
    (row,), (link,) = stored(council), links(council, "chief")
    assert row.digest == codes.digest(council.app.secret_key, link, code)
    kept = dump(council.app)
    del kept["outbox"]  # the mail itself, as its reader has it
    assert code not in repr([kept["code"], kept["link"], kept["history"]])
    assert council.app.secret_key not in repr(kept)


def test_point_10_b_if_the_decision_fails_the_code_still_works(
    council: Council, costly: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError("the disk is full")

    member, code = first_post(council)
    with monkeypatch.context() as broken:
        broken.setattr(settling, "receipt", fail)
        with pytest.raises(OSError, match="disk is full"):
            send(member, code)
    assert votes(council) == []
    member.look()
    assert send(member, code) == 303


def test_point_10_b_a_deputys_code_goes_to_the_deputy(council: Council, costly: str) -> None:
    deputise(council, "place", "planning")
    member = Member(council, "planning", "decision_passed")
    member.decide("approve")
    assert send(member, code_for(council, "planning"), reason="") == 303
    member.look()
    said = "Link holder Head of Planning for Director of Place, level B (code mailed to planning@wrenfold.example)"
    assert said in member.text


# ---------------------------------------------------------------- level C


@pytest.fixture
def signed(council: Council) -> str:
    """The same before a board of a council with its own sign-in service."""
    own_sign_in(council)
    return asked_about(council, MILLION + 1)


def test_point_10_c_without_a_sign_in_the_page_shows_everything_but_the_button(
    council: Council, signed: str
) -> None:
    member = Member(council, "chief")
    page = member.look()
    (link,) = links(council, "chief")
    assert "In short" in member.text
    assert "Return for changes" in member.text
    assert f'href="/sign-in?next=%2Fdecide%2F{link.id}&amp;confirm=1"' in page.text
    assert "Record my decision" not in member.text


@pytest.mark.parametrize(
    ("key", "method", "minutes_ago", "why"),
    [
        ("place", "oidc", 0, "You are signed in as Director of Place"),
        ("chief", "link", 0, "needs a sign-in by the council’s own service"),
        ("chief", "demo", 0, "needs a sign-in by the council’s own service"),
        ("chief", "oidc", 15, "You signed in more than 15 minutes ago"),
    ],
)
def test_point_10_c_another_person_another_way_or_an_old_sign_in_does_not_do(
    council: Council, signed: str, key: str, method: str, minutes_ago: int, why: str
) -> None:
    member = Member(council, "chief")
    sign_in(member.browser, "chief")
    member.look()
    nonce = member.browser.hidden("nonce")
    sign_in(member.browser, key, method, minutes_ago=minutes_ago)  # type: ignore[arg-type]  # one of the methods
    assert member.post(nonce=nonce, choice="approve").status_code == 403
    assert why in member.text
    assert votes(council) == []
    assert stored(council) == [], "a sign-in is asked for, not a code"


def test_point_10_c_a_fresh_sign_in_of_the_seats_holder_decides_and_the_record_says_how(
    council: Council, signed: str
) -> None:
    member = Member(council, "chief")
    sign_in(member.browser, "chief", minutes_ago=14)
    assert member.decide("approve").status_code == 303
    assert votes(council)[0].assurance == "C"
    member.look()
    assert (
        "Link holder for Chief Executive, level C (link sent to chief@wrenfold.example, and signed in as"
        in member.text
    )
    with council.app.read() as session:
        row = session.scalars(select(History).where(col(History.event) == "vote")).one()
    assert json.loads(row.detail)["signed_in"] == "oidc"


def test_point_10_c_their_deputy_signs_in_as_themselves(council: Council, signed: str) -> None:
    deputise(council, "place", "planning")
    member = Member(council, "planning", "decision_passed")
    sign_in(member.browser, "place")
    member.look()
    assert "needs a full sign-in by Head of Planning" in member.text
    sign_in(member.browser, "planning")
    assert member.decide("approve").status_code == 303


def test_point_10_c_what_was_typed_survives_the_sign_in_and_decides_nothing_by_itself(
    council: Council, signed: str
) -> None:
    member = Member(council, "chief")
    sign_in(member.browser, "chief")
    member.look()
    nonce = member.browser.hidden("nonce")
    council.later(minutes=16)
    fields = {
        "choice": "approve_with_conditions",
        "conditions": "Keep the crews\nReport <b>",
        "reason": "“Good” " * 200,
    }
    assert member.post(nonce=nonce, **fields).status_code == 403
    assert "Report <b>" in member.text
    assert "Sign in to decide" in member.text
    sign_in(member.browser, "chief")
    back = member.look()
    assert "Report &lt;b&gt;</textarea>" in back.text
    assert 'value="approve_with_conditions" checked' in back.text
    assert votes(council) == []
    assert member.decide(fields["choice"], conditions=fields["conditions"]).status_code == 303


def test_point_10_c_how_long_a_sign_in_is_fresh_is_a_setting(council: Council, signed: str) -> None:
    shorter = council.app.settings.model_copy(update={"step_up_minutes": 5})
    council.app.loaded = dataclasses.replace(council.app.loaded, settings=shorter)
    member = Member(council, "chief")
    sign_in(member.browser, "chief", minutes_ago=6)
    member.look()
    assert "You signed in more than 5 minutes ago" in member.text


def test_point_10_the_mail_says_what_deciding_will_ask_for(council: Council, costly: str) -> None:
    assert "we mail you a code to type in beside it" in body(council, newest(council, "chief"))
    own_sign_in(council)
    council.later(days=3)
    council.app.tick(council.at)
    reminder = newest(council, "chief", "decision_reminded")
    assert "To decide you sign in to the council’s own service." in body(council, reminder)
