"""A cashier who keeps notes: what was acknowledged must be there, what was not may be, and is sent again."""

from __future__ import annotations

import random
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.crash.till_api import Answer, TillApi, TillGoneError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

OPENING_CASH = 10_000
UNKNOWN_CODE = "9999999999994"
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


class Cashier:
    """Sells for ever; ``violations`` is what the page showed that does not agree with the notes."""

    def __init__(self, api: TillApi, operator: str, pin: str, codes: Sequence[str], *, seed: int = 0) -> None:
        self.api = api
        self.notes = Notes()
        self.pending: Act | None = None
        self.violations: list[str] = []
        self.operator = operator
        self._pin = pin
        self._codes = codes
        self._random = random.Random(seed)
        self._shown: str | None = None  # the sale on the page

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
        self._compare(self._look(), "after the restart", self.pending)
        pending, self.pending = self.pending, None
        if pending:
            self._do(pending)
        self._compare(self._look(), "after the resend", None)

    def work(self) -> None:
        """Do the next thing a cashier would."""
        view = self._look()
        self._compare(view, "in service", None)
        self._do(self._next_act(view))

    def scan(self) -> None:
        """Add an item to the sale."""
        self.prepare()
        self._do(self._add())

    def pay(self, kind: str = "cash", amount: int | None = None) -> None:
        """Pay the open sale, exactly when no amount is named."""
        self._do(self._pay(self._look()["sale"], kind, amount))

    def prepare(self) -> None:
        """Sign on and open the session if nobody has."""
        while (view := self._look())["screen"] in ("sign_on", "session"):
            self._do(self._next_act(view))

    def close_session(self) -> None:
        """Void an open sale and close the session with its Z."""
        self.prepare()
        if self._look()["sale"]:
            for tender in list(self.notes.tenders):
                self._do(self._void_tender(tender))
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
        return self._act("sale/tenders", self._note_tender, **body)

    def _void_tender(self, tender: str) -> Act:
        return self._act(f"sale/tenders/{tender}/void", lambda _: self.notes.tenders.remove(tender))

    def _void_sale(self) -> Act:
        return self._act("sale/void", lambda _: self._forget_sale())

    def _look(self) -> dict[str, Any]:
        view = self.api.state()
        self._shown = (view["sale"] or {"id": None})["id"]
        return view

    def _act(
        self,
        path: str,
        note: Callable[[dict[str, Any]], None],
        refusals: tuple[str, ...] = (),
        **body: str | int | None,
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

    def _forget_sale(self) -> None:
        self.notes.lines.clear()
        self.notes.tenders.clear()
        self.notes.contents.clear()

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
