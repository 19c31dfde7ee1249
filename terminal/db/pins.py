"""How many wrong PINs in a row were tried for an operator: kept, so that a restart makes nobody's guesses cheaper."""

from terminal.db.connection import Queries, Transaction


def count_attempt(tx: Transaction, operator: str) -> int:
    """Count an attempt before it is made and return how many there are now."""
    row = tx.fetch_one(
        "INSERT INTO pin_attempt (operator, attempts) VALUES (?, 1)"
        " ON CONFLICT DO UPDATE SET attempts = attempts + 1 RETURNING attempts",
        (operator,),
    )
    assert row is not None  # noqa: S101 - RETURNING always gives a row
    return int(row[0])


def forget_attempts(tx: Transaction, operator: str) -> None:
    """Forget them: the PIN was right."""
    tx.execute("DELETE FROM pin_attempt WHERE operator = ?", (operator,))


def list_attempts(queries: Queries) -> dict[str, int]:
    """Return the attempts that no right PIN has ended, by operator."""
    return {row[0]: row[1] for row in queries.fetch_all("SELECT operator, attempts FROM pin_attempt")}
