"""A project, what is written in it, its dates, and its history."""

import datetime as dt

from sqlalchemy import JSON, BigInteger, CheckConstraint, LargeBinary, UniqueConstraint
from sqlmodel import Field

from vfm_workflow.store.tables.base import Moment, Table, partial

OPEN = "done_on IS NULL"
LATE = "done_on IS NULL AND forecast > baseline"


class LifecycleVersion(Table, table=True):
    """A lifecycle as it was published. Never changed: projects under way are pinned to it by its hash."""

    __tablename__ = "lifecycle_version"

    digest: str = Field(primary_key=True, max_length=64)
    name: str = Field(index=True)
    version: int
    document: str
    published_at: dt.datetime = Field(sa_type=Moment)


class Project(Table, table=True):
    """A project. `revision` and `head` are the number and the hash of its newest history row."""

    __table_args__ = (CheckConstraint("revision >= 0", name="revision"),)

    id: int | None = Field(default=None, primary_key=True)
    uuid: str = Field(unique=True, max_length=36)
    reference: str = Field(unique=True, max_length=16)
    title: str
    summary: str = ""
    kind: str
    department: str = Field(foreign_key="department.code", index=True)
    partner: str = ""
    priorities: list[str] = Field(default_factory=list, sa_type=JSON)
    manager_id: int = Field(foreign_key="person.id", index=True)
    sponsor_id: int = Field(foreign_key="person.id", index=True)
    lifecycle: str = Field(foreign_key="lifecycle_version.digest", index=True)
    stage: str = Field(index=True)
    stage_since: dt.datetime = Field(sa_type=Moment)
    held_from: str | None = None
    disputed_at: dt.datetime | None = Field(default=None, sa_type=Moment)
    """Set while a decision is disputed: nothing moves until an administrator has looked (protocol, point 11)."""
    rag: str | None = None
    planned_days: int | None = None
    revision: int = 0
    """The number of its newest history row."""
    head: str = ""
    created_at: dt.datetime = Field(sa_type=Moment)
    created_by: int = Field(foreign_key="person.id")


class History(Table, table=True):
    """Everything that happened to a project, in order. Append-only by trigger; each row carries the hash of the last."""

    __table_args__ = (UniqueConstraint("project_id", "seq"),)

    id: int | None = Field(default=None, primary_key=True)
    project_id: int = Field(foreign_key="project.id")
    seq: int
    at: str
    """ISO moment in UTC, kept as the text that was hashed."""
    actor_id: int | None = Field(default=None, foreign_key="person.id")
    actor: str
    event: str
    from_stage: str
    to_stage: str
    reason: str = ""
    detail: str = "{}"
    """Canonical JSON."""
    prev_hash: str = Field(max_length=64)
    hash: str = Field(max_length=64)


class SectionText(Table, table=True):
    """What is written under one heading of a document (`outline`, `recommendations`), saved as it is typed."""

    __tablename__ = "section_text"
    __table_args__ = (CheckConstraint("exempt IN ('','3','4')", name="exempt"),)

    project_id: int = Field(primary_key=True, foreign_key="project.id")
    document: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    text: str
    exempt: str = Field(default="", max_length=1)
    """The paragraph of Schedule 12A under which it is exempt from publication, `3` or `4`; empty where it is public."""
    updated_at: dt.datetime = Field(sa_type=Moment)
    updated_by: int = Field(foreign_key="person.id")


class Criterion(Table, table=True):
    """A criterion for picking the subject, with its evidence (§8.1)."""

    project_id: int = Field(primary_key=True, foreign_key="project.id")
    key: str = Field(primary_key=True)
    evidence: str


class Evidence(Table, table=True):
    """What customers said: source, date, group, finding (§4.9.1)."""

    id: int | None = Field(default=None, primary_key=True)
    project_id: int = Field(foreign_key="project.id", index=True)
    source: str
    on: dt.date
    group: str
    finding: str


class Consultation(Table, table=True):
    """Somebody consulted before proposing (§2.2.5)."""

    project_id: int = Field(primary_key=True, foreign_key="project.id")
    key: str = Field(primary_key=True)
    person_id: int | None = Field(default=None, foreign_key="person.id", index=True)
    """Who is asked, where a link was mailed to somebody."""
    asked_on: dt.date
    asked_by: int = Field(foreign_key="person.id")
    deadline: dt.date | None = None
    answered_on: dt.date | None = None
    answered_by: int | None = Field(default=None, foreign_key="person.id")
    answer: str = ""


class ProjectMember(Table, table=True):
    """Somebody who works on a project beside its manager and sponsor: a partner, a mentor, a member of its Board."""

    __tablename__ = "project_member"

    project_id: int = Field(primary_key=True, foreign_key="project.id")
    person_id: int = Field(primary_key=True, foreign_key="person.id", index=True)
    role: str = Field(primary_key=True)
    added_at: dt.datetime = Field(sa_type=Moment)
    added_by: int = Field(foreign_key="person.id")


class ExemptGrant(Table, table=True):
    """Leave for one person to read a project's exempt text, until a day (domain §3: by grant)."""

    __tablename__ = "exempt_grant"

    project_id: int = Field(primary_key=True, foreign_key="project.id")
    person_id: int = Field(primary_key=True, foreign_key="person.id", index=True)
    until_day: dt.date
    granted_at: dt.datetime = Field(sa_type=Moment)
    granted_by: int = Field(foreign_key="person.id")


