"""The named steps of a sale: crash tests stop the process at each."""


class Steps:
    """Called at every named step; in service nothing happens there."""

    def reached(self, name: str) -> None:
        """Note that a step was reached."""
