"""Measures and savings: figures with their units, other councils, five-year profiles, and each saving counted once."""

from __future__ import annotations

import re

import pytest

from tests.figures_support import ids, moment, saving, submit
from tests.people import Council
from tests.web.forms import actions, fields
from tests.web.support import Browser

MEASURE = {
    "kind": "unit_cost",
    "name": "Cost per visit",
    "unit": "£ per visit",
    "places": "",
    "direction": "lower",
    "numerator": "Gross cost",
    "denominator": "Visits",
    "baseline": "3.05",
    "target": "1.90",
}
LINE = {
    "title": "Fuel",
    "cashable": "yes",
    "ongoing": "no",
    "budget_code": "ss-4300",
    "cross_check": "",
    "expected_2026": "12,000",
    "low_2027": "20000",
    "expected_2027": "24000",
    "high_2027": "30000",
    "cost_2026": "£5,000",
}


@pytest.fixture
def browser(council: Council) -> Browser:
    return Browser(council)


@pytest.fixture
def ready(council: Council) -> str:
    """A project with its outline filled in: two measures and a saving."""
    reference = council.create()
    council.outline_ready(reference)
    return reference


# ------------------------------------------------------------------ measures


def test_a_measure_is_added_with_its_unit_before_and_after_the_figure(
    browser: Browser, council: Council
) -> None:
    path = f"/projects/{council.create()}/measures"
    assert browser.sign_in("manager").send(f"{path}/add", MEASURE).status_code == 303
    page = browser.get(path)
    assert "Baseline £3.05 per visit Target £1.90 per visit" in browser.text
    assert "Gross cost ÷ Visits" in browser.text
    for anchor in ("unit_cost", "performance", "measure_1", "savings"):
        assert f'id="{anchor}"' in page.text, "the checklist leads here"


def test_every_mistake_in_a_measure_is_named_and_kept(browser: Browser, council: Council) -> None:
    path = f"/projects/{council.create()}/measures/add"
    typed = {**MEASURE, "name": "", "unit": "", "direction": "", "baseline": "three", "target": ""}
    answer = browser.sign_in("manager").send(path, typed)
    assert answer.status_code == 422
    for said in (
        "Write what is measured",
        "Write the unit",
        "Choose whether lower or higher is better",
        "The baseline must be a number",
        "give the target too",
    ):
        assert said in browser.text
    sent = fields(answer.text, path)
    assert (sent["kind"], sent["baseline"], sent["denominator"]) == ("unit_cost", "three", "Visits")


def test_what_cmt_agreed_is_shown_and_only_its_explanation_changes(browser: Browser, ready: str) -> None:
    council = browser.council
    council.do(ready, "submit_outline")
    council.approve(ready)
    path = f"/projects/{ready}/measures/{ids(council, ready)[0][0]}"
    page = browser.sign_in("manager").get(path)
    assert "CMT agreed this measure: from £71.00 per household to £64.00 per household" in browser.text
    sent = fields(page.text, path, numerator="Gross cost without food waste")
    assert browser.send(path, sent).status_code == 303
    answer = browser.send(path, {**sent, "target": "70.00"})
    assert answer.status_code == 403
    assert "Only a decision of CMT re-baselines it" in browser.text
    assert browser.send(path, {"do": "remove"}).status_code == 403


def test_readings_are_drawn_with_their_table_and_how_far_they_have_come(
    browser: Browser, council: Council
) -> None:
    reference = council.create()
    council.to_implementation(reference)
    for month, cost in ((3, "70.60"), (4, "69.80"), (6, "67.50")):
        council.at = moment(2026, month + 1, 5)
        submit(
            council, reference, f"2026-{month:02d}", cost=cost, forecast="2026-12-01", action="A third loader"
        )
    page = browser.sign_in("chief").get(f"/projects/{reference}/measures")
    assert (
        "£67.50 per household in June 2026. 50% of the way from the baseline to the target." in browser.text
    )
    assert "March 2026 70.60" in browser.text
    title = "Cost per household: £70.60 per household in March 2026, £67.50 per household in June 2026"
    assert f"<title>{title}; the target is £64.00 per household</title>" in page.text
    runs = re.findall(r'<polyline points="([^"]*)"', page.text.partition(title)[2].partition("</svg>")[0])
    assert len(runs) == 1, "June stands alone: May was not reported, and no line hides that"
    assert "style=" not in page.text.partition("<main")[2]


def test_other_councils_are_compared_by_their_median(browser: Browser, ready: str) -> None:
    path = f"/projects/{ready}/measures/{ids(browser.council, ready)[0][0]}/peers"
    page = browser.sign_in("manager").get(path)
    typed = fields(page.text, path)
    typed |= {
        "name_1": "Ashby Vale",
        "value_1": "66.10",
        "name_2": "Calverholt",
        "value_2": "£68.41",
        "source": "Club 2025/26",
    }
    assert browser.send(path, typed).status_code == 303
    browser.get(f"/projects/{ready}/measures")
    assert "Median £67.255 per household of 2 councils" in browser.text
    assert "Source: Club 2025/26." in browser.text
    page = browser.get(path)
    assert browser.send(path, fields(page.text, path, name_1="", value_1="")).status_code == 303
    browser.get(f"/projects/{ready}/measures")
    assert "of 1 council" in browser.text


