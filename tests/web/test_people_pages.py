"""People and departments: administrators keep them, nobody else."""

from __future__ import annotations

import pytest

from tests.people import Council
from tests.web.deciding import dump, fresh
from tests.web.support import Browser
from vfm_workflow.store import projects


@pytest.fixture
def admin(council: Council) -> Browser:
    return fresh(council).sign_in("admin")


@pytest.mark.parametrize("path", ["/people", "/people/new", "/people/departments"])
def test_only_administrators_find_these_pages(council: Council, path: str) -> None:
    assert fresh(council).get(path).status_code == 303
    assert fresh(council).sign_in("chief").get(path).status_code == 404
    assert fresh(council).sign_in("admin").get(path).status_code == 200


def test_everybody_is_listed_by_department_with_post_role_and_address(admin: Browser) -> None:
    page = admin.get("/people").text
    assert "16 people in 2 departments" in admin.text
    assert "Head: Head of Street Scene" in admin.text
    assert "Waste Project Manager Project manager manager@ wrenfold.example" in admin.text
    assert page.index("Planning and Housing") < page.index("Street Scene") < page.index("The whole council")


def test_a_person_is_added(council: Council, admin: Browser) -> None:
    done = admin.post(
        "/people/new",
        name="Head of Leisure",
        address="Head.of.Leisure@Wrenfold.example",
        role="head_of_service",
        department="SS",
        follow=True,
    )
    assert done.status_code == 200
    assert "Head of Leisure is added" in admin.text
    with council.app.read() as session:
        assert projects.person_by_address(session, "head.of.leisure@wrenfold.example").department == "SS"


def test_each_field_that_cannot_be_used_is_named_and_what_was_typed_is_kept(
    council: Council, admin: Browser
) -> None:
    before = dump(council.app)
    page = admin.post(
        "/people/new", name="", address="two@a.example, three@b.example", role="", department="XX"
    )
    assert page.status_code == 422
    for said in (
        "is not an email address",
        "Write the person's post",
        "Choose their role",
        "There is no department XX",
    ):
        assert said in admin.text, said
    assert "two@a.example, three@b.example" in page.text
    taken = admin.post("/people/new", name="Chief", address="chief@wrenfold.example", role="cmt_member")
    assert "Somebody has the address chief@wrenfold.example already" in admin.text
    assert taken.status_code == 422
    assert dump(council.app) == before


def test_nobody_but_an_administrator_adds_anything(council: Council) -> None:
    chief = fresh(council).sign_in("chief")
    before = dump(council.app)
    fields = {"name": "Friend", "address": "friend@wrenfold.example", "role": "administrator"}
    assert chief.send("/people/new", fields).status_code == 404
    assert chief.post("/people/departments", code="LC", department_name="Leisure").status_code == 404
    assert chief.post("/people/departments/SS/head", address="chief@wrenfold.example").status_code == 404
    assert dump(council.app) == before


def test_a_department_is_added_and_gets_a_head(admin: Browser) -> None:
    admin.post("/people/departments", code="lc", department_name="Leisure and Culture", follow=True)
    assert "Leisure and Culture (LC)" in admin.text
    admin.post("/people/departments/LC/head", address="planning@wrenfold.example", follow=True)
    assert "The head of Leisure and Culture is set." in admin.text
    admin.get("/people")
    assert "Leisure and Culture Head: Head of Planning" in admin.text


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"code": "", "department_name": "Leisure"}, "Write a code of up to 8 letters or digits"),
        ({"code": "SS", "department_name": "Leisure"}, "There is a department SS already"),
        ({"code": "LC", "department_name": " "}, "Write the department's name"),
        (
            {"code": "LC", "department_name": "Street Scene"},
            "There is a department called Street Scene already",
        ),
    ],
)
def test_a_department_that_cannot_be_is_refused(
    council: Council, admin: Browser, fields: dict[str, str], said: str
) -> None:
    before = dump(council.app)
    assert admin.send("/people/departments", fields).status_code == 422
    assert said in admin.text
    assert dump(council.app) == before


def test_a_head_who_is_nobody_is_refused(admin: Browser) -> None:
    assert admin.post("/people/departments/SS/head", address="").status_code == 422
    assert "Choose who heads it" in admin.text
    assert admin.post("/people/departments/SS/head", address="nobody@wrenfold.example").status_code == 422
    assert admin.post("/people/departments/XX/head", address="head@wrenfold.example").status_code == 404
