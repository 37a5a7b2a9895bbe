"""A real Postfix of the rig's own: its configuration, queue, log and port are in no other's way.

It discards what it accepts, and its log says what that was. The machine's own `/etc/postfix` and port 25 are not touched.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import tempfile
import time
from collections import Counter
from pathlib import Path
from types import TracebackType

PROGRAM = "/usr/sbin/postfix"
NEEDED = (
    "It needs Debian's postfix and to be root, for Postfix starts as nobody else. `make system` installs it."
)

MAIN = """\
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
daemon_directory = /usr/lib/postfix/sbin
command_directory = /usr/sbin
mail_owner = postfix
setgid_group = postdrop
maillog_file = {folder}/log/mail.log
maillog_file_prefixes = {folder}
myhostname = relay.wrenfold.example
mydestination =
alias_maps =
alias_database =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_client_connection_rate_limit = 0
default_transport = discard:
"""
MASTER = """\
{port} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
tlsmgr unix - - n 1000? 1 tlsmgr
postlog unix-dgram n - n - 1 postlogd
"""
HEADERS = re.compile(r"/cleanup\[\d+\]: (\w+): message-id=(<[^>]+>)")
QUEUED = re.compile(r"/qmgr\[\d+\]: (\w+): from=<[^>]*>, size=\d+, nrcpt=1 \(queue active\)")


def missing() -> bool:
    """Return whether no Postfix can be started here."""
    return os.geteuid() != 0 or not Path(PROGRAM).exists()


def free_port() -> int:
    """Return a port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        found: int = probe.getsockname()[1]
        return found


class Postfix:
    """Runs while its `with` block does."""

    def __init__(self) -> None:
        self.port = free_port()

    @property
    def log(self) -> Path:
        """The file that says what it took."""
        return self._folder / "log" / "mail.log"

    def url(self, *, look_up: bool) -> str:
        """Return the VFM_MAIL_URL that sends by way of it, and asks its log or does not."""
        return f"smtp://127.0.0.1:{self.port}?tls=none" + (f"&log={self.log}" if look_up else "")

    def taken(self) -> Counter[str]:
        """Return how often its log says that it queued each message, by Message-ID.

        The log is read otherwise here than the program reads it.
        """
        ids: dict[str, str] = {}
        found: Counter[str] = Counter()
        for line in self.log.read_text(encoding="utf-8").splitlines():
            if begun := HEADERS.search(line):
                ids[begun[1]] = begun[2]
            elif (queued := QUEUED.search(line)) and queued[1] in ids:
                found[ids.pop(queued[1])] += 1
        return found

    def __enter__(self) -> Postfix:
        # Not in pytest's own folder, which nobody but root may pass through.
        self._folder = Path(tempfile.mkdtemp(prefix="vfm-postfix-"))
        self._folder.chmod(0o755)
        for name in ("conf", "queue", "data", "log"):
            (self._folder / name).mkdir()
        shutil.chown(self._folder / "data", "postfix")
        (self._folder / "conf" / "main.cf").write_text(MAIN.format(folder=self._folder))
        (self._folder / "conf" / "master.cf").write_text(MASTER.format(port=self.port))
        try:
            self._command("start")
            self._listens()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._command("stop", check=False)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _command(self, word: str, *, check: bool = True) -> None:
        done = subprocess.run(
            [PROGRAM, "-c", self._folder / "conf", word],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        if check and done.returncode:
            raise RuntimeError(f"postfix {word}: {done.stdout}{done.stderr}")

    def _listens(self) -> None:
        end = time.monotonic() + 30
        while True:
            try:
                with socket.create_connection(("127.0.0.1", self.port), timeout=5) as made:
                    if made.recv(4) == b"220 ":
                        return
            except OSError:
                pass
            if time.monotonic() > end:
                raise RuntimeError(
                    f"Postfix does not answer: {self.log.read_text() if self.log.exists() else ''}"
                )
            time.sleep(0.05)
