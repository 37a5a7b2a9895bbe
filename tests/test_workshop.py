"""The workshop keeps its promises: pinned, offline, no Python in the data, no font that is not ours."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import zipfile
from importlib.metadata import distribution, version
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
STATIC = ROOT / "vfm_workflow" / "web" / "static"
DATA = ("workflows", "notifications", "config")
LOCKS = ("runtime", "dev")
FONTS = (".woff", ".woff2", ".ttf", ".otf", ".eot")


def files(folder: Path) -> list[str]:
    """Return the files below `folder` as paths from ROOT, without caches and hidden files."""
    found = (path.relative_to(ROOT) for path in folder.rglob("*") if path.is_file())
    return sorted(
        path.as_posix()
        for path in found
        if "__pycache__" not in path.parts and not any(part.startswith(".") for part in path.parts)
    )


def frontend_pin() -> str:
    """Return the version of govuk-frontend that the assets are compiled from."""
    pin = json.loads((ROOT / "assets" / "package.json").read_text())["devDependencies"]["govuk-frontend"]
    assert isinstance(pin, str)
    return pin


# ------------------------------------------------------------------ what a council edits is data


@pytest.mark.parametrize("name", DATA)
def test_a_folder_that_councils_edit_holds_no_python(name: str) -> None:
    assert files(ROOT / name), f"{name}/ is empty"
    assert [path for path in files(ROOT / name) if path.endswith((".py", ".pyi", ".so"))] == []


# ------------------------------------------------------------------ the lock files


def requirements(name: str) -> dict[str, list[str]]:
    """Return the hashes of each pinned requirement of a lock file."""
    pins: dict[str, list[str]] = {}
    for line in (ROOT / "requirements" / f"{name}.txt").read_text().splitlines():
        if line and not line.startswith((" ", "#")):
            pins[line.rstrip("\\ ")] = []
        elif line.strip().startswith("--hash="):
            pins[next(reversed(pins))].append(line.strip().rstrip("\\ ").removeprefix("--hash="))
    return pins


@pytest.mark.parametrize("name", LOCKS)
def test_every_requirement_is_pinned_with_a_hash(name: str) -> None:
    pins = requirements(name)
    assert len(pins) > 20
    assert [pin for pin in pins if not re.fullmatch(r"[a-z0-9-]+==[\w.]+( ; .+)?", pin)] == []
    bad = [
        pin for pin, hashes in pins.items() if not hashes or not all(h.startswith("sha256:") for h in hashes)
    ]
    assert bad == []


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_file_names_no_address_and_no_path(name: str) -> None:
    text = (ROOT / "requirements" / f"{name}.txt").read_text()
    assert re.findall(r"https?:/|file:/|--\w*index|--find-links|--trusted-host|(?:^|\s)/\S+", text) == []


def test_the_runtime_lock_is_part_of_the_development_lock() -> None:
    assert requirements("runtime").items() <= requirements("dev").items()


def test_the_lock_of_the_assets_names_no_download_address() -> None:
    lock = json.loads((ROOT / "assets" / "package-lock.json").read_text())
    packages = {name: package for name, package in lock["packages"].items() if name}
    assert [name for name, package in packages.items() if "resolved" in package] == []
    assert [name for name, package in packages.items() if "integrity" not in package] == []


# ------------------------------------------------------------------ the style sheet and the scripts


def test_the_style_sheet_leaves_what_only_gov_uk_may_use() -> None:
    css = (STATIC / "app.css").read_text()
    assert re.findall(r"GDS Transport|@font-face|govuk-crest|\.woff|url\(", css) == []


def test_the_style_sheet_the_pin_and_the_macros_are_of_one_version() -> None:
    css = (STATIC / "app.css").read_text()
    assert re.findall(r'--govuk-frontend-version:\s*"([\d.]+)"', css) == [frontend_pin()]
    # The macros' own description has a table: which release of theirs follows which of GOV.UK's.
    macros = distribution("govuk-frontend-jinja").read_text("METADATA")
    follows = re.findall(
        rf"\[{re.escape(version('govuk-frontend-jinja'))}\]\S+\s*\| \[([\d.]+)\]", str(macros)
    )
    assert follows == [frontend_pin()]


def test_the_script_of_gov_uk_is_of_the_pinned_version() -> None:
    assert f'"{frontend_pin()}"' in (STATIC / "govuk-frontend.min.js").read_text()


def test_the_committed_script_is_the_one_in_the_assets() -> None:
    assert (STATIC / "app.js").read_text() == (ROOT / "assets" / "app.mjs").read_text()


def test_every_class_of_ours_in_the_style_sheet_comes_from_its_source() -> None:
    source = "".join(path.read_text() for path in (ROOT / "assets" / "scss").glob("*.scss"))
    compiled = set(re.findall(r"\.(vfm-[\w-]+)", (STATIC / "app.css").read_text()))
    written = set(re.findall(r"\.(vfm-[\w-]+)", source))
    assert compiled == written, "run `make assets` and commit what it wrote"


# ------------------------------------------------------------------ the wheel


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """Return the wheel, built without a network in a folder of its own."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, env={**os.environ, "NO_COLOR": "1"})
    (path,) = folder.glob("*.whl")
    return zipfile.ZipFile(path)


