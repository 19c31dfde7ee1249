"""A cashier who keeps notes: what was acknowledged must be there, what was not may be, and is sent again."""

from __future__ import annotations

import random
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.crash.processes import wait_until
from tests.crash.till_api import Answer, TillApi, TillGoneError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from terminal.devices.card_reader.virtual import VirtualCardReader

OPENING_CASH = 10_000
UNKNOWN_CODE = "9999999999994"
TURNS = {"approve": 70, "decline": 17, "gone": 7, "lost": 3, "lost_before": 3}  # of the reader, and how often
ANSWERED_MEANWHILE = ("tender.not_in_doubt", "tender.unknown", "sale.none", "sale.another", "sale.no_lines")
NOTHING_TAKEN = ("declined", "not paid")  # what a tender says that waits for nobody but a person
CONTENT = ("description", "quantity", "unit_price", "total_cents")


@dataclass(frozen=True)
class Act:
    """An act on its way; ``note`` puts its answer into the cashier's notes."""

    path: str
    body: dict[str, Any]
    note: Callable[[dict[str, Any]], None]
    refusals: tuple[str, ...] = ()


@dataclass
class Notes:
    """What the till has acknowledged."""

    commands: list[str] = field(default_factory=list)
    documents: dict[str, str] = field(default_factory=dict)  # id: formatted number
    lines: list[str] = field(default_factory=list)
    tenders: list[str] = field(default_factory=list)
    contents: dict[str, tuple[Any, ...]] = field(default_factory=dict)  # of lines that nothing has changed since
    sale: str | None = None  # a tender of it is known
    reversing: set[str] = field(default_factory=set)  # tenders whose money a reader is to give back