class Attachment(Table, table=True):
    """A file that belongs to a project's text: its digest is frozen with each version. Kept in the database, so that a
    backup has it."""

    __table_args__ = (CheckConstraint("size > 0", name="size"),)

    id: int | None = Field(default=None, primary_key=True)
    project_id: int = Field(foreign_key="project.id", index=True)
    document: str
    name: str = Field(max_length=120)
    media_type: str
    size: int
    """Bytes."""
    digest: str = Field(max_length=64)
    """SHA-256 of the bytes, in hex."""
    data: bytes = Field(sa_type=LargeBinary)
    exempt: str = Field(default="", max_length=1)
    added_at: dt.datetime = Field(sa_type=Moment)
    added_by: int = Field(foreign_key="person.id")
    removed_at: dt.datetime | None = Field(default=None, sa_type=Moment)
    """Taken off the draft; a version that froze it still has it."""


class Remark(Table, table=True):
    """What somebody who neither writes nor decides has to say of a project: a comment, a challenge that is owed a reply,
    Finance's advice, the Board's recommendation (domain §3). Append-only but for its reply."""

    __table_args__ = (
        CheckConstraint("kind IN ('comment','challenge','advice','recommendation')", name="kind"),
        CheckConstraint("(replied_on IS NULL) = (replied_by IS NULL)", name="reply"),
    )

    id: int | None = Field(default=None, primary_key=True)
    project_id: int = Field(foreign_key="project.id", index=True)
    kind: str
    subject: str = ""
    """What of the project: empty for all of it, `return:2026-10`, or `decision:outline`."""
    text: str
    on: dt.date
    by: int = Field(foreign_key="person.id")
    reply: str = ""
    replied_on: dt.date | None = None
    replied_by: int | None = Field(default=None, foreign_key="person.id")


class Milestone(Table, table=True):
    """A milestone: its forecast moves with each return; its baseline only by a CMT decision (see Baseline)."""

    __table_args__ = (
        partial("ix_milestone_open", "forecast", where=OPEN),
        partial(
            "ix_milestone_next",
            "project_id",
            "forecast",
            where=OPEN,
        ),
        partial("ix_milestone_slipped", "project_id", where=LATE),
    )

    id: int | None = Field(default=None, primary_key=True)
    project_id: int = Field(foreign_key="project.id", index=True)
    position: int
    title: str
    forecast: dt.date
    done_on: dt.date | None = None
    baseline: dt.date | None = None
    """Copy of the newest Baseline row, for the scan; a trigger refuses any other value."""


class Baseline(Table, table=True):
    """A date CMT agreed for a milestone. Append-only by trigger: the old ones stay beside the new."""

    milestone_id: int = Field(primary_key=True, foreign_key="milestone.id")
    number: int = Field(primary_key=True)
    date: dt.date
    request_id: int = Field(foreign_key="decision_request.id")
    """The decision that set it: a baseline without one cannot be."""
    at: dt.datetime = Field(sa_type=Moment)


class PlanRow(Table, table=True):
    """A major element of the action plan: six fields (§10.2)."""

    __tablename__ = "plan_element"
    __table_args__ = (
        CheckConstraint("gain_low IS NULL OR gain_high IS NULL OR gain_low <= gain_high", name="gain_range"),
    )

    id: int | None = Field(default=None, primary_key=True)
    project_id: int = Field(foreign_key="project.id", index=True)
    position: int
    title: str
    scope: str = ""
    method: str = ""
    who: str = ""
    hours: int | None = None
    target: dt.date | None = None
    gain_low: int | None = Field(default=None, sa_type=BigInteger)
    gain_high: int | None = Field(default=None, sa_type=BigInteger)
    gain: str = ""


class ProposalRow(Table, table=True):
    """New dates, targets and savings being proposed to CMT: kept until the decision, one draft a project."""

    __tablename__ = "proposal"

    project_id: int = Field(primary_key=True, foreign_key="project.id")
    reason: str
    changes: dict[str, str] = Field(sa_type=JSON)
    """Milestone id → ISO date."""
    savings: dict[str, dict[str, list[int]]] = Field(default_factory=dict, sa_type=JSON)
    """Line id → financial year → low, expected, high in whole pence: the whole profile as it would be."""
    targets: dict[str, int] = Field(default_factory=dict, sa_type=JSON)
    """Measure id → the target as it would be, in the measure's smallest steps."""


class Lesson(Table, table=True):
    """A lesson learned (§11)."""

    id: int | None = Field(default=None, primary_key=True)
    project_id: int = Field(foreign_key="project.id", index=True)
    text: str
    on: dt.date
    by: int = Field(foreign_key="person.id")


class LessonAnswer(Table, table=True):
    """How a new project addresses an earlier project's lesson (§11.2)."""

    __tablename__ = "lesson_answer"

    project_id: int = Field(primary_key=True, foreign_key="project.id")
    lesson_id: int = Field(primary_key=True, foreign_key="lesson.id")
    how: str
    on: dt.date


class Idea(Table, table=True):
    """A Member's idea, and the reply it is owed (§14.1)."""

    id: int | None = Field(default=None, primary_key=True)
    on: dt.date
    by: int = Field(foreign_key="person.id")
    text: str
    department: str | None = Field(default=None, foreign_key="department.code")
    """The service it is about, whose head is asked for the reply; the chief executive where it is about none."""
    reply: str = ""
    replied_on: dt.date | None = None
    replied_by: int | None = Field(default=None, foreign_key="person.id")
