"""Reports: what each kind shows, who may read it and from when, and how one is issued (§6.2, §15.2)."""

from vfm_workflow.journeys.reporting.issuing import (
    Acts,
    acts,
    addend,
    comment,
    comments_for,
    corrected,
    issue,
    may_comment,
    silent,
)
from vfm_workflow.journeys.reporting.kinds import KINDS, Kind, Offered, address, kind_of
from vfm_workflow.journeys.reporting.reading import listed, may_read_exempt, plain_key, read

__all__ = [
    "KINDS",
    "Acts",
    "Kind",
    "Offered",
    "acts",
    "addend",
    "address",
    "comment",
    "comments_for",
    "corrected",
    "issue",
    "kind_of",
    "listed",
    "may_comment",
    "may_read_exempt",
    "plain_key",
    "read",
    "silent",
]
