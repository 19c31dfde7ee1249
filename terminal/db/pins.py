"""How many wrong PINs in a row were tried: kept, so that a restart makes nobody's guesses cheaper.

They are counted for an operator and a client that was right about them before, or for an operator and all others
(client ``""``).
"""

from terminal.db.connection import Queries, Transaction

MOST_PROVEN = 8  # clients of an operator: a browser that forgets its name is another one each day


def count_attempt(tx: Transaction, operator: str, client: str) -> int:
    """Count an attempt before it is made and return how many there are now."""
    row = tx.fetch_one(
        "INSERT INTO pin_attempt (operator, client, attempts, proven) VALUES (?, ?, 1, 0)"
        " ON CONFLICT DO UPDATE SET attempts = attempts + 1 RETURNING attempts",
        (operator, client),
    )
    assert row is not None  # noqa: S101 - RETURNING always gives a row
    return int(row[0])


def forget_attempts(tx: Transaction, operator: str, client: str) -> None:
    """Forget them: the PIN was right."""
    tx.execute("DELETE FROM pin_attempt WHERE operator = ? AND client = ?", (operator, client))


def prove_client(tx: Transaction, operator: str, client: str) -> list[tuple[str, str]]:
    """Keep that a client was right about an operator; return those that were not for the longest time, and go."""
    tx.execute(
        "INSERT INTO pin_attempt (operator, client, attempts, proven)"
        " VALUES (?, ?, 0, (SELECT coalesce(max(proven), 0) + 1 FROM pin_attempt))"
        " ON CONFLICT DO UPDATE SET attempts = 0, proven = excluded.proven",
        (operator, client),
    )
    rows = tx.fetch_all(
        "SELECT client FROM pin_attempt WHERE operator = ? AND client <> '' ORDER BY proven DESC LIMIT -1 OFFSET ?",
        (operator, MOST_PROVEN),
    )
    gone = [(operator, str(row[0])) for row in rows]
    tx.executemany("DELETE FROM pin_attempt WHERE operator = ? AND client = ?", gone)
    return gone


def list_attempts(queries: Queries) -> dict[tuple[str, str], int]:
    """Return the attempts that no right PIN has ended, by operator and client."""
    rows = queries.fetch_all("SELECT operator, client, attempts FROM pin_attempt")
    return {(row[0], row[1]): row[2] for row in rows}
