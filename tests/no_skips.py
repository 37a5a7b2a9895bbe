"""A pytest plugin: with PYTEST_NO_SKIPS set, a run that skipped anything has failed."""

from __future__ import annotations

import os

import pytest

NO_SKIPS = "PYTEST_NO_SKIPS"


class SkipsFail:
    """Fail the run where anything was skipped: a test that did not run proves nothing."""

    def __init__(self) -> None:
        self.skipped: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note a skipped test; a test expected to fail is also reported as skipped, and is fine."""
        if report.skipped and not hasattr(report, "wasxfail"):
            self.skipped.append(report.nodeid)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Note a module that skipped itself as a whole."""
        if report.skipped and report.nodeid not in self.skipped:
            self.skipped.append(report.nodeid)

    # Before the terminal reporter, which reads the exit status for its closing line.
    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Turn a passed session into a failed one."""
        if self.skipped and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say why, above the closing line."""
        for nodeid in self.skipped:
            terminalreporter.write_line(f"{NO_SKIPS} is set, and this was skipped: {nodeid}", red=True)


def pytest_configure(config: pytest.Config) -> None:
    """Register SkipsFail once, in the process that reports."""
    if os.environ.get(NO_SKIPS) and not hasattr(config, "workerinput"):
        config.pluginmanager.register(SkipsFail(), "skips-fail")
