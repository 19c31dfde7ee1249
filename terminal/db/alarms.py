"""Which alarms were raised, so that each is raised once, and again only when it has grown."""

from collections.abc import Iterable

from terminal.db.connection import Transaction


def note_alarm(tx: Transaction, code: str, subject: str, times: int) -> bool:
    """Return whether an alarm is new or has grown; it is noted as raised."""
    return (
        tx.execute(
            "INSERT INTO alarm (code, subject, times) VALUES (?, ?, ?)"
            " ON CONFLICT DO UPDATE SET times = excluded.times WHERE excluded.times > times",
            (code, subject, times),
        )
        > 0
    )


def forget_alarms(tx: Transaction, code: str, subjects: Iterable[str]) -> None:
    """What was alarming is mended: it is raised again when it comes again."""
    tx.executemany("DELETE FROM alarm WHERE code = ? AND subject = ?", [(code, subject) for subject in subjects])


def forget_item_alarms(tx: Transaction, code: str) -> None:
    """Another catalogue is in use: what is wrong with an item of it is raised anew."""
    tx.execute("DELETE FROM alarm WHERE code = ? AND subject LIKE 'item%'", (code,))
