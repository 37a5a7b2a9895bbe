"""Reports: what each kind shows, who may read it and from when, and how one is issued (§6.2, §15.2)."""

from vfm_workflow.journeys.reporting.issuing import addend, comment, issue, may_comment, path_key
from vfm_workflow.journeys.reporting.kinds import KINDS, Kind, Offered
from vfm_workflow.journeys.reporting.reading import kind_of, listed, may_read_exempt, read

__all__ = [
    "KINDS",
    "Kind",
    "Offered",
    "addend",
    "comment",
    "issue",
    "kind_of",
    "listed",
    "may_comment",
    "may_read_exempt",
    "path_key",
    "read",
]
