"""The long run: `make faults`. It prints its figures, and with `--write` puts them into docs/reliability.md."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.documentation import ROOT
from tests.faults import disk, postfix
from tests.faults.disk import SmallDisk
from tests.faults.postfix import Postfix
from tests.faults.rig import Figures, Plan, compare, council, run
from tests.faults.scripted import Misbehaving, refuse_now_and_then

PAGE = ROOT / "docs" / "reliability.md"
BEGIN, END = "<!-- figures: written by make faults -->\n", "<!-- end of figures -->\n"
HEAD = (
    "| run | mails | kills | of them in DATA | in doubt | lost | came twice | facts told never or twice |\n"
    "|-|-|-|-|-|-|-|-|\n"
)


def with_postfix(seed: int, folder: Path, size: int, *, look_up: bool) -> Figures:
    """Kill workers that send by a real Postfix, whose log they ask or do not."""
    plan = Plan(seed, people=200 // size, days=30 // size, kills=(30 // size) * 2)
    with Postfix() as relay:
        owing = council(folder, plan)
        figures = compare(run(plan, owing, relay.url(look_up=look_up)), owing, relay.taken())
        owing.close()
    return figures


def misbehaving(seed: int, folder: Path, size: int) -> Figures:
    """Kill workers that send by a server which fails in every phase."""
    plan = Plan(seed, people=100 // size, days=5, kills=5 * (50 // size), spread=1.0)
    with Misbehaving(seed, 0.3) as server:
        owing = council(folder, plan)
        figures = compare(run(plan, owing, server.url, refuse_now_and_then(server)), owing, server.came())
        figures.faults = server.faults
        figures.unexplained += [f"{message_id} came with other bytes" for message_id in server.changed()]
        owing.close()
    return figures


def full_disk(seed: int, folder: Path, size: int) -> Figures:
    """Kill workers whose disk gets full again and again."""
    plan = Plan(seed, people=100, days=1, kills=50 // size, spread=0.5)
    with SmallDisk(6) as small, Misbehaving(seed, 0.0) as server:
        owing = council(small.folder / "var", plan)
        folder.mkdir()
        figures = compare(run(plan, owing, server.url, small.fill_up, folder), owing, server.came())
        figures.unexplained += [f"{message_id} came with other bytes" for message_id in server.changed()]
        owing.close()
    return figures


def runs(seed: int, size: int) -> Iterator[tuple[str, bool, Figures]]:
    """Yield (name, whether a repeat is allowed, figures) of each run."""
    with tempfile.TemporaryDirectory(prefix="vfm-faults-") as made:
        folder = Path(made)
        yield "Postfix, asked by its log", False, with_postfix(seed, folder / "asked", size, look_up=True)
        yield "Postfix, not asked", True, with_postfix(seed + 1, folder / "mute", size, look_up=False)
        yield "a server that fails in every phase", True, misbehaving(seed + 2, folder / "bad", size)
        yield "a disk that gets full", True, full_disk(seed + 3, folder / "full", size)


def line(name: str, figures: Figures) -> str:
    """Return a run's row."""
    in_data = figures.kills.get("in DATA", 0) + figures.kills.get("settling", 0)
    cells = (
        name, figures.mails, sum(figures.kills.values()), in_data, figures.doubts, len(figures.lost),
        len(figures.twice), len(figures.ledger),
    )  # fmt: skip
    return "| " + " | ".join(f"{cell:,}" if isinstance(cell, int) else cell for cell in cells) + " |\n"


def details(name: str, figures: Figures) -> str:
    """Return a run's details, as an entry of a list."""

    def counted(counts: object) -> str:
        assert hasattr(counts, "items")
        return ", ".join(f"{what} {times}" for what, times in sorted(counts.items(), key=lambda p: -p[1]))

    said = [f"killed: {counted(figures.kills)}", f"delivery log: {counted(figures.outcomes)}"]
    if figures.faults:
        said.append(f"the server: {counted(figures.faults)}")
    if figures.beats_failed:
        said.append(f"{figures.beats_failed} beats failed and came again")
    if figures.left_to_a_person:
        said.append(f"{figures.left_to_a_person} times a mail was left to a person, who sent it again")
    return f"- {name} (seed {figures.plan.seed}, {figures.seconds:.0f} seconds): {'; '.join(said)}.\n"


def wrong(repeats_allowed: bool, figures: Figures) -> list[str]:
    """Return what a run must not find."""
    found = [*figures.lost, *figures.ledger, *figures.unexplained]
    return found if repeats_allowed else [*found, *figures.twice]


def main() -> int:
    """Run everything; return 1 where something was lost, repeated without a doubt, or told twice."""
    parser = argparse.ArgumentParser(prog="make faults", description=__doc__)
    parser.add_argument("--seed", type=int, default=20261128)
    parser.add_argument("--short", action="store_true", help="a tenth of it, to try the rig itself")
    parser.add_argument("--write", action="store_true", help="put the figures into docs/reliability.md")
    asked = parser.parse_args()
    for missing, needed in ((postfix.missing(), postfix.NEEDED), (disk.missing(), disk.NEEDED)):
        if missing:
            print(needed, file=sys.stderr)
            return 1
    table, notes, faults = HEAD, "", list[str]()
    print(HEAD, end="")
    for name, repeats_allowed, figures in runs(asked.seed, 10 if asked.short else 1):
        print(line(name, figures), details(name, figures), sep="", flush=True)
        table += line(name, figures)
        notes += details(name, figures)
        faults += [f"{name}: {each}" for each in wrong(repeats_allowed, figures)]
    if asked.write:
        text = PAGE.read_text(encoding="utf-8")
        before, _, rest = text.partition(BEGIN)
        PAGE.write_text(f"{before}{BEGIN}\n{table}\n{notes}\n{END}{rest.partition(END)[2]}", encoding="utf-8")
    for fault in faults:
        print(fault, file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
