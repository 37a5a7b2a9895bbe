"""One person's page: changed, handed over, gone and back, with what was typed kept where it is refused."""

from __future__ import annotations

import pytest

from tests.people import Council, address
from tests.web.deciding import dump, fresh
from tests.web.support import Browser
from vfm_workflow.store import people as store
from vfm_workflow.store import projects


@pytest.fixture
def admin(council: Council) -> Browser:
    return fresh(council).sign_in("admin")


def page_of(council: Council, who: str) -> str:
    with council.app.read() as session:
        found = store.with_address(session, address(who))
        assert found is not None
        return f"/people/{found.id}"


def boxes(name: str, day: int, month: int, year: int = 2026) -> dict[str, str]:
    return {f"{name}-day": str(day), f"{name}-month": str(month), f"{name}-year": str(year)}


def test_only_administrators_find_a_persons_page(council: Council, admin: Browser) -> None:
    path = page_of(council, "head")
    assert fresh(council).get(path).status_code == 303
    assert fresh(council).sign_in("chief").get(path).status_code == 404
    assert admin.get("/people/99999").status_code == 404
    chief = fresh(council).sign_in("chief")
    before = dump(council.app)
    for act in ("", "/address", "/leave", "/back", "/shared", "/deputies", "/deputies/1/end"):
        assert chief.post(path + act, name="X", role="administrator").status_code == 404, act
    assert dump(council.app) == before


def test_a_person_is_shown_with_what_is_theirs_and_what_was_changed(council: Council, admin: Browser) -> None:
    reference = council.create()
    admin.get(page_of(council, "head"))
    for said in (
        "Head of Street Scene", "Head of Service", f"Sponsors {reference}", "Heads Street Scene",
        "Made head of SS", "Added . With the address head@wrenfold.example.",
    ):  # fmt: skip
        assert said in admin.text, said
    assert "/people/" in admin.get("/people").text


def test_a_person_is_changed_and_the_page_says_from_what(council: Council, admin: Browser) -> None:
    path = page_of(council, "other")
    fields = {"name": "Parks Manager", "role": "project_manager", "department": "SS", "successor": ""}
    assert admin.send(path, fields, follow=True).status_code == 200
    assert "Post: from Housing Project Manager to Parks Manager. Department: from PE to SS" in admin.text


def test_a_refused_change_keeps_what_was_typed_and_opens_its_form(council: Council, admin: Browser) -> None:
    reference, path = council.create(), page_of(council, "head")
    before = dump(council.app)
    fields = {"name": "Head of Parks", "role": "head_of_service", "department": "PE", "successor": ""}
    page = admin.send(path, fields)
    assert page.status_code == 422
    assert f"They sponsor {reference}, head Street Scene" in admin.text
    assert 'value="Head of Parks"' in page.text
    assert '<a href="#successor">' in page.text
    assert '<details class="govuk-details" open>' in page.text
    assert dump(council.app) == before


def test_nobody_changes_their_own_role_on_the_page_either(council: Council, admin: Browser) -> None:
    fields = {"name": "Administrator", "role": "chief_executive", "department": "", "successor": ""}
    assert admin.send(page_of(council, "admin"), fields).status_code == 403
    assert "Nobody changes their own role" in admin.text


def test_a_person_leaves_to_a_successor_and_comes_back(council: Council, admin: Browser) -> None:
    reference, path = council.create(), page_of(council, "manager")
    page = admin.post(f"{path}/leave", heir="")
    assert page.status_code == 422
    assert f"They manage {reference}" in admin.text
    assert '<a href="#heir">' in page.text
    admin.post(f"{path}/leave", heir=address("other"), follow=True)
    assert "Left on 2 March 2026" in admin.text
    assert f"Handed over to Housing Project Manager . {reference}." in admin.text
    admin.get("/people")
    assert "15 people in 2 departments" in admin.text
    assert "1 person has left Waste Project Manager , on 2 March 2026" in admin.text
    history = fresh(council).sign_in("head")
    history.get(f"/projects/{reference}/history")
    assert "Another project manager" in history.text
    assert "From Waste Project Manager to Housing Project Manager." in history.text
    admin.post(f"{path}/back", follow=True)
    assert "They are back" in admin.text


def test_a_leaver_who_is_signed_in_is_out_at_the_next_page(council: Council, admin: Browser) -> None:
    leaver = fresh(council).sign_in("other")
    assert leaver.get("/tasks").status_code == 200
    admin.post(f"{page_of(council, 'other')}/leave", heir="")
    assert leaver.get("/tasks").status_code == 303


def test_an_address_is_changed_and_a_bad_one_kept_for_correction(council: Council, admin: Browser) -> None:
    path = page_of(council, "manager")
    page = admin.post(f"{path}/address", address="not an address")
    assert page.status_code == 422
    assert 'value="not an address"' in page.text
    admin.post(f"{path}/address", address="waste@wrenfold.example", follow=True)
    assert "Both addresses are told by mail" in admin.text
    assert len(council.mails(notice="address_changed")) == 2


def test_a_mailbox_is_shared_and_one_persons_again(council: Council, admin: Browser) -> None:
    path = page_of(council, "legal")
    page = admin.post(f"{path}/shared", readers="head@wrenfold.example\nnobody@wrenfold.example", do="share")
    assert page.status_code == 422
    assert "nobody@wrenfold.example</textarea>" in page.text
    admin.post(
        f"{path}/shared", readers=f"{address('head')}\r\n{address('manager')}", do="share", follow=True
    )
    assert "Read by Head of Street Scene, Waste Project Manager" in admin.text
    admin.post(f"{path}/shared", do="stop", follow=True)
    assert "No shared mailbox any more" in admin.text


