"""A disk that gets full: a small one in memory, that a filler takes up and gives back."""

from __future__ import annotations

import os
import random
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

NEEDED = "It needs to be root, to mount a small disk."


def missing() -> bool:
    """Return whether no disk can be mounted here."""
    return os.geteuid() != 0


class SmallDisk:
    """Mounted while its `with` block runs; `folder` is where."""

    def __init__(self, megabytes: int) -> None:
        self._megabytes = megabytes
        self.times_full = 0

    def __enter__(self) -> SmallDisk:
        self.folder = Path(tempfile.mkdtemp(prefix="vfm-disk-"))
        size = f"size={self._megabytes}m"
        subprocess.run(["mount", "-t", "tmpfs", "-o", size, "tmpfs", self.folder], check=True, timeout=30)
        return self

    def __exit__(self, *_: object) -> None:
        subprocess.run(["umount", "--lazy", self.folder], check=True, timeout=30)
        self.folder.rmdir()

    @contextmanager
    def full(self, blocks: int = 0) -> Iterator[None]:
        """Leave no more than a few blocks free while the block runs."""
        filler = self.folder / "filler"
        self.times_full += 1
        with filler.open("wb", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(4096))
            except OSError:
                os.ftruncate(file.fileno(), max(0, file.tell() - 4096 * blocks))
        try:
            yield
        finally:
            filler.unlink()

    def fill_up(self, rng: random.Random) -> None:
        """Be full, or nearly, for most of a second."""
        with self.full(rng.randrange(0, 12)):
            time.sleep(rng.uniform(0.5, 1.0))
