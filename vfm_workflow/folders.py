"""Where the council's folders are: `$VFM_HOME` first, then what ships with the program, file by file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from vfm_workflow.errors import ConfigError, Problem

NAMES = ("workflows", "notifications", "config")


@cache
def shipped() -> Path:
    """Return the folder that holds the default `workflows/ notifications/ config/`.

    In a wheel it is `vfm_workflow/shipped`; in a source checkout it is the checkout itself.
    """
    package = Path(__file__).resolve().parent
    inside = package / "shipped"
    return inside if inside.is_dir() else package.parent


@dataclass(frozen=True, slots=True)
class Folders:
    """A council's home over the defaults. `home` is None where the council changed nothing."""

    home: Path | None

    @classmethod
    def at(cls, home: str | Path | None) -> Folders:
        """Return the folders of `home`. Raises ConfigError where `home` is named but does not exist."""
        if home is None or str(home) == "":
            return cls(None)
        path = Path(home).resolve()
        if not path.is_dir():
            raise ConfigError(
                [
                    Problem(
                        "VFM_HOME",
                        None,
                        f"there is no folder {path}.",
                        f"Run `vfm init {path}` to make it, or unset VFM_HOME to use the defaults.",
                    )
                ]
            )
        return cls(path)

    def search_path(self, name: str) -> list[Path]:
        """Return the folders to look in for `name` (one of NAMES), the council's first."""
        roots = [self.home, shipped()] if self.home else [shipped()]
        return [root / name for root in roots if (root / name).is_dir()]

    def find(self, relative: str) -> Path:
        """Return the copy of `relative` (such as `config/calendar.yaml`) that wins.

        Raises ConfigError where neither the home nor the defaults have it.
        """
        name, _, rest = relative.partition("/")
        for folder in self.search_path(name):
            if (folder / rest).is_file():
                return folder / rest
        raise ConfigError(
            [
                Problem(
                    relative, None, "the file is missing.", "Run `vfm init` for a fresh copy of the defaults."
                )
            ]
        )

    def read(self, relative: str) -> tuple[str, str]:
        """Return (text, path shown in errors) of the copy that wins. Raises ConfigError if it is no UTF-8."""
        path = self.find(relative)
        try:
            return path.read_text(encoding="utf-8-sig"), str(path)
        except UnicodeDecodeError as error:
            what = f"the file is not text in UTF-8 (byte {error.start})."
            raise ConfigError([Problem(str(path), None, what, "Save it as UTF-8.")]) from error

    def winners(self, names: Sequence[str] = NAMES) -> Iterator[tuple[str, Path]]:
        """Yield (relative name, the path that wins) for every file of the three folders, or of `names`, in order."""
        for name in names:
            seen: dict[str, Path] = {}
            for folder in self.search_path(name):
                for path in sorted(folder.rglob("*")):
                    if path.is_file() and not path.name.startswith("."):
                        seen.setdefault(f"{name}/{path.relative_to(folder).as_posix()}", path)
            yield from sorted(seen.items())
