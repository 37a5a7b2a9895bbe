"""A lifecycle document is read, checked by name and by structure, and every mistake names its line and its remedy."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given

from tests.domain.lifecycles import KNOWN, SMALL, edited, lifecycles, line_of, read, shipped_text
from vfm_workflow import settings, wiring
from vfm_workflow.documents import parse_yaml
from vfm_workflow.domain.lifecycle import Lifecycle, restore
from vfm_workflow.errors import ConfigError, Problem, UnknownEvent
from vfm_workflow.journeys.home import Home


def refused(text: str) -> tuple[Problem, ...]:
    """Return why a document was refused."""
    with pytest.raises(ConfigError) as error:
        read(text)
    return error.value.problems


def the_problem(text: str, what: str) -> Problem:
    """Return the one problem of a document; it must say `what`, where and what to do."""
    problems = refused(text)
    assert len(problems) == 1, [str(problem) for problem in problems]
    assert re.search(what, problems[0].what), problems[0].what
    assert problems[0].file == "workflows/small.yaml"
    assert problems[0].line is not None
    assert problems[0].remedy
    return problems[0]


def home() -> Home:
    return wiring.load_home(settings.load({}))


# ------------------------------------------------------------------ documents that work


def test_the_small_document_is_read() -> None:
    lifecycle = read(SMALL)
    assert lifecycle.live_stages == ("idea", "asked")
    assert [step.event for step in lifecycle.steps("asked")] == ["agree", "refuse", "hold"]


@pytest.mark.parametrize("name", ["vfm", "authority_wide"])
def test_the_shipped_documents_load(name: str) -> None:
    lifecycle = home().lifecycles[name]
    assert lifecycle.document.first_stage == "outline"
    assert lifecycle.main_line[0] == "outline"
    assert lifecycle.main_line[-1] == "closed"


def test_the_main_line_is_drawn_in_the_documents_order_without_the_stages_beside_it() -> None:
    assert home().lifecycles["vfm"].main_line == (
        "outline", "cmt_approval", "initial_stage", "recommendations", "implementation", "lessons_learned", "closed",
    )  # fmt: skip


def test_an_authority_wide_project_is_recommended_by_its_board_before_cmt_decides() -> None:
    line = home().lifecycles["authority_wide"].main_line
    assert line.index("initial_stage") < line.index("board_review") < line.index("recommendations")


@given(lifecycles())
def test_any_document_comes_back_from_its_stored_form_as_it_was(lifecycle: Lifecycle) -> None:
    again = restore(lifecycle.canonical)
    assert again.document == lifecycle.document
    assert again.digest == lifecycle.digest
    assert list(again.plan) == list(lifecycle.plan), "a stored lifecycle keeps its order"
    assert again.main_line == lifecycle.main_line


def test_a_comment_or_another_layout_makes_no_new_version_but_another_word_does() -> None:
    assert read("# a note\n" + SMALL).digest == read(SMALL).digest
    assert read(edited("by: [project_manager]", "by:\n      - project_manager")).digest == read(SMALL).digest
    assert read(edited("title: Asked", "title: Being asked")).digest != read(SMALL).digest


def test_live_means_every_live_stage_and_same_means_that_it_stays() -> None:
    lifecycle = read(SMALL)
    assert {step.stage for step in lifecycle.plan.values() if step.event == "hold"} == {"idea", "asked"}
    same = read(edited("from: asked\n    to: idea", "from: asked\n    to: same"))
    assert same.step("asked", "refuse").target == "asked"


def test_an_event_of_another_stage_is_refused_with_the_events_that_this_stage_has() -> None:
    lifecycle = read(SMALL)
    with pytest.raises(
        UnknownEvent, match=r"“agree” is not an event of the stage Idea\. Events here: submit, hold"
    ):
        lifecycle.step("idea", "agree")
    with pytest.raises(UnknownEvent, match=r"No stage has it.*Events here: none"):
        lifecycle.step("done", "sumbit")


# ------------------------------------------------------------------ names that nothing defines


@pytest.mark.parametrize(
    ("old", "new", "line", "what", "remedy"),
    [
        ("first_stage: idea", "first_stage: ideas", "first_stage", "stage `ideas` does not exist", "`idea`"),
        ("to: asked", "to: askd", "to: askd", "stage `askd` does not exist", "`asked`"),
        ("from: idea\n", "from: ideal\n", "from: ideal", "stage `ideal` does not exist", "`idea`"),
        ("owner: project_manager", "owner: manager", "owner", "role `manager` does not exist", "`project_manager`"),
        ("by: [project_manager]", "by: [project_manger]", "by: [project_manger]", "role `project_manger`", "`project_m"),
        ("[outline_complete]", "[outline_completed]", "requires", "requirement `outline_completed`", "`outline_com"),
        ("[set_first_baselines]", "[set_baselines]", "effects", "effect `set_baselines`", "`set_first_baselines`"),
        ("notify: [stage_changed]", "notify: [stage_moved]", "notify", "notice `stage_moved`", "`stage_changed`"),
        ("opens: gate", "opens: gates", "opens", "decision `gates` does not exist", "`gate`"),
        ("freezes: outline", "freezes: outlines", "freezes", "subject `outlines` does not exist", "`outline`"),
        ("approve: agree", "approve: agreed", "approve", "event `agreed` does not exist", "`agree`"),
        ("asks_for: [outline]", "asks_for: [outlines]", "asks_for", "work `outlines` does not exist", "`outline`"),
        ("    title: Asked", "    title: Asked\n    beside: ideas", "beside", "stage `ideas` does not", "`idea`"),
        ("cmt_member]\n", "cmt_membr]\n", "board", "role `cmt_membr` does not exist", "`cmt_member`"),
    ],
)  # fmt: skip
def test_a_name_that_nothing_defines_is_named_with_its_line_and_the_nearest_there_is(
    old: str, new: str, line: str, what: str, remedy: str
) -> None:
    text = edited(old, new)
    problems = [problem for problem in refused(text) if re.search(what, problem.what)]
    assert len(problems) == 1, [str(problem) for problem in refused(text)]
    assert problems[0].line == line_of(text, line)
    assert remedy in problems[0].remedy


def test_an_event_decided_by_an_unknown_decision_is_named() -> None:
    text = edited("to: idea\n    decided_by: gate", "to: idea\n    decided_by: gait")
    problems = refused(text)
    assert any("decision `gait` does not exist" in problem.what for problem in problems)


def test_every_problem_is_named_at_once() -> None:
    text = edited("owner: project_manager", "owner: boss").replace("opens: gate", "opens: gates")
    assert {problem.line for problem in refused(text)} >= {line_of(text, "owner"), line_of(text, "opens")}


# ------------------------------------------------------------------ keys


def test_an_unknown_key_of_an_event_is_named_with_the_nearest_there_is() -> None:
    text = edited("requires: [outline_complete]", "requries: [outline_complete]")
    problem = the_problem(text, r"`events\.submit\.requries` is not known here")
    assert problem.line == line_of(text, "requries")
    assert "`requires`" in problem.remedy


def test_an_unknown_key_of_the_document_is_named() -> None:
    text = SMALL + "colour: red\n"
    problem = the_problem(text, "`colour` is not known here")
    assert problem.line == line_of(text, "colour")
    assert "first_stage" in problem.remedy


def test_a_key_that_stands_twice_is_named_with_the_line_of_the_second() -> None:
    text = edited("    to: asked\n", "    to: asked\n    to: done\n")
    problem = the_problem(text, "`to` is there twice")
    assert problem.line == line_of(text, "to: asked") + 1


def test_an_event_that_stands_twice_is_named() -> None:
    text = SMALL + "  resume:\n    label: Again\n    from: waiting\n    to: idea\n    by: [head_of_service]\n"
    problem = the_problem(text, "`resume` is there twice")
    assert problem.line == len(SMALL.splitlines()) + 1


def test_a_missing_key_is_named_with_the_line_of_what_lacks_it() -> None:
    text = edited("    label: Submit it\n", "")
    problem = the_problem(text, r"`events\.submit\.label` is missing")
    assert problem.line == line_of(text, "submit:")
    assert "label:" in problem.remedy


def test_a_value_of_the_wrong_kind_is_named_with_what_it_says() -> None:
    text = edited("version: 1", "version: one")
    problem = the_problem(text, r"`version` cannot be used \(it says 'one'\)")
    assert problem.line == line_of(text, "version")


def test_a_choice_that_no_board_has_is_refused() -> None:
    text = edited("approve: agree", "aprove: agree")
    problem = the_problem(text, "aprove")
    assert problem.line == line_of(text, "aprove")
    assert "'approve'" in problem.remedy


@pytest.mark.parametrize(
    "text", ["lifecycle: [", "lifecycle: a\n  title: b\n", "a: {b\nc: d\n", "\tlifecycle: a\n"]
)
def test_bad_yaml_is_refused_with_its_line(text: str) -> None:
    problem = the_problem(text, "not valid YAML")
    assert "indentation" in problem.remedy


def test_an_empty_file_and_one_that_is_no_mapping_are_refused() -> None:
    assert "empty" in refused("# only a comment\n")[0].what
    assert refused("- a\n- b\n")[0].line == 1


def test_a_document_that_repeats_a_part_of_itself_is_refused_before_it_can_grow() -> None:
    bomb = "a: &a [x, x]\n" + "".join(
        f"{k}: &{k} [*{j}, *{j}]\n" for j, k in zip("abcdefgh", "bcdefghi", strict=True)
    )
    assert "`*a`" in the_problem(bomb, "repeats").what
    assert "`*me`" in the_problem("stages: &me\n  again: *me\n", "repeats").what


# ------------------------------------------------------------------ stages and events that cannot work together


@pytest.mark.parametrize(
    ("old", "new", "line", "what"),
    [
        ("to: waiting\n    by: [head_of_service]", "to: waiting", "hold:", "nobody may fire `hold`"),
        ("from: asked\n    to: done", "from: [asked, done]\n    to: done", "from: [asked", "`done` has ended"),
        ("requires: [outline_complete]", "effects: [set_first_baselines]", "effects: [set_first_baselines]\n", "effects"),
        ("share: majority", "share: 0", "quorum", "a quorum of nobody"),
        ("must_include: [chief_executive]", "must_include: [administrator]", "quorum", "not on the board"),
        ("chair: chief_executive", "chair: administrator", "chair", "chair .* not on the board"),
        ("from: waiting\n", "from: [waiting, idea]\n", "resume:", "goes back, but not from a held stage"),
        ("by: [project_manager]", "by: [project_manager]\n    decided_by: gate", "submit:", "both `by` and `decided_by`"),
        ("    decided_by: gate\n    effects", "    decided_by: gate\n    requires: [lessons_recorded]\n    effects",
         "requires: [lessons", "nobody could mend"),
        ("    opens: gate\n", "", "gate:", "no event opens the decision `gate`"),
        ("      return_for_changes: refuse\n", "", "decided_by: gate\n  hold", "no outcome .* fires `refuse`"),
    ],
)  # fmt: skip
def test_a_structure_that_cannot_work_is_refused(old: str, new: str, line: str, what: str) -> None:
    text = edited(old, new)
    found = [problem for problem in refused(text) if re.search(what, problem.what)]
    assert len(found) == 1, [str(problem) for problem in refused(text)]
    assert found[0].line == text[: text.index(line)].count("\n") + 1
    assert found[0].remedy


def test_an_outcome_that_names_another_decisions_event_is_refused() -> None:
    other = """  second:
    title: Another decision
    freezes: lessons
    board: [cmt_member]
    outcomes: {approve: agree}
