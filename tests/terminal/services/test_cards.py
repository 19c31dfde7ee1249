"""Tenders that a card reader takes: their states, every way out of each, and what a restart makes of them."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import orjson
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from commerce.errors import ForbiddenError, PosError, RuleError
from commerce.ids import new_id
from commerce.kinds import TenderState
from terminal.db import sales
from terminal.db.attempts import AttemptRow, AttemptState
from terminal.devices.card_reader.virtual import ReaderCondition, VirtualCardReader
from terminal.devices.protocols import CardReply, CardRequest
from terminal.services import commands as acts
from terminal.services.card_loop import CardLoop
from terminal.services.commands import OfferedApproval
from tests.terminal.services.test_putting_right import execute
from tests.terminal.shop import ANNA, BREAD, CARLO, COFFEE, PIN, TestTill, operating_changes, running_till

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Coroutine, Sequence

    from commerce.tender import Tender
    from commerce.wire import Change

T = TypeVar("T")


async def _no_time(_: float) -> None:
    return


def loop_of(till: TestTill, *readers: VirtualCardReader) -> CardLoop:
    return CardLoop(till.register, {reader.name: reader for reader in readers}, asyncio.Event(), _no_time)


def with_reader() -> list[Change]:
    """The operating set of a shop whose cards go through a reader."""
    return [
        change.model_copy(update={"version": 9, "row": {**(change.row or {}), "reader": "reader"}})
        if change.id == "tender-card"
        else change
        for change in operating_changes()
    ]


@asynccontextmanager
async def card_till(folder: Path, *, fill: bool = True) -> AsyncIterator[TestTill]:
    async with running_till(folder, fill=fill) as till:
        if fill:
            await till.register.apply_operating(with_reader())
        yield till


@pytest.fixture
async def till(tmp_path: Path) -> AsyncIterator[TestTill]:
    async with card_till(tmp_path) as till:
        await till.ready()
        await till.scan(COFFEE)
        yield till


@pytest.fixture
def reader(tmp_path: Path) -> VirtualCardReader:
    return VirtualCardReader("reader", tmp_path / "card-reader")


def tender_of(till: TestTill) -> Tender:
    assert till.state.basket is not None
    (tender,) = till.state.basket.tenders
    return tender


async def bodies(till: TestTill, kind: str) -> list[dict[str, Any]]:
    rows = await till.core.readers.fetch_all("SELECT body FROM entry WHERE kind = ? ORDER BY seq", (kind,))
    return [orjson.loads(row[0]) for row in rows]


async def test_the_intent_is_on_disk_before_the_reader_is_asked(till: TestTill) -> None:
    paid = await till.pay("card")

    assert "document" not in paid.values
    assert tender_of(till).state is TenderState.PENDING
    (row,) = await till.core.readers.fetch_all("SELECT state, amount, device FROM tender_attempt")
    assert tuple(row) == ("intended", 349, "reader")
    (intended,) = await bodies(till, "effect_intended")
    assert (intended["kind"], intended["sale"], intended["device"]) == ("card", paid.values["sale"], "reader")


async def test_an_attempt_is_started_on_disk_before_the_reader_is_asked(till: TestTill, tmp_path: Path) -> None:
    seen: list[str] = []

    class Watching(VirtualCardReader):
        async def pay(self, request: Any) -> Any:  # noqa: ANN401
            rows = await till.core.readers.fetch_all("SELECT state FROM tender_attempt")
            seen.append(rows[0][0])
            return await super().pay(request)

    await till.pay("card")
    await loop_of(till, Watching("reader", tmp_path / "card-reader")).work()

    assert seen == ["started"]


async def test_entries_alone_say_what_a_reader_took_for_a_sale_that_never_completed(
    till: TestTill, reader: VirtualCardReader
) -> None:
    paid = await till.pay("card", 200)
    await loop_of(till, reader).work()

    (intended,), (settled,) = await bodies(till, "effect_intended"), await bodies(till, "effect_settled")
    asked = {"tender": paid.values["tender"], "type": "card", "currency": "EUR", "amount": 200}
    assert (intended["card"], intended["effect"]) == (asked, settled["effect"])
    assert (settled["outcome"], settled["card_reference"]) == ("done", "R-1")
    assert await bodies(till, "sale_completed") == []


async def test_the_sale_completes_when_the_reader_has_approved(till: TestTill, reader: VirtualCardReader) -> None:
    await till.pay("card")

    await loop_of(till, reader).work()

    (body,) = await bodies(till, "sale_completed")
    (tender,) = body["tenders"]
    assert (tender["state"], tender["reference"]) == ("approved", "R-1")
    assert [(one["outcome"], one["device"]) for one in tender["attempts"]] == [("approved", "reader")]
    assert till.state.basket is None
    assert till.state.done is not None
    assert reader.balance() == 349


@pytest.mark.parametrize("failure", [ValueError("a driver's bug"), TimeoutError()])
async def test_a_driver_that_fails_leaves_the_outcome_unknown_until_the_reader_says_it(
    till: TestTill, tmp_path: Path, failure: Exception
) -> None:
    failures = iter([failure])

    class Failing(VirtualCardReader):
        async def pay(self, request: CardRequest) -> Any:  # noqa: ANN401
            await super().pay(request)
            raise failure

        async def find_outcome(self, request: CardRequest) -> Any:  # noqa: ANN401
            for again in failures:
                raise again
            return await super().find_outcome(request)

    reader = Failing("reader", tmp_path / "card-reader")
    loop = loop_of(till, reader)
    await till.pay("card")

    assert await loop.work()
    assert tender_of(till).state is TenderState.UNKNOWN
    assert await loop.work()
    await loop.work()

    assert till.state.done is not None
    assert [act.what for act in reader.acts()] == ["pay"]


async def test_what_a_reader_says_goes_into_the_ledger_in_words_that_entries_hold(
    till: TestTill, tmp_path: Path
) -> None:
    class Talkative(VirtualCardReader):
        async def pay(self, request: CardRequest) -> CardReply:
            return CardReply(approved=True, reference="R" * 5_000, reason="Not A Code \N{BELL}")

    await till.pay("card")
    await loop_of(till, Talkative("reader", tmp_path / "card-reader")).work()

    (body,) = await bodies(till, "sale_completed")
    assert body["tenders"][0]["state"] == "approved"
    assert body["tenders"][0]["reference"].startswith("RRR")


async def test_a_mixed_sale_waits_for_the_card_whatever_comes_after_it(
    till: TestTill, reader: VirtualCardReader
) -> None:
    await till.pay("card", 100)
    await till.pay("cash", 500)
    assert till.state.basket is not None
    assert (till.state.basket.settlement.is_settled, till.state.basket.is_paid) == (True, False)

    await loop_of(till, reader).work()

    (body,) = await bodies(till, "sale_completed")
    assert [(t["kind"], t["amount"]) for t in body["tenders"]] == [("card", 100), ("cash", 500)]
    assert body["settlement"]["change"] == 251


async def test_a_sale_whose_card_is_pending_is_not_completed_by_hand(till: TestTill) -> None:
    paid = await till.pay("card")

    with pytest.raises(RuleError, match=r"tender\.not_approved"):
        await till.submit(acts.CompleteSale(new_id(), paid.values["sale"], 0))


@pytest.mark.parametrize("answer", ["decline", "gone"])
async def test_a_declined_card_leaves_the_tender_pending_with_two_exits(
    till: TestTill, reader: VirtualCardReader, answer: str
) -> None:
    reader.tell(answer)
    await till.pay("card")
    loop = loop_of(till, reader)
    await loop.work()
    tender = tender_of(till)
    assert tender.state is TenderState.PENDING

    again = (await till.submit(acts.RetryTender(new_id(), tender.id))).values["attempt"]
    await loop.work()

    (body,) = await bodies(till, "sale_completed")
    outcomes = [one["outcome"] for one in body["tenders"][0]["attempts"]]
    assert (outcomes, body["tenders"][0]["attempts"][1]["id"]) == (["declined", "approved"], again)
    assert reader.balance() == 349


async def test_a_declined_tender_is_taken_back(till: TestTill, reader: VirtualCardReader) -> None:
    reader.tell("decline")
    await till.pay("card")
    await loop_of(till, reader).work()

    await till.submit(acts.VoidTender(new_id(), tender_of(till).id))

    assert till.state.basket is not None
    assert till.state.basket.tenders == ()
    assert (await till.pay("cash")).values["document"]


async def test_a_tender_taken_back_before_the_reader_is_asked_is_never_asked_for(
    till: TestTill, reader: VirtualCardReader
) -> None:
    await till.pay("card")
    await till.submit(acts.VoidTender(new_id(), tender_of(till).id))

    await loop_of(till, reader).work()

    assert reader.acts() == ()
    assert [row[0] for row in await till.core.readers.fetch_all("SELECT state FROM tender_attempt")] == ["declined"]


async def test_a_tender_is_not_taken_back_while_the_reader_is_being_asked(till: TestTill) -> None:
    attempt = (await till.pay("card")).values["attempt"]
    await till.register.start_attempt(attempt)

    with pytest.raises(RuleError, match=r"tender\.waiting"):
        await till.submit(acts.VoidTender(new_id(), tender_of(till).id))


@pytest.mark.parametrize("is_asked", [False, True])
async def test_a_tender_that_is_being_given_back_is_neither_taken_back_again_nor_tried_again(
    till: TestTill, reader: VirtualCardReader, *, is_asked: bool
) -> None:
    await till.pay("card", 100)
    loop = loop_of(till, reader)
    await loop.work()
    tender = tender_of(till).id
    reversal = (await till.submit(acts.VoidTender(new_id(), tender))).values["attempt"]
    if is_asked:
        await till.register.start_attempt(reversal)
        await till.register.settle_attempt(reversal, AttemptState.UNKNOWN, "card_reader.no_answer")

    for again in (acts.VoidTender(new_id(), tender), acts.RetryTender(new_id(), tender)):
        with pytest.raises(RuleError, match=r"tender\.waiting"):
            await till.submit(again)

    assert [row.kind for row in till.state.attempts] == ["payment", "reversal"]
    assert [row.is_open for row in till.state.attempts] == [False, True]
    assert tender_of(till).id == tender


async def test_a_tender_is_not_tried_again_while_the_reader_is_being_asked(till: TestTill) -> None:
    await till.pay("card")

    with pytest.raises(RuleError, match=r"tender\.waiting"):
        await till.submit(acts.RetryTender(new_id(), tender_of(till).id))

    assert len(till.state.attempts) == 1


@pytest.mark.parametrize(("answer", "taken"), [("lost", 349), ("lost_before", 0)])
async def test_an_unknown_outcome_is_asked_about_and_never_repeated(
    till: TestTill, reader: VirtualCardReader, answer: str, taken: int
) -> None:
    reader.tell(answer)
    await till.pay("card")
    loop = loop_of(till, reader)
    assert await loop.work()
    assert tender_of(till).state is TenderState.UNKNOWN

    await loop.work()

    assert (len(reader.acts()), reader.balance()) == (1, taken)
    assert len(await bodies(till, "sale_completed")) == bool(taken)
    if not taken:
        assert tender_of(till).state is TenderState.PENDING


async def test_a_reader_that_never_answers_leaves_the_word_to_a_person(
    till: TestTill, reader: VirtualCardReader
) -> None:
    reader.tell("lost")
    reader.set_condition(ReaderCondition.SILENT)
    await till.pay("card")
    loop = loop_of(till, reader)
    await loop.work()
    await loop.work()
    tender = tender_of(till)
    with pytest.raises(RuleError, match=r"tender\.waiting"):
        await till.submit(acts.VoidTender(new_id(), tender.id))

    await till.submit(acts.DecideTender(new_id(), tender.id, approved=True))

    (body,) = await bodies(till, "sale_completed")
    assert [one["reason"] for one in body["tenders"][0]["attempts"]] == ["attempt.decided"]
    assert len(reader.acts()) == 1


async def test_saying_what_became_of_a_card_needs_its_right(till: TestTill, reader: VirtualCardReader) -> None:
    reader.tell("lost")
    reader.set_condition(ReaderCondition.SILENT)
    await till.submit(acts.SignOn(new_id(), CARLO, PIN))
    await till.pay("card")
    await loop_of(till, reader).work()
    decide = acts.DecideTender(new_id(), tender_of(till).id, approved=False)

    with pytest.raises(ForbiddenError, match=r"approval\.needed"):
        await till.submit(decide)
    await till.submit(
        acts.DecideTender(decide.command_id, decide.tender, approved=False, approval=OfferedApproval(ANNA, PIN))
    )

    assert tender_of(till).state is TenderState.PENDING
    settled = (await till.core.readers.fetch_all("SELECT header FROM entry WHERE kind = 'effect_settled'"))[-1]
    assert orjson.loads(settled[0])["approved_by"] == ANNA


@pytest.mark.parametrize("state", ["pending", "approved"])
async def test_nobody_decides_what_is_not_in_doubt(till: TestTill, reader: VirtualCardReader, state: str) -> None:
    await till.pay("card", 100)
    if state == "approved":
        await loop_of(till, reader).work()

    with pytest.raises(RuleError, match=r"tender\.not_in_doubt"):
        await till.submit(acts.DecideTender(new_id(), tender_of(till).id, approved=True))


async def test_approved_money_on_an_unfinished_sale_is_given_back_by_the_reader(
    till: TestTill, reader: VirtualCardReader
) -> None:
    await till.pay("card", 100)
    loop = loop_of(till, reader)
    await loop.work()
    assert tender_of(till).state is TenderState.APPROVED

    await till.submit(acts.VoidTender(new_id(), tender_of(till).id))
    assert tender_of(till).state is TenderState.PENDING
    await loop.work()

    assert [(act.what, act.request.reference) for act in reader.acts()] == [("pay", None), ("reverse", "R-1")]
    assert reader.balance() == 0
    assert till.state.basket is not None
    assert till.state.basket.tenders == ()
    await till.submit(acts.VoidSale(new_id()))
    assert till.state.basket is None


async def test_a_reversal_that_is_declined_leaves_the_money_on_the_sale(
    till: TestTill, reader: VirtualCardReader
) -> None:
    reader.tell("approve", "decline")
    await till.pay("card", 100)
    loop = loop_of(till, reader)
    await loop.work()
    await till.submit(acts.VoidTender(new_id(), tender_of(till).id))
    await loop.work()

    assert (tender_of(till).state, tender_of(till).reference) == (TenderState.APPROVED, "R-1")
    await till.pay("cash")
    assert len(await bodies(till, "sale_completed")) == 1
    assert reader.balance() == 100


async def test_a_paid_sale_that_could_not_be_completed_is_finished_by_hand(tmp_path: Path) -> None:
    async with card_till(tmp_path) as till:
        await till.ready()
        await till.scan(COFFEE)
        attempt = (await till.pay("card")).values["attempt"]
        await till.register.start_attempt(attempt)
        await _do(till, "CREATE TRIGGER t BEFORE INSERT ON document BEGIN SELECT RAISE(ABORT, 'broken'); END")

        await till.register.settle_attempt(attempt, AttemptState.APPROVED, "", "R-9")

        sale = till.state.basket
        assert sale is not None
        assert sale.is_paid
        await _do(till, "DROP TRIGGER t")

    async with card_till(tmp_path, fill=False) as till:
        assert till.state.basket == sale
        await till.submit(acts.CompleteSale(new_id(), sale.sale, 0))
        assert len(await bodies(till, "sale_completed")) == 1


async def test_a_crash_while_the_reader_was_asked_is_asked_about_after_the_start(
    tmp_path: Path, reader: VirtualCardReader
) -> None:
    async with card_till(tmp_path) as till:
        await till.ready()
        await till.scan(COFFEE)
        attempt = (await till.pay("card")).values["attempt"]
        await till.register.start_attempt(attempt)
        (request,) = (row for row in till.state.attempts if row.id == attempt)
        await reader.pay(_request_of(request))

    async with card_till(tmp_path, fill=False) as till:
        loop = loop_of(till, reader)
        await loop.settle_left_open()
        assert tender_of(till).state is TenderState.UNKNOWN
        await loop.work()

        assert len(await bodies(till, "sale_completed")) == 1
        assert (len(reader.acts()), reader.balance()) == (1, 349)


async def test_a_crash_before_the_reader_was_asked_takes_nothing(tmp_path: Path, reader: VirtualCardReader) -> None:
    async with card_till(tmp_path) as till:
        await till.ready()
        await till.scan(COFFEE)
        await till.pay("card")

    async with card_till(tmp_path, fill=False) as till:
        loop = loop_of(till, reader)
        await loop.settle_left_open()
        await loop.work()

        assert (reader.acts(), tender_of(till).state) == ((), TenderState.PENDING)
        await till.submit(acts.VoidTender(new_id(), tender_of(till).id))


async def test_a_till_without_the_reader_gives_the_attempt_up(till: TestTill) -> None:
    await till.pay("card")

    await loop_of(till).work()

    assert [row.reason for row in till.state.attempts] == ["card_reader.none"]
    await till.submit(acts.VoidTender(new_id(), tender_of(till).id))


async def test_an_outcome_told_twice_counts_once(till: TestTill) -> None:
    attempt = (await till.pay("card", 100)).values["attempt"]
    await till.register.start_attempt(attempt)
    await till.register.settle_attempt(attempt, AttemptState.APPROVED, "", "R-1")
    before = till.state.basket

    await till.register.settle_attempt(attempt, AttemptState.APPROVED, "", "R-1")
    await till.register.settle_attempt(attempt, AttemptState.DECLINED)

    assert till.state.basket == before
    assert len(await bodies(till, "effect_settled")) == 1


async def _do(till: TestTill, sql: str) -> None:
    await till.core.writer.run(lambda tx: tx.execute(sql))


def _request_of(row: AttemptRow) -> Any:  # noqa: ANN401
    return CardRequest(row.id, row.currency, row.amount, row.reference)


class Counter(RuleBasedStateMachine):
    """A cashier, a card reader that fails in every way, and restarts: money adds up, and nothing is ever stuck."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.loop = asyncio.new_event_loop()
        self.reader = VirtualCardReader("reader", self.folder / "card-reader")
        self.opened: Any = None
        self.till: TestTill

    def wait(self, awaitable: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(awaitable)

    def act(self, command: acts.Command) -> bool:
        try:
            self.wait(self.till.submit(command))
        except PosError:
            return False
        return True

    @property
    def tenders(self) -> Sequence[Tender]:
        return self.till.state.basket.tenders if self.till.state.basket else ()

    @initialize(step=st.sampled_from([None, 5]))
    def begin(self, step: int | None) -> None:
        self._open(fill=True)
        self.wait(
            self.till.register.apply_operating(
                [c for c in operating_changes(version=7, cash_step=step) if c.kind == "till_settings"]
            )
        )
        self.wait(self.till.ready())

    @precondition(lambda self: not self.tenders)
    @rule(code=st.sampled_from([COFFEE, BREAD]))
    def scan(self, code: str) -> None:
        self.act(acts.AddCode(new_id(), code))

    @precondition(lambda self: self.till.state.basket and not self.tenders)
    @rule(back=st.booleans())
    def turn_round(self, back: bool) -> None:
        basket = self.till.state.basket
        if basket and basket.lines:
            self.act(
                acts.ChangeQuantity(
                    new_id(), basket.lines[0].id, -basket.lines[0].quantity if back else 2 * basket.lines[0].quantity
                )
            )

    @precondition(lambda self: self.till.state.basket)
    @rule(
        kind=st.sampled_from(["card", "cash", "card", "voucher"]),
        amount=st.sampled_from([None, 2, 100, 345, 2000, -100]),
    )
    def pay(self, kind: str, amount: int | None) -> None:
        basket = self.till.state.basket
        if basket:
            self.act(acts.AddTender(new_id(), basket.sale, kind, basket.settlement.remaining, amount))

    @precondition(lambda self: self.till.register.open_attempts())
    @rule(
        does=st.lists(st.sampled_from(["approve", "decline", "gone", "lost", "lost_before"]), max_size=2),
        answers=st.booleans(),
    )
    def read_cards(self, does: list[str], answers: bool) -> None:
        self._tell(does, answers=answers)
        self.wait(loop_of(self.till, self.reader).work())

    @precondition(lambda self: self.tenders)
    @rule(place=st.integers(0, 3), what=st.sampled_from(["void", "retry", "yes", "no"]))
    def touch_a_tender(self, place: int, what: str) -> None:
        basket = self.till.state.basket
        if basket and basket.tenders:
            self.act(self._touch(basket.tenders[place % len(basket.tenders)].id, what))

    @precondition(lambda self: self.till.state.basket and not self.tenders)
    @rule()
    def give_up(self) -> None:
        self.act(acts.VoidSale(new_id()))

    @precondition(lambda self: self.till.state.basket is None)
    @rule()
    def close_and_open(self) -> None:
        self.act(acts.CloseSession(new_id(), 0))
        self.act(acts.OpenSession(new_id(), 0))

    @rule()
    def restart(self) -> None:
        before = self.till.state
        self._close()
        self._open(fill=False)
        after = self.till.state
        assert (after.basket, after.attempts, after.done) == (before.basket, before.attempts, before.done)
        self.wait(loop_of(self.till, self.reader).settle_left_open())

    @invariant()
    def every_sale_adds_up_and_every_tender_is_approved(self) -> None:
        for body in self.wait(bodies(self.till, "sale_completed")):
            s = body["settlement"]
            assert sum(t["value"] for t in body["tenders"]) == s["tendered"]
            assert s["tendered"] - s["change"] == s["due"] + s["rounding"] + s["excess"]
            assert {t["state"] for t in body["tenders"]} <= {"approved"}

    @invariant()
    def no_document_is_missing_where_money_was_kept(self) -> None:
        """What the reader took is on a completed sale or on the open one, unless somebody said so wrongly."""
        rows = self.wait(self.till.core.readers.fetch_all("SELECT reason, state FROM tender_attempt"))
        if any(row[0] == "attempt.decided" or row[1] in ("unknown", "started") for row in rows):
            return
        on_sales = sum(
            t["value"]
            for b in self.wait(bodies(self.till, "sale_completed"))
            for t in b["tenders"]
            if t["kind"] == "card"
        )
        basket = self.till.state.basket
        waiting = sum(t.value for t in basket.tenders if t.kind == "card" and _is_taken(t)) if basket else 0
        assert self.reader.balance() == on_sales + waiting

    @invariant()
    def the_stored_state_is_the_state(self) -> None:
        basket = self.till.state.basket
        if basket is not None:
            row = self.wait(self.till.core.writer.run(lambda tx: sales.find_sale(tx, basket.sale)))
            assert row is not None
            assert row.state == "open"

    def teardown(self) -> None:
        """From wherever it stopped, a person gets to a closed session."""
        if self.opened:
            self._get_out()
            assert self.act(acts.CloseSession(new_id(), 0))
            self._close()
        self.loop.close()
        shutil.rmtree(self.folder)

    def _get_out(self) -> None:
        self._tell(["gone"] * 20, answers=False)
        for _ in range(12):
            self.wait(loop_of(self.till, self.reader).work())
            basket = self.till.state.basket
            if basket is None or not basket.tenders:
                break
            tender = basket.tenders[0].id
            assert (
                self.act(self._touch(tender, "void"))
                or self.act(self._touch(tender, "no"))
                or self.act(acts.CompleteSale(new_id(), basket.sale, basket.settlement.remaining))
            ), basket.tenders
            self.wait(loop_of(self.till, self.reader).work())
            if self._is_only_declining():
                self.reader.tell()
        if self.till.state.basket is not None:
            assert self.act(acts.VoidSale(new_id()))

    def _is_only_declining(self) -> bool:
        """A reversal was declined because the reader is gone: it has to come back for the money to go back."""
        return bool(self.till.state.attempts) and self.till.state.attempts[-1].kind == "reversal"

    def _touch(self, tender: str, what: str) -> acts.Command:
        match what:
            case "void":
                return acts.VoidTender(new_id(), tender)
            case "retry":
                return acts.RetryTender(new_id(), tender)
        return acts.DecideTender(new_id(), tender, approved=what == "yes")

    def _tell(self, turns: list[str], *, answers: bool) -> None:
        self.reader.tell(*turns)
        self.reader.set_condition(ReaderCondition.WELL if answers else ReaderCondition.SILENT)

    def _open(self, *, fill: bool) -> None:
        self.opened = card_till(self.folder, fill=fill)
        self.till = self.wait(self.opened.__aenter__())

    def _close(self) -> None:
        self.wait(self.opened.__aexit__(None, None, None))
        self.opened = None


def _is_taken(tender: Tender) -> bool:
    return any(attempt.outcome == "approved" for attempt in tender.attempts)


Counter.TestCase.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)
TestCounter = Counter.TestCase


