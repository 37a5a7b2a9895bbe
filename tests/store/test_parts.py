"""What is asked of a part is of that part alone: a document's files, a decision's remarks, one person's choices."""

from __future__ import annotations

import datetime as dt

from tests.people import Council
from vfm_workflow.store import attachments, remarks, wishes
from vfm_workflow.store.facts import PARTS
from vfm_workflow.store.tables import Attachment, Remark

DAY = dt.date(2026, 3, 2)


def put(council: Council, document: str) -> Attachment:
    name = f"{document}.pdf"
    return Attachment(
        project_id=1, document=document, name=name, media_type="application/pdf", size=1, digest="0" * 64, data=b"x",
        added_at=council.at, added_by=1,
    )  # fmt: skip


def said(kind: str, subject: str = "") -> Remark:
    return Remark(project_id=1, kind=kind, subject=subject, text=f"A {kind}", on=DAY, by=1)


def test_whoever_is_asked_about_the_outline_is_shown_no_other_documents_files(council: Council) -> None:
    council.create()
    with council.app.write() as session:
        session.add_all([put(council, "outline"), put(council, "recommendations")])
        assert [file.name for file in attachments.listing(session, 1, "outline")] == ["outline.pdf"]
        assert len(attachments.listing(session, 1)) == 2


def test_a_decision_is_taken_with_advice_and_recommendations_and_without_comments(council: Council) -> None:
    council.create()
    with council.app.write() as session:
        session.add_all(map(said, ("comment", "advice", "challenge", "recommendation")))
        kinds = ("advice", "recommendation")
        assert [one.kind for one in remarks.of(session, 1, kinds)] == list(kinds)
        frozen = str(PARTS["remarks"](session, 1))
        assert "A recommendation" in frozen and "A comment" not in frozen and "A challenge" not in frozen


def test_a_page_about_one_thing_has_the_remarks_about_that(council: Council) -> None:
    council.create()
    with council.app.write() as session:
        session.add_all(
            [said("comment"), said("comment", "return:2026-01"), said("comment", "return:2026-02")]
        )
        assert [one.subject for one in remarks.of(session, 1, subject="return:2026-02")] == ["return:2026-02"]
        assert len(remarks.of(session, 1)) == 3


def test_what_one_person_chose_is_read_without_everybody_elses(council: Council) -> None:
    with council.app.write() as session:
        for person in (1, 2):
            wishes.choose(session, person, "return_due", "weekly", council.at)
        assert wishes.choices(session, 2) == {(2, "return_due"): "weekly"}
        assert len(wishes.choices(session)) == 2
