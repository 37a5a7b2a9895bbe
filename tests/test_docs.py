"""The pages say what the program does: each list in them is compared with its twin in the code."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

import pytest
import typer
import yaml
from pydantic import BaseModel

from tests.documentation import PAGES, ROOT, anchors, blocks, codes, links, rows, section, text
from tests.people import Council, address
from vfm_workflow import wiring
from vfm_workflow.cli import app as vfm
from vfm_workflow.domain import lifecycle, notices
from vfm_workflow.domain.calendar import CalendarRules
from vfm_workflow.domain.requirements import REQUIREMENTS
from vfm_workflow.domain.snapshot import SUBJECTS
from vfm_workflow.folders import shipped
from vfm_workflow.journeys.effects import EFFECTS
from vfm_workflow.mail.filters import filters
from vfm_workflow.store.migrations.versions import guards_of
from vfm_workflow.store.tables import metadata

LIFECYCLE, NOTICES = "docs/lifecycle.md", "docs/notices.md"


def keys(model: type[BaseModel]) -> set[str]:
    """Return the keys a document's model takes, as they are written in the file."""
    return {field.alias or name for name, field in model.model_fields.items()}