ATTEMPTS = {
    "taken away": "DELETE FROM tender_attempt",
    "said to be declined": "UPDATE tender_attempt SET state = 'declined'",
    "said to be approved": "UPDATE tender_attempt SET state = 'approved'",
    "of another sale": "UPDATE tender_attempt SET sale = 'x'",
}


async def attempts_after(folder: Path, statement: str) -> tuple[AttemptRow, ...]:
    await asyncio.to_thread(execute, folder, statement)
    async with card_till(folder, fill=False) as till:
        assert [notice.code for notice in till.state.notices] == ["sale.rows_changed"]
        assert (await bodies(till, "alarm_raised"))[-1]["detail"] == "sale.rows_changed"
        return till.state.attempts


@pytest.mark.parametrize("what", ATTEMPTS)
async def test_what_a_reader_was_asked_is_not_forgotten_with_its_row(tmp_path: Path, what: str) -> None:
    """A card whose money may be gone must not be taken off the sale as if nobody had been asked."""
    async with card_till(tmp_path) as till:
        await till.ready()
        await till.scan(COFFEE)
        await till.pay("card")
        (before,) = till.state.attempts
        await till.register.start_attempt(before.id)

    (after,) = await attempts_after(tmp_path, ATTEMPTS[what])

    assert after.state is AttemptState.UNKNOWN
    assert (after.id, after.tender, after.amount, after.device) == (before.id, before.tender, 349, "reader")


