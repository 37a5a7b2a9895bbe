"""The first administrator, people and departments."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Vfm
from tests.people import Council
from vfm_workflow.errors import LinkDead
from vfm_workflow.journeys import signin
from vfm_workflow.store.tables import Department

ROOT = Path(__file__).resolve().parents[2]


def test_an_administrator_gets_a_one_use_link_and_no_password(vfm: Vfm, council: Council) -> None:
    done = vfm.run("admin", "create", "First.Admin@wrenfold.example")
    link = done.stdout.strip()
    assert link.startswith(f"{council.home.base_url}/sign-in/")
    assert "once, until" in done.stderr
    assert "password" not in done.output.lower()
    token = link.rpartition("/")[2]
    at = dt.datetime.now(dt.UTC)
    with council.app.write() as session:
        _, person = signin.sign_in(session, council.home, token, at, lasts=dt.timedelta(hours=1))
    assert (person.address, person.role) == ("first.admin@wrenfold.example", "administrator")
    assert vfm.json("admin", "create", "first.admin@wrenfold.example")["link"] != link


def test_somebody_with_another_role_does_not_become_an_administrator(vfm: Vfm) -> None:
    refused = vfm.json("admin", "create", "manager@wrenfold.example", code=1)
    assert "Waste Project Manager (Project manager)" in refused["message"]


def test_what_is_no_address_makes_no_administrator(vfm: Vfm) -> None:
    assert set(vfm.json("admin", "create", "not an address", code=1)["fields"]) == {"address"}


def test_people_and_departments_are_added(vfm: Vfm, council: Council) -> None:
    vfm.run("admin", "add-department", "lc", "Leisure and Culture")
    added = vfm.json(
        "admin", "add-person", "Head.Of.Leisure@wrenfold.example", "--name", "Head of Leisure",
        "--role", "head_of_service", "--department", "lc",
    )  # fmt: skip
    assert added == {
        "address": "head.of.leisure@wrenfold.example",
        "name": "Head of Leisure",
        "role": "head_of_service",
        "department": "LC",
    }
    vfm.run("admin", "add-department", "LC", "Leisure and Culture", "--head", added["address"])
    with council.app.read() as session:
        department = session.get(Department, "LC")
        assert department is not None
        assert department.head_id == council.who("head.of.leisure").id


def test_every_bad_field_of_a_person_is_named_and_nobody_added(vfm: Vfm) -> None:
    args = ("admin", "add-person", "a@b@c", "--name", " ", "--role", "wizard", "--department", "ZZ")
    refused = vfm.run(*args, code=1)
    for word in ("address:", "name:", "role:", "department:", "project_manager"):
        assert word in refused.stderr


def test_a_department_is_not_added_twice(vfm: Vfm) -> None:
    assert "SS already" in vfm.run("admin", "add-department", "SS", "Street Scene", code=1).stderr
    args = ("admin", "add-department", "SS", "Another name", "--head", "head@wrenfold.example")
    assert "SS already" in vfm.run(*args, code=1).stderr


def test_a_head_whom_nobody_knows_adds_no_department(vfm: Vfm, council: Council) -> None:
    vfm.run("admin", "add-department", "HR", "Human Resources", "--head", "nobody@wrenfold.example", code=1)
    with council.app.read() as session:
        assert session.get(Department, "HR") is None


def enter(council: Council, link: str, at: dt.datetime) -> str:
    with council.app.write() as session:
        token = link.rpartition("/")[2]
        return signin.sign_in(session, council.home, token, at, lasts=dt.timedelta(hours=1))[0]


def test_the_printed_link_works_once_and_for_an_hour_alone(vfm: Vfm, council: Council) -> None:
    link = vfm.run("admin", "create", "first.admin@wrenfold.example").stdout.strip()
    at = dt.datetime.now(dt.UTC)
    assert enter(council, link, at + dt.timedelta(minutes=59))
    with pytest.raises(LinkDead) as used:
        enter(council, link, at)
    assert used.value.kind == "used"
    late = vfm.run("admin", "create", "first.admin@wrenfold.example").stdout.strip()
    with pytest.raises(LinkDead) as expired:
        enter(council, late, dt.datetime.now(dt.UTC) + dt.timedelta(minutes=61))
    assert expired.value.kind == "expired"


def test_the_printed_link_is_nowhere_in_the_database(vfm: Vfm, council: Council) -> None:
    token = vfm.run("admin", "create", "first.admin@wrenfold.example").stdout.strip().rpartition("/")[2]
    files = council.app.loaded.data.glob("vfm.sqlite3*")
    assert token.encode() not in b"".join(file.read_bytes() for file in files)


def test_a_link_is_printed_where_people_have_accounts_and_mailed_to_nobody(
    vfm: Vfm, council: Council
) -> None:
    vfm.env.update(
        VFM_SIGN_IN="oidc",
        VFM_OIDC_ISSUER="https://service.example",
        VFM_OIDC_CLIENT_ID="vfm",
        VFM_OIDC_CLIENT_SECRET="s",
    )
    assert "/sign-in/" in vfm.run("admin", "create", "first.admin@wrenfold.example").stdout
    assert council.mails() == []


def test_no_command_loads_what_only_signing_in_with_accounts_needs() -> None:
    code = (
        "import sys; from vfm_workflow.cli import app; import vfm_workflow.wiring, vfm_workflow.journeys.signin;"
        "print({'authlib', 'joserfc', 'httpx', 'cryptography'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