def test_the_last_administrator_is_told_what_to_do_first(council: Council, admin: Browser) -> None:
    assert admin.post(f"{page_of(council, 'admin')}/leave", heir="").status_code == 403
    assert "Make somebody else one first" in admin.text


def test_a_deputy_is_named_and_ended_on_a_persons_page(council: Council, admin: Browser) -> None:
    path = page_of(council, "head")
    page = admin.send(
        f"{path}/deputies",
        {"deputy": address("planning"), **boxes("from_day", 9, 3), **boxes("until_day", 31, 2)},
    )
    assert page.status_code == 422
    assert 'href="#until_day"' in page.text
    fields = {"deputy": address("planning"), **boxes("from_day", 2, 3), **boxes("until_day", 20, 3)}
    admin.send(f"{path}/deputies", fields, follow=True)
    assert "Head of Planning Head of Street Scene 2 March 2026 to 20 March 2026 Standing in now" in admin.text
    with council.app.read() as session:
        assert council.actor(session, "planning").stands_for[0].name == "Head of Street Scene"
    admin.post(f"{path}/deputies/1/end", follow=True)
    assert "Head of Planning for Head of Street Scene: ended early." in admin.text


# ------------------------------------------------------------------ who stands in for me


def test_whoever_may_have_a_deputy_finds_the_page_from_their_tasks(council: Council) -> None:
    for who, found in (
        ("head", True),
        ("chief", True),
        ("place", True),
        ("manager", False),
        ("auditor", False),
    ):
        browser = fresh(council).sign_in(who)
        assert ("/me/deputies" in browser.get("/tasks").text) is found, who
        assert browser.get("/me/deputies").status_code == (200 if found else 404), who


def test_a_head_of_service_names_and_ends_their_own_deputy(council: Council) -> None:
    head = fresh(council).sign_in("head")
    assert 'name="person"' not in head.get("/me/deputies").text
    page = head.post("/me/deputies", deputy=address("planning"))
    assert page.status_code == 422
    assert "Write the first day" in head.text
    assert f'<option value="{address("planning")}" selected>' in page.text
    fields = {"deputy": address("planning"), **boxes("from_day", 2, 3), **boxes("until_day", 20, 3)}
    head.send("/me/deputies", fields, follow=True)
    assert "Head of Planning Head of Street Scene" in head.text
    deputy = fresh(council).sign_in("planning")
    deputy.get("/tasks")
    assert "You stand in for Head of Street Scene today" in deputy.text
    deputy.get("/me/deputies")
    assert "Theirs to end" in deputy.text
    assert deputy.post("/me/deputies/1/end").status_code == 404
    head.post("/me/deputies/1/end", follow=True)
    assert "The deputyship is ended" in head.text


def test_nobody_names_a_deputy_for_another_by_a_field_of_their_own(council: Council) -> None:
    head = fresh(council).sign_in("head")
    fields = {
        "person": address("planning"),
        "deputy": address("place"),
        **boxes("from_day", 2, 3),
        **boxes("until_day", 3, 3),
    }
    assert head.send("/me/deputies", fields).status_code == 403
    assert "yourself only" in head.text


def test_the_chief_executive_sees_and_names_everybodys(council: Council) -> None:
    chief = fresh(council).sign_in("chief")
    fields = {
        "person": address("place"),
        "deputy": address("housing"),
        **boxes("from_day", 2, 3),
        **boxes("until_day", 3, 3),
    }
    chief.send("/me/deputies", fields, follow=True)
    assert "Director of Housing Director of Place 2 March 2026 to 3 March 2026" in chief.text


def test_a_deputy_verifies_on_the_page_and_the_history_names_both(council: Council) -> None:
    reference = council.create()
    head = fresh(council).sign_in("head")
    fields = {"deputy": address("planning"), **boxes("from_day", 2, 3), **boxes("until_day", 20, 3)}
    head.send("/me/deputies", fields)
    deputy = fresh(council).sign_in("planning")
    with council.app.read() as session:
        revision = projects.by_reference(session, reference).revision
    done = deputy.post(
        f"/projects/{reference}/events", event="withdraw", reason="Overtaken", revision=revision
    )
    assert done.status_code == 303, deputy.text
    deputy.get(f"/projects/{reference}/history")
    assert "Head of Planning for Head of Street Scene" in deputy.text


# ------------------------------------------------------------------ departments


def test_a_department_is_renamed_and_an_unused_one_removed(admin: Browser) -> None:
    admin.post("/people/departments", code="LC", department_name="Leisure")
    page = admin.post("/people/departments/LC/name", name="Street Scene")
    assert page.status_code == 422
    assert "There is a department called Street Scene already" in admin.text
    assert page.text.count('value="Street Scene"') == 2, "theirs, and what was typed"
    admin.post("/people/departments/LC/name", name="Leisure and Culture", follow=True)
    assert "Leisure and Culture (LC)" in admin.text
    assert admin.post("/people/departments/SS/remove").status_code == 403
    assert "Street Scene is used by 7 people" in admin.text
    admin.post("/people/departments/LC/remove", follow=True)
    assert "Leisure and Culture" not in admin.text
