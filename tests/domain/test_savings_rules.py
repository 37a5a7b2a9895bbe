"""What a council decides about savings: its five-year target, destinations and reviews."""

from __future__ import annotations

import pytest

from vfm_workflow.documents import parse_yaml
from vfm_workflow.domain.savings_rules import SavingsRules, load
from vfm_workflow.errors import ConfigError
from vfm_workflow.folders import shipped


def rules(text: str = "") -> SavingsRules:
    shipped_text = (shipped() / "config/savings.yaml").read_text(encoding="utf-8")
    return load(parse_yaml(text or shipped_text, "config/savings.yaml"))


def test_the_target_grows_by_the_same_part_of_the_budget_each_year() -> None:
    mtfp = rules().mtfp
    assert list(mtfp.years) == [2026, 2027, 2028, 2029, 2030]
    assert [mtfp.target(year) for year in mtfp.years] == [n * 355_000_00 for n in range(1, 6)]


def test_before_the_plan_nothing_is_to_be_saved_and_after_it_as_much_as_at_its_end() -> None:
    mtfp = rules().mtfp
    assert mtfp.target(2025) == 0
    assert mtfp.target(2035) == mtfp.target(2030)


def test_a_target_that_is_no_whole_pence_is_rounded_once_from_the_whole() -> None:
    text = "mtfp: {first_year: 2026, net_budget: 333, target_percent: 0.25}\ndestinations: {reserves: Reserves}\n"
    mtfp = rules(text).mtfp
    assert [mtfp.target(year) for year in mtfp.years] == [83, 167, 250, 333, 416]  # 83.25 pence a year


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("benefits_review_months: [12, 6]", "smallest first"),
        ("benefits_review_months: [0]", "greater than or equal to 1"),
        ("destinations: {}", "at least 1"),
    ],
)
def test_rules_that_cannot_be_used_are_named_with_their_line(line: str, said: str) -> None:
    key = line.partition(":")[0]
    lines = {
        "mtfp": "mtfp: {first_year: 2026, net_budget: 100, target_percent: 1}",
        "destinations": "destinations: {reserves: Reserves}",
        key: line,
    }
    with pytest.raises(ConfigError) as caught:
        rules("\n".join(lines.values()) + "\n")
    problem = caught.value.problems[0]
    assert said in f"{problem.what} {problem.remedy}"
    assert problem.line == list(lines).index(key) + 1