@pytest.mark.xdist_group("wheel")
@pytest.mark.parametrize("name", DATA)
def test_the_wheel_ships_every_default(wheel: zipfile.ZipFile, name: str) -> None:
    expected = {f"vfm_workflow/shipped/{path}" for path in files(ROOT / name)}
    assert expected <= set(wheel.namelist())


@pytest.mark.xdist_group("wheel")
def test_the_wheel_ships_the_whole_package(wheel: zipfile.ZipFile) -> None:
    expected = files(ROOT / "vfm_workflow")
    assert {path for path in expected if path.endswith((".css", ".js", ".svg", ".html", ".typed"))}
    assert set(expected) <= set(wheel.namelist())


@pytest.mark.xdist_group("wheel")
def test_the_wheel_puts_nothing_beside_its_own_package(wheel: zipfile.ZipFile) -> None:
    tops = {name.split("/")[0] for name in wheel.namelist()}
    assert tops == {"vfm_workflow", f"vfm_workflow-{version('vfm-workflow')}.dist-info"}


@pytest.mark.xdist_group("wheel")
def test_the_wheel_carries_no_font_of_anybody(wheel: zipfile.ZipFile) -> None:
    assert [name for name in wheel.namelist() if name.lower().endswith(FONTS)] == []
    carries = [name for name in wheel.namelist() if b"GDS Transport" in wheel.read(name)]
    assert carries == []


@pytest.mark.xdist_group("wheel")
def test_the_wheel_carries_the_licence(wheel: zipfile.ZipFile) -> None:
    (licence,) = [name for name in wheel.namelist() if name.endswith("/LICENSE")]
    assert b"Apache License" in wheel.read(licence)


# ------------------------------------------------------------------ make


def test_make_help_lists_every_target() -> None:
    targets = re.findall(r"^\.PHONY: (\S+)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert {"install", "demo", "test", "lint", "bench", "assets", "lock", "clean", "help"} <= set(targets)
    # A test run is itself started by make, whose flags would change what this one prints.
    env = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    done = subprocess.run(["make", "help"], cwd=ROOT, env=env, check=True, capture_output=True, text=True)
    listed = [line.split()[1] for line in done.stdout.splitlines() if line.strip()]
    assert sorted(listed) == sorted(targets)


# ------------------------------------------------------------------ a skipped test fails the run


@pytest.mark.parametrize("workers", ["0", "2"])
@pytest.mark.parametrize(("no_skips", "status"), [("1", 1), ("", 0)])
def test_a_skipped_test_fails_the_run_where_none_may_be(
    tmp_path: Path, no_skips: str, status: int, workers: str
) -> None:
    (tmp_path / "test_some.py").write_text(
        "import pytest\ndef test_runs(): pass\ndef test_skips(): pytest.skip('no reason')\n"
    )
    command = [sys.executable, "-m", "pytest", "-q", "-n", workers, "-p", "no:cacheprovider"]
    done = subprocess.run(
        [*command, "-p", "tests.no_skips", str(tmp_path)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTEST_NO_SKIPS": no_skips},
        capture_output=True,
        text=True,
    )
    assert done.returncode == status, done.stdout
    assert re.search(r"1 passed, 1 skipped", done.stdout.splitlines()[-1])
