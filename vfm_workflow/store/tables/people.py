"""People hold a role, a work address and decisions, no more (UK GDPR)."""

import datetime as dt

from sqlalchemy import CheckConstraint
from sqlmodel import Field

from vfm_workflow.store.tables.base import Moment, Table, partial


class Department(Table, table=True):
    """A department or service, and who heads it."""

    code: str = Field(primary_key=True, max_length=8)
    name: str = Field(unique=True)
    head_id: int | None = Field(default=None, foreign_key="person.id")


class Person(Table, table=True):
    """Somebody with a work address. `name` is their post, such as “Head of Planning”."""

    __table_args__ = (
        CheckConstraint("address = lower(address)", name="address_lower"),
        CheckConstraint("NOT active OR left_at IS NULL", name="left"),
    )

    id: int | None = Field(default=None, primary_key=True)
    address: str = Field(unique=True, max_length=254)
    name: str
    role: str = Field(index=True)
    department: str = Field(default="", max_length=8)
    active: bool = True
    joined_at: dt.datetime = Field(sa_type=Moment)
    left_at: dt.datetime | None = Field(default=None, sa_type=Moment)
    shared: bool = False
    """A mailbox that several people read: a link sent there decides nothing until one of its readers has signed in."""
    identity: str | None = Field(default=None, unique=True)
    """Issuer and subject of the council's sign-in service, bound at the first sign-in; another one is refused."""


class MailboxReader(Table, table=True):
    """Somebody who reads a shared mailbox and may act for it once they have signed in as themselves."""

    __tablename__ = "mailbox_reader"
    __table_args__ = (CheckConstraint("mailbox_id <> reader_id", name="two_people"),)

    mailbox_id: int = Field(primary_key=True, foreign_key="person.id")
    reader_id: int = Field(primary_key=True, foreign_key="person.id")
    added_at: dt.datetime = Field(sa_type=Moment)
    added_by: int | None = Field(default=None, foreign_key="person.id")


class Deputy(Table, table=True):
    """Who stands in for somebody, from one day to another, both included (protocol, point 9)."""

    __table_args__ = (
        CheckConstraint("person_id <> deputy_id", name="two_people"),
        CheckConstraint("until_day >= from_day", name="days"),
        partial(
            "ix_deputy_standing",
            "person_id",
            "from_day",
            where="ended_at IS NULL",
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    person_id: int = Field(foreign_key="person.id")
    deputy_id: int = Field(foreign_key="person.id", index=True)
    from_day: dt.date
    until_day: dt.date
    set_at: dt.datetime = Field(sa_type=Moment)
    set_by: int | None = Field(default=None, foreign_key="person.id")
    ended_at: dt.datetime | None = Field(default=None, sa_type=Moment)
    """Ended before its last day, by somebody or because one of the two left."""


class PersonChange(Table, table=True):
    """What was changed of people and their access, by whom: joined, moved, left, deputies. Append-only by trigger."""

    __tablename__ = "person_change"

    id: int | None = Field(default=None, primary_key=True)
    person_id: int = Field(foreign_key="person.id", index=True)
    what: str
    """Such as `joined`, `moved`, `left`, `address`, `deputy_set`, `sessions_ended`."""
    detail: str = "{}"
    """Canonical JSON."""
    at: dt.datetime = Field(sa_type=Moment)
    by: int | None = Field(default=None, foreign_key="person.id")
    """None for the command line."""


class WebSession(Table, table=True):
    """A signed-in browser. Only the digest of its cookie is kept, so a leaked table opens nothing."""

    __tablename__ = "web_session"

    digest: str = Field(primary_key=True, max_length=64)
    person_id: int = Field(foreign_key="person.id", index=True)
    created_at: dt.datetime = Field(sa_type=Moment)
    seen_at: dt.datetime = Field(sa_type=Moment)
    expires_at: dt.datetime = Field(sa_type=Moment)
    ended_at: dt.datetime | None = Field(default=None, sa_type=Moment)
    user_agent: str = ""
    method: str = "link"
    """How its person proved who they are: `link`, `oidc` or `demo`."""
    confirmed_at: dt.datetime = Field(sa_type=Moment)
    """When they last proved it: at sign-in, or again before something that needs it fresh."""