class Cashier:
    """Sells for ever; ``violations`` is what the page showed that does not agree with the notes."""

    def __init__(
        self,
        api: TillApi,
        operator: str,
        pin: str,
        codes: Sequence[str],
        reader: VirtualCardReader,
        *,
        seed: int = 0,
        takes_cards: bool = False,
    ) -> None:
        self.api = api
        self.notes = Notes()
        self.pending: Act | None = None
        self.violations: list[str] = []
        self.operator = operator
        self._pin = pin
        self._codes = codes
        self._random = random.Random(seed)
        self._shown: str | None = None  # the sale on the page
        self._reader = reader
        self._takes_cards = takes_cards
        self.is_asked = False  # the reader says nothing: the word is the cashier's
        self._acts_before = 0  # of the reader, when it was last asked for something

    def sell(self, sales: int) -> None:
        """Work until so many more sales are acknowledged."""
        wanted = len(self.notes.documents) + sales
        while len(self.notes.documents) < wanted:
            self.work()

    def work_until_gone(self, acts: int) -> bool:
        """Work at most so many acts; return whether the till went away."""
        try:
            for _ in range(acts):
                self.work()
        except TillGoneError:
            return True
        return False

    def take_up(self) -> None:
        """After a restart: compare the page with the notes, and send again what had no answer."""
        self.api.forget()
        pending, self.pending = self.pending, None
        self._compare(self._look_settled(), "after the restart", pending)
        if pending:
            self._do(pending)
        self._compare(self._look_settled(), "after the resend", None)

    def work(self) -> None:
        """Do the next thing a cashier would."""
        view = self._look_settled()
        self._compare(view, "in service", None)
        self._do(self._next_act(view))

    def scan(self) -> None:
        """Add an item to the sale."""
        self.prepare()
        self._do(self._add())

    def pay(self, kind: str = "cash", amount: int | None = None) -> None:
        """Pay the open sale, exactly when no amount is named."""
        self._do(self._pay(self._look()["sale"], kind, amount))

    def pay_by_card(self, turn: str, amount: int | None = None) -> None:
        """Scan something and let the reader take it, or some of it, in its way; return when that is known."""
        while not (self._look()["sale"] or {"lines": ()})["lines"]:
            self.scan()
        self._reader.tell(turn)
        self._note_acts()
        self.pay("pos", amount)
        self._look_settled()

    def give_back_a_card(self, turn: str) -> None:
        """Take some of a sale by card, and give it back by the reader in its way."""
        self.pay_by_card("approve", 50)
        self._reader.tell(turn)
        self._do(self._void_tender(self.notes.tenders[-1]))
        self._look_settled()

    def prepare(self) -> None:
        """Sign on and open the session if nobody has."""
        while (view := self._look())["screen"] in ("sign_on", "session"):
            self._do(self._next_act(view))

    def close_session(self) -> None:
        """Void an open sale and close the session with its Z."""
        self.prepare()
        if self._look()["sale"]:
            self._reader.tell()
            for tender in list(self.notes.tenders):
                self._do(self._void_tender(tender))
                self._look_settled()
            self._do(self._void_sale())
        self._do(self._act("session/close", lambda _: None, counted_cash_cents=OPENING_CASH))

    def _next_act(self, view: dict[str, Any]) -> Act:
        match view["screen"]:
            case "sign_on":
                return self._act("sign-on", lambda _: None, operator=self.operator, pin=self._pin)
            case "session":
                # Without a session a restart signs the operator off, and the resend comes from nobody.
                left = ("operator.none",)
                return self._act("session/open", lambda _: None, left, opening_cash_cents=OPENING_CASH)
        sale = view["sale"]
        if not sale or not sale["lines"] or (not self.notes.tenders and self._random.random() < 0.6):
            return self._add()
        if declined := [tender["id"] for tender in sale["tenders"] if tender["state"] == "pending"]:
            return self._retry(declined[0]) if self._random.random() < 0.5 else self._void_tender(declined[0])
        return self._pay_somehow(sale) if self._random.random() < 0.7 or self.notes.tenders else self._change_mind()

    def _add(self) -> Act:
        code = UNKNOWN_CODE if self._random.random() < 0.05 else self._random.choice(self._codes)
        refusals = ("code.unknown",) if code == UNKNOWN_CODE else ()
        return self._act("sale/codes", self._note_line, refusals, code=code)

    def _change_mind(self) -> Act:
        line = self._random.choice(self.notes.lines)
        self.notes.contents.pop(line, None)
        match self._random.randrange(5):
            case 0:
                return self._act(f"sale/lines/{line}/void", lambda _: self.notes.lines.remove(line))
            case 1:
                return self._void_sale()
        quantity = str(self._random.randint(2, 9))
        return self._act(f"sale/lines/{line}/quantity", lambda _: None, quantity=quantity)

    def _pay_somehow(self, sale: dict[str, Any]) -> Act:
        due = sale["remaining_cents"]
        if self._takes_cards and self._random.random() < 0.5:
            self._reader.tell(*self._random.choices(list(TURNS), list(TURNS.values()), k=2))
            return self._pay(sale, "pos", None if self._random.random() < 0.6 else max(1, due // 2))
        match self._random.randrange(6):
            case 0 if self.notes.tenders:
                return self._void_tender(self.notes.tenders[-1])
            case 1:
                return self._pay(sale, "card", max(1, due // 2))
            case 2:
                return self._pay(sale, "card", None)
            case 3:
                return self._pay(sale, "cash", due + 1000 - due % 500)
        return self._pay(sale, "cash", None)

    def _pay(self, sale: dict[str, Any], kind: str, amount: int | None) -> Act:
        body = {"sale": sale["id"], "type": kind, "shown_due_cents": sale["remaining_cents"]}
        if amount is not None:
            body["amount_cents"] = amount
        self._note_acts()
        return self._act("sale/tenders", self._note_tender, **body)

    def _void_tender(self, tender: str) -> Act:
        self._note_acts()
        return self._act(f"sale/tenders/{tender}/void", lambda values: self._note_void(tender, values))

    def _retry(self, tender: str) -> Act:
        self._note_acts()
        return self._act(f"sale/tenders/{tender}/retry", lambda _: None)

    def _decide(self, tender: str) -> Act:
        """Say what the reader did, as its slip does."""
        new = self._reader.acts()[self._acts_before :]
        approved = bool(new and new[-1].approved)
        return self._act(f"sale/tenders/{tender}/decide", lambda _: None, ANSWERED_MEANWHILE, approved=approved)

    def _note_acts(self) -> None:
        self._acts_before = len(self._reader.acts())

    def _void_sale(self) -> Act:
        return self._act("sale/void", lambda _: self._forget_sale())

    def _look(self) -> dict[str, Any]:
        view = self.api.state()
        self._shown = (view["sale"] or {"id": None})["id"]
        return view

    def _look_settled(self) -> dict[str, Any]:
        """Look when the reader has said what it did, or a person has, and note what came of it."""
        view = self._look()
        # Or rather than wait until the reader says it.
        decides = self.is_asked or (self._takes_cards and self._random.random() < 0.3)

        def is_settled() -> bool:
            view.update(self._look())
            sale = view["sale"] or {"tenders": []}
            waiting = [t for t in sale["tenders"] if _is_waiting(t)]
            if decides and waiting and waiting[0]["state"] == "unknown":
                self._do(self._decide(waiting[0]["id"]))
            elif _is_paid(sale):  # it completes in this moment, unless the till stopped before
                self._do(self._act("sale/complete", self._note_tender, ANSWERED_MEANWHILE, shown_due_cents=0))
            else:
                return not waiting
            return False

        wait_until(is_settled, "the card reader")
        self._note_outcomes(view)
        return view

    def _note_outcomes(self, view: dict[str, Any]) -> None:
        """Note a sale that completed by itself, and tenders that the reader has given back."""
        done, shown = view["done"], view["sale"]
        if self.notes.sale and done and done["sale"] == self.notes.sale:
            self.notes.documents[done["document"]] = done["formatted"]
            self._forget_sale()
        there = {tender["id"] for tender in shown["tenders"]} if shown else set()
        for tender in self.notes.reversing - there:
            if tender in self.notes.tenders:
                self.notes.tenders.remove(tender)
        self.notes.reversing.clear()

    def _act(
        self,
        path: str,
        note: Callable[[dict[str, Any]], None],
        refusals: tuple[str, ...] = (),
        **body: str | int | bool | None,
    ) -> Act:
        if path.startswith("sale/"):
            body["sale"] = self._shown
        return Act(path, {"command_id": str(uuid.uuid4()), **body}, note, refusals)

    def _do(self, act: Act) -> None:
        self.pending = act
        answer = self.api.act(act.path, act.body)
        self.pending = None
        if answer.status == 200:
            self.notes.commands.append(act.body["command_id"])
            act.note(answer.values)
            self._keep_contents(self._look())
        elif answer.code not in act.refusals:
            self.violations.append(f"{act.path} {act.body} was refused: {answer}")
            raise UnexpectedRefusalError(act, answer)

    def _note_line(self, values: dict[str, Any]) -> None:
        self.notes.lines.append(values["line"])

    def _note_tender(self, values: dict[str, Any]) -> None:
        if document := values.get("document"):
            self.notes.documents[document["id"]] = document["formatted"]
            self._forget_sale()
        else:
            self.notes.tenders.append(values["tender"])
            self.notes.sale = values["sale"]

    def _note_void(self, tender: str, values: dict[str, Any]) -> None:
        if "attempt" in values:
            self.notes.reversing.add(tender)
        else:
            self.notes.tenders.remove(tender)

    def _forget_sale(self) -> None:
        self.notes.lines.clear()
        self.notes.tenders.clear()
        self.notes.contents.clear()
        self.notes.reversing.clear()
        self.notes.sale = None

    def _keep_contents(self, view: dict[str, Any]) -> None:
        for line in (view["sale"] or {"lines": []})["lines"]:
            self.notes.contents[line["id"]] = _content(line)

    def _compare(self, view: dict[str, Any], when: str, pending: Act | None) -> None:
        """The basket is as it was; an act without an answer may have been done, or not."""
        sale = view["sale"] or {"lines": [], "tenders": []}
        lines, tenders = [line["id"] for line in sale["lines"]], [tender["id"] for tender in sale["tenders"]]
        if not _agrees(lines, self.notes.lines, pending, "sale/codes", "/void", "sale/tenders"):
            self.violations.append(f"{when}: lines {lines} instead of {self.notes.lines} ({pending})")
        if not _agrees(tenders, self.notes.tenders, pending, "sale/tenders", "/void", "sale/void"):
            self.violations.append(f"{when}: tenders {tenders} instead of {self.notes.tenders} ({pending})")
        for line in sale["lines"]:
            known = self.notes.contents.get(line["id"])
            if known is not None and known != _content(line):
                self.violations.append(f"{when}: line {_content(line)} instead of {known}")


class UnexpectedRefusalError(Exception):
    """The till refused what it has to take."""

    def __init__(self, act: Act, answer: Answer) -> None:
        super().__init__(f"{act.path}: {answer}")


def _is_paid(sale: dict[str, Any]) -> bool:
    tenders = sale["tenders"]
    return bool(tenders) and sale["remaining_cents"] == 0 and all(t["state"] == "approved" for t in tenders)


def _is_waiting(tender: dict[str, Any]) -> bool:
    return bool(tender["state"] == "unknown" or (tender["state"] == "pending" and tender["text"] not in NOTHING_TAKEN))


def _content(line: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(line[name] for name in CONTENT)


def _agrees(shown: list[str], noted: list[str], pending: Act | None, adds: str, takes: str, clears: str) -> bool:
    """Whether what is shown is what was noted, or that with the pending act carried out."""
    if shown == noted:
        return True
    if pending is None:
        return False
    if pending.path == adds and shown[:-1] == noted:
        return True
    if (pending.path in (clears, "sale/void") or (pending.path == adds == "sale/tenders")) and not shown:
        return True
    return pending.path.endswith(takes) and shown == [one for one in noted if f"/{one}/" not in pending.path]
