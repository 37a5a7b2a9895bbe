"""A council that edited one file sees its own stage and its own decision on every page, and decides from its own mail."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journeys.test_own_home import add_scrutiny, opened
from tests.people import Council
from tests.web.deciding import Member, asked, fresh
from vfm_workflow.folders import NAMES, shipped


@pytest.fixture
def own(tmp_path: Path, empty_database: Path) -> Iterator[Council]:
    """A council whose lifecycle has one more stage and one more decision."""
    for name in NAMES:
        shutil.copytree(shipped() / name, tmp_path / "home" / name)
    add_scrutiny(tmp_path / "home")
    (tmp_path / "var").mkdir()
    shutil.copy(empty_database, tmp_path / "var" / "vfm.sqlite3")
    council = opened(tmp_path / "home", tmp_path / "var")
    council.populate()
    yield council
    council.app.close()


def test_the_councils_own_stage_is_drawn_listed_and_waited_in(own: Council) -> None:
    reference = asked(own)
    own.approve(reference)
    browser = fresh(own).sign_in("manager")
    page = browser.get(f"/projects/{reference}").text
    assert "Scrutiny review" in page
    assert "Release the project from scrutiny" in page
    assert "3 of 8: Scrutiny review" in browser.get("/projects").text
    assert browser.get("/projects?stage=scrutiny_review").text.count("/projects/VFM-") == 1
    assert "Released from scrutiny" in browser.get("/about/lifecycle").text


def test_the_councils_own_decision_is_taken_from_its_mail_on_its_page(own: Council) -> None:
    reference = asked(own)
    own.approve(reference)
    member = Member(own, "holder")
    page = member.look().text
    assert "Release the project from scrutiny" in page
    assert "The project moves to “Initial stage”." in page
    assert "The project moves to “Returned for changes”." in page
    assert member.decide("approve").status_code in (200, 303)
    assert own.stage(reference) == "initial_stage"
    record = fresh(own).sign_in("auditor").get(f"/projects/{reference}/decisions").text
    assert "Release the project from scrutiny" in record
    assert "Portfolio Holder for Finance" in record
