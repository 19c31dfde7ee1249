"""What is found of an open sale whose rows somebody changed."""

from dataclasses import dataclass

from commerce.errors import ConflictError, PosError


@dataclass(frozen=True, slots=True)
class ChangedSale:
    """An open sale whose rows somebody changed: they were written anew, or it could not be read any more."""

    sale: str
    is_lost: bool = False

    @property
    def code(self) -> str:
        """Return what is said of it."""
        return "sale.rows_lost" if self.is_lost else "sale.rows_changed"

    @property
    def words(self) -> PosError:
        """Return it as people are told."""
        return ConflictError(self.code)
