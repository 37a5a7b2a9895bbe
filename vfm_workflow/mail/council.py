"""What a mail says of its sender."""

from __future__ import annotations

import re
from dataclasses import dataclass

from vfm_workflow.errors import ConfigError, Problem


@dataclass(frozen=True, slots=True)
class Council:
    """The sender, from the settings. Raises ConfigError for a colour that is none."""

    name: str
    brand_colour: str
    base_url: str
    time_zone: str = "Europe/London"
    sign_off: str = "Value for Money"

    def __post_init__(self) -> None:
        if not re.fullmatch(r"#[0-9a-fA-F]{6}", self.brand_colour):
            what = f"“{self.brand_colour}” is no colour."
            raise ConfigError([Problem("brand_colour", None, what, "Write six hex digits, such as #6f1a52.")])
