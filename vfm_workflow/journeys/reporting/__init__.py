"""Reports: what each kind shows, who may read it and from when, and how one is issued (§6.2, §15.2)."""

from vfm_workflow.journeys.reporting.kinds import KINDS, Kind, Offered
from vfm_workflow.journeys.reporting.reading import listed, read

__all__ = ["KINDS", "Kind", "Offered", "listed", "read"]
