"""People hold a role, a work address and decisions, no more (UK GDPR)."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import CheckConstraint
from sqlmodel import Field

from vfm_workflow.store.tables.base import Moment, Table


class Department(Table, table=True):
    """A department or service, and who heads it."""

    code: str = Field(primary_key=True, max_length=8)
    name: str = Field(unique=True)
    head_id: int | None = Field(default=None, foreign_key="person.id")


class Person(Table, table=True):
    """Somebody with a work address. `name` is their post, such as “Head of Planning”."""

    __table_args__ = (CheckConstraint("address = lower(address)", name="address_lower"),)

    id: int | None = Field(default=None, primary_key=True)
    address: str = Field(unique=True, max_length=254)
    name: str
    role: str = Field(index=True)
    department: str = Field(default="", max_length=8)
    active: bool = True
    joined_at: dt.datetime = Field(sa_type=Moment)


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
