"""Everything out: each table as CSV for a spreadsheet and as JSON for a program, and every document as it was sent.

What lets somebody in is left out: sessions, codes, what a link is known by, and the bodies of mails, where links stand.
"""

from __future__ import annotations

import csv
import datetime as dt
import json
import shutil
import zipfile
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlmodel import Session

from vfm_workflow.errors import NotAllowed
from vfm_workflow.journeys.running import Kind, Outcome, Running
from vfm_workflow.reports.sheets import cell
from vfm_workflow.store import dump, jobs
from vfm_workflow.store.dump import Dumped

DOCUMENTS = "documents"
MADE = ("export", "report")
"""The kinds of job that leave a file in `exports`."""
NOT_KEPT = "Its file is kept no longer."
Progress = Callable[[int, int, str], None]
"""Is told (how many are done, of how many, what comes next)."""


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written: rows by table, and how many documents."""

    rows: dict[str, int]
    documents: int


def export(read: Callable[[], AbstractContextManager[Session]], folder: Path, progress: Progress) -> Exported:
    """Write everything into the new or empty folder `folder`, as it is at one moment; return what was written.

    Raises NotAllowed where something is in the folder.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise NotAllowed(f"There is something in {folder} already. Name a new folder.")
    (folder / DOCUMENTS).mkdir(parents=True)
    rows: dict[str, int] = {}
    with read() as session:
        dump.one_moment(session)
        total = dump.count() + 1
        with closing(dump.tables(session)) as tables:
            for table in tables:
                progress(len(rows), total, f"Writing {table.name.replace('_', ' ')}")
                _write(folder, table)
                rows[table.name] = table.count
        progress(len(rows), total, "Writing documents")
        documents = 0
        for file_id, name, data in dump.documents(session):
            (folder / DOCUMENTS / f"{file_id}-{name}").write_bytes(data)
            documents += 1
    return Exported(rows, documents)


def _write(folder: Path, table: Dumped) -> None:
    """Write a table twice, row by row: a large one never stands in memory as a whole."""
    with (
        (folder / f"{table.name}.csv").open("w", encoding="utf-8-sig", newline="") as sheet,
        (folder / f"{table.name}.json").open("w", encoding="utf-8") as data,
    ):
        writer = csv.writer(sheet)
        writer.writerow(table.columns)
        between = "[\n"
        for row in table.rows:
            writer.writerow([cell(_flat(value)) for value in row])
            data.write(between + json.dumps(dict(zip(table.columns, row, strict=True)), ensure_ascii=False))
            between = ",\n"
        data.write("\n]\n" if table.count else "[]\n")


def _flat(value: Any) -> Any:
    """Return a value for one cell: what has parts is JSON there too."""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else value


def _work(job: Running) -> Outcome:
    """Write everything into a zip file of the machine's folder. Done again after a crash it begins anew."""
    exports = job.tools.folder / "exports"
    draft, file = exports / f".{job.job_id}", exports / f"export-{job.job_id}.zip"
    shutil.rmtree(draft, ignore_errors=True)

    def progress(done: int, total: int, said: str) -> None:
        with job.step(done, total, said):
            pass

    try:
        exported = export(job.tools.read, draft, progress)
        _zip(draft, file, sorted(draft.rglob("*")))
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    rows = sum(exported.rows.values())
    said = f"{rows:,} rows of {len(exported.rows)} tables and {exported.documents} documents."
    result = {"file": file.name, "machine": job.tools.machine, "size": file.stat().st_size}
    return Outcome(said, result)


def _zip(folder: Path, file: Path, parts: Iterable[Path]) -> None:
    partial = file.with_suffix(".partial")
    with zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED) as archive:
        for part in parts:
            if part.is_file():
                archive.write(part, part.relative_to(folder))
    partial.chmod(0o600)
    partial.replace(file)


def let_go(session: Session, folder: Path, machine: str, before: dt.datetime) -> int:
    """Remove the files of exports and reports that ended before a moment, of those that lie on this machine; return how many.

    The job says from then on that its file is kept no longer. What a process left half written goes too.
    """
    removed, exports = 0, folder / "exports"
    for job in (job for kind in MADE for job in jobs.ended_before(session, kind, before)):
        shutil.rmtree(exports / f".{job.id}", ignore_errors=True)
        (exports / f"{job.kind}-{job.id}.partial").unlink(missing_ok=True)
        if job.result is None or "file" not in job.result or job.result["machine"] != machine:
            continue
        file = exports / str(job.result["file"])
        removed += file.is_file()
        file.unlink(missing_ok=True)
        job.result = {key: value for key, value in job.result.items() if key != "file"}
        job.said = f"{job.said} {NOT_KEPT}"
    session.flush()
    return removed


KIND = Kind(
    "export",
    "Export everything",
    "Every table as CSV and JSON, and every document, in one zip file. Exempt text is in it.",
    "data.export",
    _work,
    own=True,
)