events:
  ask_second: {label: Ask again, from: idea, to: same, by: [project_manager], opens: second}
"""
    text = edited("events:\n", other)
    problems = [problem for problem in refused(text) if "not `decided_by: second`" in problem.what]
    assert [problem.line for problem in problems] == [line_of(text, "outcomes: {approve")]


def test_an_outcome_that_cannot_happen_where_the_board_is_asked_is_refused() -> None:
    text = edited("from: asked\n    to: idea", "from: idea\n    to: same")
    problem = the_problem(
        text, "the board is asked in the stage `asked`, where the outcome `refuse` cannot happen"
    )
    assert problem.line == line_of(text, "return_for_changes:")


def test_an_event_that_goes_back_from_a_live_stage_is_refused() -> None:
    text = SMALL + "  undo:\n    label: Undo\n    from: asked\n    to: back\n    by: [project_manager]\n"
    problem = the_problem(text, "`undo` goes back, but not from a held stage")
    assert problem.line == line_of(text, "undo:")


def test_a_stage_that_no_project_can_reach_is_refused() -> None:
    text = edited("  done:\n", "  island:\n    title: Island\n  done:\n")
    problem = the_problem(
        text + "  swim: {label: Swim, from: island, to: done, by: [project_manager]}\n", "can reach"
    )
    assert problem.line == line_of(text, "island:")


ABOVE = "    chair: chief_executive\n"


@pytest.mark.parametrize("level", ["A", "B", "C"])
def test_every_level_of_assurance_may_be_asked_for(level: str) -> None:
    read(edited(ABOVE, f"{ABOVE}    assurance: {level}\n"))


def test_a_surer_level_may_be_asked_for_above_a_sum() -> None:
    lifecycle = read(edited(ABOVE, f"{ABOVE}    assurance_above: {{pounds: 250000, level: C}}\n"))
    above = lifecycle.decisions["gate"].assurance_above
    assert above is not None
    assert (above.pounds, above.level) == (250_000, "C")
    assert restore(lifecycle.canonical).digest == lifecycle.digest


@pytest.mark.parametrize(("base", "level"), [("A", "A"), ("B", "A"), ("B", "B"), ("C", "B")])
def test_a_level_above_a_sum_that_is_no_surer_is_refused(base: str, level: str) -> None:
    text = edited(
        ABOVE, f"{ABOVE}    assurance: {base}\n    assurance_above: {{pounds: 1, level: {level}}}\n"
    )
    problem = the_problem(text, f"above £1 it would ask for level {level}, and it asks for {base} anyway")
    assert problem.line == line_of(text, "assurance_above:")
    assert "remove `assurance_above:`" in problem.remedy


@pytest.mark.parametrize(
    "bad",
    ["assurance: D", "assurance_above: {pounds: 1.5, level: C}", "assurance_above: {pounds: '1', level: C}",
     "assurance_above: {pounds: -1, level: C}", "assurance_above: {pounds: 1, level: X}", "assurance_above: {pounds: 1}",
     "assurance_above: {pounds: 1, level: C, pence: 2}"],
)  # fmt: skip
def test_a_level_or_a_sum_that_cannot_be_is_refused_with_its_line(bad: str) -> None:
    text = edited(ABOVE, f"{ABOVE}    {bad}\n")
    (problem,) = refused(text)
    assert problem.line == line_of(text, bad.partition(":")[0] + ":")
    assert problem.remedy


def test_a_stage_that_no_project_can_leave_is_refused() -> None:
    text = edited("  done:\n", "  trap:\n    title: Trap\n  done:\n").replace("from: live", "from: idea")
    text += "  fall: {label: Fall, from: idea, to: trap, by: [project_manager]}\n"
    problem = the_problem(text, "no project can leave the stage `trap`")
    assert problem.line == line_of(text, "trap:")


def test_a_first_stage_that_is_no_live_one_is_refused() -> None:
    text = edited("first_stage: idea", "first_stage: waiting")
    assert any("the first stage must be a live one" in problem.what for problem in refused(text))


def test_a_stage_may_not_be_called_by_a_word_that_means_something_else() -> None:
    text = edited("  done:\n", "  same:\n    title: Same\n    kind: ended\n  done:\n")
    assert any("may not be called `same`" in problem.what for problem in refused(text))


# ------------------------------------------------------------------ twins


def test_every_name_the_shipped_documents_use_is_one_the_program_has() -> None:
    known = home()
    for lifecycle in known.lifecycles.values():
        assert isinstance(lifecycle, Lifecycle)
        for spec in lifecycle.document.events.values():
            assert set(spec.requires) <= set(KNOWN.requirements)
            assert set(spec.effects) <= set(KNOWN.effects)


def test_nothing_in_the_program_names_a_stage_of_a_shipped_document() -> None:
    """Stages and events are data: a council may call them what it likes (design §3)."""
    names = {name for key in ("vfm", "authority_wide") for name in _names(key)}
    package = Path(wiring.__file__).parent
    code = [path for folder in ("domain", "store", "journeys") for path in (package / folder).glob("*.py")]
    # words that are documents, events' words or states of a request as well as stages
    names -= {"outline", "recommendations", "close", "hold", "withdrawn"}
    found = [
        f"{path.name}: {name}"
        for path in code
        for name in names
        if re.search(rf"[\"']{name}[\"']", path.read_text(encoding="utf-8"))
    ]
    assert found == []


def _names(key: str) -> set[str]:
    data = parse_yaml(shipped_text(key), key).data
    return {*data["stages"], *data["events"]}