def test_mistakes_about_other_councils_stand_in_their_row(browser: Browser, ready: str) -> None:
    path = f"/projects/{ready}/measures/{ids(browser.council, ready)[0][0]}/peers"
    typed = {
        "name_1": "Ashby Vale",
        "value_1": "66k",
        "name_2": "Calverholt",
        "value_2": "68.40",
        "source": "",
    }
    answer = browser.sign_in("manager").send(path, typed)
    assert answer.status_code == 422
    assert '<a href="#value_1">' in answer.text
    assert "Say where the other councils' figures come from" in browser.text
    assert fields(answer.text, path)["value_1"] == "66k"
    twice = {
        "name_1": "Ashby Vale",
        "value_1": "1",
        "name_2": "Ashby  Vale",
        "value_2": "2",
        "value_3": "3",
        "source": "x",
    }
    browser.send(path, twice)
    assert "Ashby Vale is there twice: keep one of the two" in browser.text
    assert "Write which council the value is of" in browser.text


# ------------------------------------------------------------------ savings


def test_a_saving_is_added_by_financial_year(browser: Browser, ready: str) -> None:
    path = f"/projects/{ready}/savings"
    page = browser.sign_in("manager").get(f"{path}/add")
    assert re.findall(r'name="expected_(\d+)"', page.text) == [str(year) for year in range(2025, 2031)]
    check = ids(browser.council, ready)[0][1]
    assert browser.send(f"{path}/add", {**LINE, "cross_check": str(check)}).status_code == 303
    browser.get(path)
    assert "Cashable, one-off" in browser.text
    assert "Budget code SS-4300 Must not harm Missed collections" in browser.text
    assert (
        "2026/27 £12,000 £12,000 £12,000 £5,000 £7,000 2027/28 £20,000 £24,000 £30,000 £0 £24,000"
        in browser.text
    )


def test_totals_are_the_sums_of_the_lines_above_them(browser: Browser, ready: str) -> None:
    saving(browser.council, ready)
    browser.sign_in("chief").get(f"/projects/{ready}/savings")
    assert "Fewer rounds £80,000 £210,000 £290,000" in browser.text
    assert "Fuel £12,000 £24,000 £36,000" in browser.text
    assert "Total £92,000 £234,000 £326,000" in browser.text
    assert "Less: counted in other projects" not in browser.text


def test_a_saving_of_another_project_is_warned_of_and_then_counted_once(browser: Browser, ready: str) -> None:
    council = browser.council
    other = council.create("Fewer vehicles")
    council.outline_ready(other)
    browser.sign_in("manager").get(f"/projects/{other}/savings")
    assert (
        "This may be counted twice. “Fewer rounds” of VFM-0001 and “Fewer rounds” of VFM-0002" in browser.text
    )
    line = ids(council, other)[1][0]
    path = f"/projects/{other}/savings/{line}"
    page = browser.get(path)
    assert "VFM-0001: Fewer rounds" in browser.text
    answer = browser.send(path, fields(page.text, path, counted_in=str(ids(council, ready)[1][0])))
    assert answer.status_code == 303
    browser.get(f"/projects/{other}/savings")
    assert "This may be counted twice" not in browser.text
    assert "is counted once, in “Fewer rounds” of VFM-0001" in browser.text
    assert "Total £80,000 £210,000 £290,000" in browser.text
    assert "Less: counted in other projects -£80,000 -£210,000 -£290,000" in browser.text
    assert "Counted in this project £0 £0 £0" in browser.text


def test_every_mistake_in_a_saving_is_named_in_its_cell_and_kept(browser: Browser, ready: str) -> None:
    path = f"/projects/{ready}/savings/add"
    typed = {
        **LINE,
        "title": "",
        "cashable": "",
        "expected_2026": "26k",
        "low_2027": "25000",
        "cost_2027": "5%",
    }
    answer = browser.sign_in("manager").send(path, typed)
    assert answer.status_code == 422
    for said in (
        "Write what is saved",
        "Choose whether the saving is cashable",
        "The amount expected in 2026/27 must be an amount in pounds",
        "The cost to achieve in 2027/28 must be an amount in pounds",
    ):
        assert said in browser.text
    assert 'aria-describedby="expected_2026-error"' in answer.text
    sent = fields(answer.text, path)
    assert (sent["expected_2026"], sent["low_2027"], sent["budget_code"]) == ("26k", "25000", "ss-4300")


def test_a_saving_cmt_agreed_keeps_its_profile(browser: Browser, ready: str) -> None:
    council = browser.council
    council.do(ready, "submit_outline")
    council.approve(ready)
    path = f"/projects/{ready}/savings/{ids(council, ready)[1][0]}"
    page = browser.sign_in("manager").get(path)
    assert "CMT agreed this saving with its profile" in browser.text
    assert 'name="expected_2026" value="80,000"' in page.text
    assert browser.send(path, fields(page.text, path, budget_code="SS-4211")).status_code == 303
    answer = browser.send(path, fields(page.text, path, expected_2026="70000", low_2026="1"))
    assert answer.status_code == 403
    assert "Only a decision of CMT re-baselines it" in browser.text


def test_readers_see_the_figures_and_no_form(browser: Browser, ready: str) -> None:
    measure, line = ids(browser.council, ready)[0][0], ids(browser.council, ready)[1][0]
    for path in (
        "measures",
        "savings",
        f"measures/{measure}",
        f"savings/{line}",
        f"measures/{measure}/peers",
    ):
        page = browser.sign_in("auditor").get(f"/projects/{ready}/{path}")
        assert page.status_code == 200
        assert actions(page.text) == []
    assert browser.send(f"/projects/{ready}/savings/{line}", LINE).status_code == 403
    assert browser.get(f"/projects/{ready}/measures/99").status_code == 404
    assert browser.get(f"/projects/{ready}/savings/99").status_code == 404
