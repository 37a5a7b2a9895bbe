"""The projects that a file of figures names: found, seen and open to it, each asked for once."""

from __future__ import annotations

from dataclasses import dataclass, field

from vfm_workflow.errors import NotFound, VfmError
from vfm_workflow.journeys import access, advance
from vfm_workflow.journeys.fields import Fields
from vfm_workflow.journeys.import_plan import Asked
from vfm_workflow.store import projects
from vfm_workflow.store.tables import Project


@dataclass
class ProjectFile:
    """A file whose rows name projects."""

    asked: Asked
    known: dict[str, Project | str] = field(default_factory=dict)
    """Reference as typed → the project, or why not."""

    def of(self, fields: Fields) -> Project | None:
        """Return the project that a row's cell names, or refuse the cell."""
        typed = fields.typed.get("project", "").strip().upper()[:40]
        if typed not in self.known:
            self.known[typed] = self._find(typed)
        found = self.known[typed]
        if isinstance(found, str):
            fields.refuse("project", found)
            return None
        return found

    def _find(self, reference: str) -> Project | str:
        asked = self.asked
        try:
            project = projects.by_reference(asked.session, reference)
            if asked.by is not None:
                access.refuse_outsider(asked.session, asked.home, asked.by, project, reference)
                if not access.allowed(asked.session, asked.home, asked.by, "figures.import", project):
                    return f"You may not import figures of {reference}."
            advance.refuse_disputed(project)
        except NotFound:
            return f"There is no project {reference}."
        except VfmError as error:
            return str(error)
        return project