@pytest.mark.parametrize("what", ["taken away", "said to be declined"])
async def test_money_that_a_reader_took_stays_on_the_sale(tmp_path: Path, what: str) -> None:
    async with card_till(tmp_path) as till:
        await till.ready()
        await till.scan(COFFEE)
        await till.pay("card", 100)
        (attempt,) = till.state.attempts
        await till.register.start_attempt(attempt.id)
        await till.register.settle_attempt(attempt.id, AttemptState.APPROVED, reference="auth 1")
        (before,) = till.state.attempts

    (after,) = await attempts_after(tmp_path, ATTEMPTS[what])

    assert (after.state, after.reference, after.tender) == (AttemptState.APPROVED, "auth 1", before.tender)


async def test_nothing_is_said_of_attempts_that_nobody_changed(tmp_path: Path) -> None:
    async with card_till(tmp_path) as till:
        await till.ready()
        await till.scan(COFFEE)
        await till.pay("card", 100)
        (attempt,) = till.state.attempts
        await till.register.start_attempt(attempt.id)
        await till.register.settle_attempt(attempt.id, AttemptState.DECLINED, "card.declined")
        await till.submit(acts.RetryTender(new_id(), tender_of(till).id))
        before = till.state.attempts

    async with card_till(tmp_path, fill=False) as till:
        assert till.state.notices == ()
        assert till.state.attempts == before
        assert len(before) == 2
