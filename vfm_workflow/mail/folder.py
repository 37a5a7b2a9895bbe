"""Mail into a folder of `.eml` files: for the demo and for tests. Nothing leaves the machine."""

from __future__ import annotations

import datetime as dt
import hashlib
import os
from collections.abc import Callable
from pathlib import Path

from vfm_workflow.mail.transports import Answer, Outgoing, Transport


class FolderTransport(Transport):
    """Writes each message to a file of its own, whole or not at all."""

    def __init__(self, folder: Path, *, durable: bool = True) -> None:
        """Write to `folder`. With `durable` off nothing waits for the disk: only for what can be made again."""
        self._folder = folder
        self._durable = durable

    def send(self, mail: Outgoing, before_data: Callable[[], None]) -> Answer:
        """Return `sent` with the file's name, or `retry` with what the machine said, such as a full disk."""
        name = file_name(mail)
        draft = self._folder / f".{name}.{os.getpid()}"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            return self._cannot(error)
        before_data()
        try:
            self._write(draft, name, mail.data)
        except OSError as error:
            return self._cannot(error)
        return Answer("sent", None, f"written to {name}")

    def look_up(self, mail: Outgoing, since: dt.datetime) -> Answer:
        """Return whether the message's file is there: it is never there by half. Whoever was cut off left a draft."""
        name = file_name(mail)
        try:
            for draft in self._folder.glob(f".{name}.*"):
                draft.unlink(missing_ok=True)
            (self._folder / name).stat()
        except FileNotFoundError:
            return Answer("retry", None, f"{name} was never written")
        except OSError as error:
            return Answer("unknown", None, self._cannot(error).text)
        return Answer("sent", None, f"{name} was written")

    def close(self) -> None:
        """Do nothing: no file stays open."""

    def describe(self) -> str:
        """Return the folder's path in words."""
        return f"the folder {self._folder}"

    def _write(self, draft: Path, name: str, data: bytes) -> None:
        """Write the file so that it survives a power cut, or leave nothing behind."""
        try:
            with draft.open("wb") as file:
                file.write(data)
                if self._durable:
                    file.flush()
                    os.fsync(file.fileno())
            draft.replace(self._folder / name)
        finally:
            draft.unlink(missing_ok=True)
        if self._durable:
            self._keep_names()

    def _keep_names(self) -> None:
        handle = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

    def _cannot(self, error: OSError) -> Answer:
        return Answer("retry", None, f"{self._folder}: {error.strerror or error}")


def file_name(mail: Outgoing) -> str:
    """Return the file of a message, `{id}-{hash of its Message-ID}.eml`: a repeat overwrites itself."""
    return f"{mail.id}-{hashlib.sha256(mail.message_id.encode()).hexdigest()[:16]}.eml"
