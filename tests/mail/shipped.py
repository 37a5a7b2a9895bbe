"""The notifications and roles that ship with the program, and a council's own copy to spoil."""

from __future__ import annotations

import shutil
from pathlib import Path

from vfm_workflow.documents import Document, parse_yaml
from vfm_workflow.domain import notices
from vfm_workflow.domain.notices import Catalogue
from vfm_workflow.folders import shipped

NOTIFICATIONS = shipped() / "notifications"
NOTICES_YAML = (NOTIFICATIONS / "notices.yaml").read_text(encoding="utf-8")
ROLES = frozenset(
    parse_yaml((shipped() / "config" / "roles.yaml").read_text(encoding="utf-8"), "r").data["roles"]
)


def document(text: str = NOTICES_YAML) -> Document:
    """Return the catalogue's document, the shipped one or `text`."""
    return parse_yaml(text, "notices.yaml")


def catalogue(text: str = NOTICES_YAML) -> Catalogue:
    """Return the checked catalogue of `text`."""
    return notices.load(document(text), ROLES)


def own_copy(tmp_path: Path, *files: str) -> Path:
    """Return a council's notifications folder that holds only its own copies of `files`."""
    home = tmp_path / "notifications"
    home.mkdir(exist_ok=True)
    for name in files:
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(NOTIFICATIONS / name, home / name)
    return home


def write(home: Path, name: str, text: str) -> Path:
    """Write one template of a council's own and return its path."""
    path = home / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path
