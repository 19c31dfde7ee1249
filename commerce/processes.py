"""Processes of their own for work that takes long, or may end whoever does it."""

import sys


def program(module: str, *arguments: str) -> list[str]:
    """Return the command that runs a module of ours in a process of its own.

    Nothing is imported from the folder somebody happens to stand in: a file put there beforehand, ``pickle.py`` in
    ``/tmp``, would act with central's rights.
    """
    return [sys.executable, "-P", "-m", module, *arguments]
