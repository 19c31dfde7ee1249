"""A till is played through its documented API only: a session for each local day, a sale for each receipt."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from bench.replay_book import PlayedLine, Receipt
from bench.replay_player import MAX_LINES, Pacer, Player
from bench.replay_world import OPERATOR, PIN
from terminal.ui.acts import ACTS

if TYPE_CHECKING:
    from collections.abc import Sequence

REQUESTS = {act.path: act.request for act in ACTS}
ID = "01900000-0000-7000-8000-000000000001"
MORNING = datetime(2011, 6, 1, 8, 0, tzinfo=UTC)


@dataclass
class FakeTill:
    """Takes every act that the till's API documents, with a body that it would take."""

    acts: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    async def state(self) -> dict[str, Any]:
        return {"operators": [{"id": "other", "name": "Anna"}, {"id": "me", "name": OPERATOR}]}

    async def act(self, path: str, **values: object) -> dict[str, Any]:
        REQUESTS[f"/api/v1/{path}"].model_validate({"command_id": ID, **values})
        self.acts.append((path, values))
        return {"sale": f"sale {len(self.acts)}"}

    def paths(self) -> list[str]:
        return [path for path, _ in self.acts]


def receipt(at: datetime, *cents: int) -> Receipt:
    lines = tuple(PlayedLine("A", "THING", "1.000000", amount) for amount in cents)
    return Receipt("1", at, at.date().isoformat(), lines)


async def played(receipts: Sequence[Receipt]) -> FakeTill:
    till, count = FakeTill(), []
    player = Player(till, iter(receipts), Pacer(None), lambda: count.append(1))
    await player.begin()
    await player.play()
    await player.end()
    assert len(count) == len(receipts)
    assert player.sessions == len({one.day for one in receipts})
    return till


async def test_a_receipt_is_signed_on_for_opened_imported_and_settled() -> None:
    till = await played([receipt(MORNING, 150, -20)])

    assert till.paths() == [
        "sign-on", "replay/clock", "session/open", "sale/imported-lines", "sale/tenders", "session/close"
    ]  # fmt: skip
    assert till.acts[0][1] == {"operator": "me", "pin": PIN}
    assert till.acts[4][1] == {"sale": "sale 4", "type": "card", "shown_due_cents": 130}


async def test_a_receipt_that_comes_to_zero_is_completed_and_a_negative_one_paid_out() -> None:
    till = await played([receipt(MORNING, 150, -150), receipt(MORNING, -150)])

    settled = [values for path, values in till.acts if path in ("sale/complete", "sale/tenders")]
    assert [values["shown_due_cents"] for values in settled] == [0, -150]
    assert till.paths().count("sale/complete") == 1


async def test_a_day_is_closed_at_its_last_receipts_time_before_the_next_begins() -> None:
    till = await played([receipt(MORNING, 1), receipt(MORNING, 1), receipt(MORNING + timedelta(days=1), 1)])

    days = [path for path in till.paths() if path.startswith(("session", "replay"))]
    assert days == ["replay/clock", "session/open", "session/close", "replay/clock", "session/open", "session/close"]


async def test_a_long_receipt_is_one_sale_of_several_commands() -> None:
    till = await played([receipt(MORNING, *([1] * (MAX_LINES + 1)))])

    imported = [len(values["lines"]) for path, values in till.acts if path == "sale/imported-lines"]
    assert imported == [MAX_LINES, 1]
    assert till.paths().count("sale/tenders") == 1
