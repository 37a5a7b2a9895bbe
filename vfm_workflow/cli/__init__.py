"""The command line, `vfm` (design §1). It imports nothing heavy until a command runs: `--help` answers at once."""

from vfm_workflow.cli.root import app, main

__all__ = ["app", "main"]
