# ruff: noqa: ANN401 - JSON is what it is
"""Checks a till's ledger with nothing but SQLite, SHA-256, Ed25519 and docs/ledger.md, from which alone it was written.

    python verify_ledger.py ledger.db [trusted public key, hex]...

Prints one line per fault, `chain seq what`; ends with 0 when there is none, 1 with faults, 2 for what is no ledger.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import json
import re
import sqlite3
import struct
import sys
import unicodedata
import uuid
from collections import Counter
from decimal import Decimal
from fractions import Fraction
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

HEADER = (
    "app_version approved_by at body_hash business_day chain clock_suspect command_id company format id key_id kind"
    " kind_version operator prev seq shop till till_session utc_offset"
)
# field:type; * a list, ? or null, <> a part, | one of these words
FORMS = """
chain_opened = public_key:hex64 key_id:hex32 mode:live|training|demo|replay
    reason:enrolled|key_rotated|restored|forked previous_chain:hex32? previous_seq:count previous_head:hex64
    previous_source:ledger|head_file|central?
key_rotated = public_key:hex64 key_id:hex32
checkpoint = session:id? reason:word counters:*<counter> totals:<grand_totals> head_seq:count head_hash:hex64
clock_corrected = old:moment new:moment by:id? sub_series:count? business_day:day?
setting_applied = kind:word id:id version:count digest:hex64
operator_signed_on = operator:id name:text method:word
operator_signed_off = operator:id reason:word
session_opened = session:id drawer:id? currency:currency opening_cash:cents business_day:day zone:id
session_closed = session:id drawer:id? z_number:count currency:currency business_day:day zone:id language:language
    layout:<layout> seller:<seller> opened_at:moment opening_cash:cents sales:count voids:count totals:<z_totals>
    tenders:*<z_tender> taxes:*<z_tax> expected_cash:whole counted_cash:whole over_short:whole
    unknown_effects:*<unknown_effect> left_out:*<left_out>
    first_chain:hex32 first_seq:count last_seq:count
cash_moved = session:id drawer:id? movement:loan|pickup|paid_in|paid_out currency:currency amount:count
    reason:text
approval_given = approver:id operator:id rights:*word act:word sale:id?
sale_completed = sale:id started_at:moment pos_type:id settings_version:count drawer:id? zone:id currency:currency
    vat_mode:gross|net language:language layout:<layout> seller:<seller> customer:<customer>?
    conditions:<conditions>? personal:hex64? lines:*<line> voided_lines:count
    document_discounts:*<document_discount> charges:*<charge> coupons:*<coupon> deposits:*<deposit>
    settlement:<settlement> tenders:*<tender> taxes:*<tax> stock:*<movement> effects:*<effect> document:<document>
    receipt_code:text
sale_voided = sale:id currency:currency lines:*<line> reason:text
line_voided = sale:id currency:currency line:<line> quantity:quantity reason:text
document_issued = sources:*<source> zone:id currency:currency vat_mode:gross|net language:language layout:<layout>
    seller:<seller> customer:<customer>? conditions:<conditions>? personal:hex64? lines:*<line>
    document_discounts:*<document_discount> charges:*<charge> deposits:*<deposit> total:cents taxes:*<tax>
    stock:*<movement> effects:*<effect> document:<document> receipt_code:text
effect_intended = effect:id kind:word sale:id? document:id? session:id? device:id? attempt:count
    marker:REPRINT|COPY| baseline:<baseline>? card:<card>?
effect_settled = effect:id kind:word sale:id? document:id? session:id? device:id? attempt:count
    outcome:done|failed|unknown|not_done reason:word0 reference:<fiscal_reference>? card_reference:text?
alarm_raised = code:pin_guessed|ledger_changed|numbers_missing|registry_changed subject:text count:count detail:text
document = id:id kind:id series:id series_code:text period:text number:count formatted:text date:day
seller = company_name:text tax_id:text country:id shop_name:text address:*text till_name:text
layout = code:id version:count header:*text footer:*text
line = id:id kind:item|uncoded|charge|note|giveaway movement:sale|return item:id? variant:id? sku:text? code:text?
    names:names quantity:quantity unit:id weighed:<weighed>? listed_price:price? unit_price:price price_per:quantity
    price_origin:registry|list|quantity|destination|label|operator|order|import price_list:id? price_version:text?
    price_at:moment? manual:flag conditions:flag amount:cents discounts:*<discount> total:cents
    total_origin:computed|scale|label|import vat:<vat> return_of:<return_of>? order_line:<order_line>? note:text?
    operator:id? approved_by:id? added_at:moment?
vat = code:id rate:rate treatment:taxed|zero|out_of_scope|ventilazione natura:text? receipt_code:text?
stage = kind:percent|value value:price origin:word source:id? on:remaining|amount
discount = kind:percent|value value:price origin:word source:id? on:remaining|amount base:cents amount:cents
weighed = device:id tare:quantity?
return_of = document:id line:id
order_line = document:id line:id
document_discount = id:id origin:word source:id? version:text? names:names kind:percent|value|price|cheapest
    value:price amount:cents shares:*share
charge = id:id type:id names:names origin:word source:id? amount:cents vat:<vat>
coupon = id:id code:text promotion:id? names:names operator:id? added_at:moment?
deposit = id:id document:id? formatted:text? date:day? amount:cents
tender = id:id type:id kind:cash|card|voucher|on_account names:names currency:currency amount:cents rate:price
    value:cents reference:text? state:pending|approved|unknown attempts:*<attempt>
attempt = id:id device:id? at:moment outcome:approved|declined|unknown|reversed reason:word0 reference:text?
settlement = total:cents deposits:cents due:cents rounding:cents excess:cents tendered:cents change:cents
tax = code:id rate:rate treatment:taxed|zero|out_of_scope|ventilazione natura:text? receipt_code:text? taxable:cents
    tax:cents
movement = line:id item:id variant:id? quantity:quantity unit:id warehouse:id? reason:word
effect = id:id kind:word device:id?
customer = id:id version:count code:id?
conditions = version:text price_list:id? price_lists:*id discounts:*<stage> payment:id?
source = document:id relation:word
counter = series:id period:text last_number:count
grand_totals = sales:count gross_total:whole
z_totals = total:whole deposits:whole rounding:whole excess:whole
z_tender = type:id kind:cash|card|voucher|on_account currency:currency names:names amount:whole count:count
z_tax = code:id rate:rate treatment:taxed|zero|out_of_scope|ventilazione natura:text? receipt_code:text?
    taxable:whole tax:whole
unknown_effect = effect:id kind:word of:id title:text state:word
left_out = chain:hex32 seq:count reason:word
fiscal_reference = serial:id closure:count number:count issued_on:day
baseline = last:<fiscal_reference>?
card = tender:id type:id currency:currency amount:cents
"""
LENGTHS = {"id": 64, "text": 1000, "language": 16}
PATTERNS = {
    "hex32": r"[0-9a-f]{32}", "hex64": r"[0-9a-f]{64}", "word": r"[a-z][a-z0-9_.]*", "word0": r"([a-z][a-z0-9_.]*)?",
    "currency": r"[A-Z]{3}", "day": r"\d{4}-\d\d-\d\d", "moment": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z",
    "quantity": r"-?\d{1,6}\.\d{6}", "price": r"-?\d{1,10}\.\d{8}", "rate": r"\d{1,3}\.\d\d",
}  # fmt: skip
MINOR_DIGITS = {"JPY": 0, "KRW": 0, "CLP": 0, "ISK": 0, "VND": 0, "BHD": 3, "KWD": 3, "OMR": 3, "TND": 3, "JOD": 3}
CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def read_forms() -> dict[str, list[tuple[str, str]]]:
    forms = {}
    for text in re.split(r"\n(?=\w)", FORMS.strip()):
        name, fields = text.split(" = ")
        forms[name] = [(part.split(":")[0], part.split(":", 1)[1]) for part in fields.split()]
    return forms


FORM = read_forms()


def sha(tag: str, data: bytes) -> bytes:
    return hashlib.sha256(tag.encode() + b"\0" + data).digest()


def signed(key: bytes, message: bytes, signature: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def half_up(value: Fraction) -> int:
    size = (2 * abs(value.numerator) + value.denominator) // (2 * value.denominator)
    return size if value >= 0 else -size


def misfit(kind: str, value: Any) -> str | None:
    """Say where a value is not of its type; None when it is."""
    if kind.endswith("?"):
        return None if value is None else misfit(kind[:-1], value)
    if kind.startswith("*"):
        if not isinstance(value, list):
            return "is no list"
        return next((f"[{n}] {bad}" for n, one in enumerate(value) if (bad := misfit(kind[1:], one))), None)
    if kind.startswith("<"):
        return misfits(kind[1:-1], value)
    if "|" in kind:
        return None if value in kind.split("|") else f"is {value!r}"
    return None if is_plain(kind, value) else f"is no {kind}"


def misfits(form: str, value: Any) -> str | None:
    if not isinstance(value, dict) or set(value) != {name for name, _ in FORM[form]}:
        return f"has not the fields of {form}"
    return next((f"{name} {bad}" for name, kind in FORM[form] if (bad := misfit(kind, value[name]))), None)


def is_plain(kind: str, value: Any) -> bool:
    if kind in ("cents", "whole", "count"):
        most = 10**11 if kind == "cents" else 2**53 - 1
        return type(value) is int and abs(value) <= most and (kind != "count" or value >= 0)
    if kind == "flag":
        return isinstance(value, bool)
    if kind == "share":
        return isinstance(value, list) and len(value) == 2 and is_plain("id", value[0]) and is_plain("cents", value[1])
    if kind == "names":
        return isinstance(value, dict) and all(
            is_plain("language", k) and is_plain("text", v) for k, v in value.items()
        )
    if not isinstance(value, str) or not unicodedata.is_normalized("NFC", value) or "\0" in value:
        return False
    if kind in LENGTHS:
        return (kind == "text" or value != "") and len(value) <= LENGTHS[kind]
    return re.fullmatch(PATTERNS[kind], value, re.ASCII) is not None


class Ledger:
    """Reads a file once, in order, and keeps what entries say together."""

    def __init__(self, path: str, trusted: list[bytes]) -> None:
        self.db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        self.trusted = trusted
        self.faults: list[tuple[str, int, str]] = []
        self.heads: dict[str, tuple[int, str]] = {}
        self.lines_of_modes: set[tuple[str, str]] = set()
        self.numbers: dict[tuple[str, str], tuple[int, str]] = {}
        self.last_date: dict[str, str] = {}
        self.sessions: dict[str, dict[str, Any]] = {}
        self.grand: Counter[str] = Counter()
        self.effects: set[str] = set()

    def check(self) -> list[tuple[str, int, str]]:
        chains = [row[0] for row in self.db.execute("SELECT chain FROM chain ORDER BY position")]
        columns = "CAST(header AS BLOB), CAST(body AS BLOB), CAST(hash AS BLOB), CAST(signature AS BLOB)"
        entries = f"SELECT seq, {columns}, personal FROM entry WHERE chain = ? ORDER BY seq"
        openings = []
        for chain in chains:
            opening = self.check_chain(chain, self.db.execute(entries, (chain,)))
            openings += [(chain, *opening)] if opening else []
        for chain, header, body in openings:
            self.check_opening(chain, header, body)
        stray = "SELECT DISTINCT chain FROM entry WHERE chain NOT IN (SELECT chain FROM chain)"
        self.faults += [(row[0], 1, "its chain is not listed") for row in self.db.execute(stray)]
        return self.faults

    def check_chain(self, chain: str, rows: Any) -> tuple[dict[str, Any], dict[str, Any]] | None:
        """Walk a chain up to its first fault in the links: what comes after cannot be trusted."""
        key, previous, last, opening = b"", "", 0, None
        for seq, raw_header, raw_body, digest, signature, personal in rows:
            header, body = readable(raw_header), readable(raw_body)
            fault = self.link_fault(chain, seq, last, raw_header, raw_body, digest)
            if fault is None and (header is None or body is None or set(header) != set(HEADER.split())):
                fault = "is not of format 1"
            if fault is None and header is not None and body is not None:
                if seq == 1:
                    key, previous, opening = key_of(body), header["prev"], (header, body)
                fault = self.chain_fault(chain, seq, header, body, key, previous)
                fault = fault or (None if signed(key, digest, signature) else "has another's signature")
            if fault is not None or header is None or body is None:
                self.faults.append((chain, seq, fault or "cannot be read"))
                return opening
            last, previous = seq, bytes(digest).hex()
            self.heads[chain] = (seq, previous)
            for said in self.body_faults(chain, seq, header, body, key, personal):
                self.faults.append((chain, seq, said))
            if header["kind"] == "key_rotated":
                key = key_of(body)
        if last == 0:
            self.faults.append((chain, 1, "has no entries"))
        return opening

    def link_fault(self, chain: str, seq: int, last: int, header: bytes, body: bytes, digest: bytes) -> str | None:
        if seq != last + 1:
            return f"follows {last}"
        if sha("cassaforte.entry.v1", bytes(header)) != bytes(digest):
            return "header was changed"
        said = readable(header)
        if said is not None and said.get("body_hash") != hashlib.sha256(bytes(body)).hexdigest():
            return "body was changed"
        return None

    def chain_fault(
        self, chain: str, seq: int, header: dict[str, Any], body: dict[str, Any], key: bytes, previous: str
    ) -> str | None:
        if (header["format"], header["chain"], header["seq"]) != (1, chain, seq):
            return "names another place"
        if header["prev"] != previous:
            return "does not follow the entry before it"
        if (header["kind"] == "chain_opened") != (seq == 1):
            return "is no beginning of a chain"
        if seq == 1 and (body.get("previous_head"), body.get("key_id")) != (header["prev"], header["key_id"]):
            return "contradicts its header"
        if seq == 1 and self.trusted and key not in self.trusted:
            return "brings a key that nobody vouches for"
        return None if hashlib.sha256(key).hexdigest()[:32] == header["key_id"] else "names another key"

    def check_opening(self, chain: str, header: dict[str, Any], body: dict[str, Any]) -> None:
        line = (header["till"], body["mode"])
        older, named = self.heads.get(body["previous_chain"] or ""), (body["previous_seq"], body["previous_head"])
        if body["previous_chain"] is None:
            holds = line not in self.lines_of_modes and named == (0, "0" * 64) and body["previous_source"] is None
        elif body["previous_source"] == "ledger":
            holds = older == named
        else:
            holds = older is None or older[0] < named[0]
        self.lines_of_modes.add(line)
        if not holds:
            self.faults.append((chain, 1, "does not follow the chain before it"))

    def body_faults(
        self, chain: str, seq: int, header: dict[str, Any], body: dict[str, Any], key: bytes, personal: bytes | None
    ) -> list[str]:
        kind = header["kind"]
        if kind not in FORM or header["kind_version"] != 1:
            return [f"is of an unknown kind {kind} {header['kind_version']}"]
        bad = misfits(kind, body)
        if bad:
            return [f"body {bad}"]
        found = []
        if personal is not None and sha("cassaforte.personal.v1", bytes(personal)).hex() != body.get("personal"):
            found.append("personal part was changed")
        reader = getattr(self, f"read_{kind}", None)
        return found + (list(reader(chain, seq, header, body, key)) if reader else [])

    def read_session_opened(self, chain: str, seq: int, header: Any, body: Any, key: bytes) -> Any:
        self.sessions[body["session"]] = {
            "at": (chain, seq), "cash": body["opening_cash"], "currency": body["currency"], "sales": 0, "voids": 0,
            "totals": Counter(), "tenders": {}, "taxes": {},
        }  # fmt: skip
        return ()

    def read_sale_voided(self, chain: str, seq: int, header: Any, body: Any, key: bytes) -> Any:
        if header["till_session"] in self.sessions:
            self.sessions[header["till_session"]]["voids"] += 1
        yield from (
            f"line {row['id']} does not add up" for row in body["lines"] if not line_holds(row, body["currency"])
        )

    def read_line_voided(self, chain: str, seq: int, header: Any, body: Any, key: bytes) -> Any:
        whole, cut = Decimal(body["line"]["quantity"]), Decimal(body["quantity"])
        if whole * cut < 0 or abs(cut) > abs(whole):
            yield "takes away more than there was"

    def read_cash_moved(self, chain: str, seq: int, header: Any, body: Any, key: bytes) -> Any:
        sign = 1 if body["movement"] in ("loan", "paid_in") else -1
        if header["till_session"] in self.sessions:
            self.sessions[header["till_session"]]["cash"] += sign * body["amount"]
        return ()

    def read_effect_intended(self, chain: str, seq: int, header: Any, body: Any, key: bytes) -> Any:
        self.effects.add(body["effect"])
        return ()

    def read_effect_settled(self, chain: str, seq: int, header: Any, body: Any, key: bytes) -> Any:
        if body["effect"] not in self.effects:
            yield "settles what nobody intended"

    def read_document_issued(self, chain: str, seq: int, header: Any, body: Any, key: bytes) -> Any:
        yield from self.document_faults(chain, seq, header, body, body["total"], key)

    def read_sale_completed(self, chain: str, seq: int, header: Any, body: Any, key: bytes) -> Any:
        paid = body["settlement"]
        yield from self.document_faults(chain, seq, header, body, paid["total"], key)
        for tender in body["tenders"]:
            if half_up(tender["amount"] * Fraction(tender["rate"])) != tender["value"] or tender["state"] != "approved":
                yield f"tender {tender['id']} does not hold"
        if sum(tender["value"] for tender in body["tenders"]) != paid["tendered"]:
            yield "tenders are not what was tendered"
        if paid["tendered"] - paid["change"] != paid["due"] + paid["rounding"] + paid["excess"]:
            yield "is not settled"
        if paid["due"] != paid["total"] - paid["deposits"] or paid["deposits"] != total(body["deposits"], "amount"):
            yield "deposits do not hold"
        self.grand.update({f"{chain} sales": 1, f"{chain} gross": paid["total"]})
        if header["till_session"] in self.sessions:
            add_sale(self.sessions[header["till_session"]], body)

    def document_faults(self, chain: str, seq: int, header: Any, body: Any, gross: int, key: bytes) -> Any:
        self.effects.update(effect["id"] for effect in body["effects"])
        yield from (
            f"line {row['id']} does not add up" for row in body["lines"] if not line_holds(row, body["currency"])
        )
        yield from tax_faults(body, gross)
        yield from self.number_faults(chain, body["document"])
        code = body["receipt_code"].removeprefix("CF1.")
        raw = base64.urlsafe_b64decode(code + "=" * (-len(code) % 4))
        day = dt.date.fromisoformat(body["document"]["date"]).toordinal()
        till = uuid.UUID(header["till"]).bytes
        if raw[:-64] != struct.pack(">B16s16sQIq", 1, till, bytes.fromhex(chain), seq, day, gross):
            yield "receipt code is another's"
        elif not signed(key, sha("cassaforte.receipt.v1", raw[:-64]), raw[-64:]):
            yield "receipt code is forged"

    def number_faults(self, chain: str, document: Any) -> Any:
        series, place = document["series"], (document["series"], document["period"])
        last, _ = self.numbers.get(place, (0, ""))
        tag = "".join(CROCKFORD[int(chain, 16) >> 123 - 5 * n & 31] for n in range(4))
        if not series.startswith(f"{chain}/{document['kind']}") or tag not in document["series_code"]:
            yield "number is of another's series"
        if document["number"] != last + 1:
            yield f"number {document['number']} follows {last}"
        if document["date"] < self.last_date.get(series, ""):
            yield "date goes back within its series"
        if not document["date"].startswith(document["period"]):
            yield "date is not of its period"
        self.numbers[place] = (document["number"], document["date"])
        self.last_date[series] = document["date"]

    def read_session_closed(self, chain: str, seq: int, header: Any, body: Any, key: bytes) -> Any:
        sums = self.sessions.get(body["session"])
        if sums is None or (body["first_chain"], body["first_seq"]) != sums["at"]:
            yield "closes a session that was not opened"
            return
        said = {(t["type"], t["kind"], t["currency"]): [t["amount"], t["count"]] for t in body["tenders"]}
        taxes = {tax_key(t): [t["taxable"], t["tax"]] for t in body["taxes"]}
        for name, holds in {
            "counts": (body["sales"], body["voids"]) == (sums["sales"], sums["voids"]),
            "totals": all(body["totals"][name] == sums["totals"][name] for name in body["totals"]),
            "tenders": said == sums["tenders"],
            "taxes": taxes == sums["taxes"],
            "cash": body["expected_cash"] == sums["cash"],
            "difference": body["over_short"] == body["counted_cash"] - body["expected_cash"],
            "place": body["last_seq"] == seq - 1,
        }.items():
            if not holds:
                yield f"Z {name} are not the session's"

    def read_checkpoint(self, chain: str, seq: int, header: Any, body: Any, key: bytes) -> Any:
        if (body["head_seq"], body["head_hash"]) != (seq - 1, header["prev"]):
            yield "checkpoint is of another place"
        totals = (self.grand[f"{chain} sales"], self.grand[f"{chain} gross"])
        if (body["totals"]["sales"], body["totals"]["gross_total"]) != totals:
            yield "checkpoint's totals are not the chain's"
        mine = {place: last for place, (last, _) in self.numbers.items() if place[0].startswith(f"{chain}/")}
        if {(c["series"], c["period"]): c["last_number"] for c in body["counters"]} != mine:
            yield "checkpoint's counters are not the chain's"


def readable(raw: Any) -> dict[str, Any] | None:
    try:
        value = json.loads(bytes(raw))
    except (ValueError, TypeError):
        return None
    return value if isinstance(value, dict) else None


def key_of(body: dict[str, Any]) -> bytes:
    try:
        return bytes.fromhex(str(body.get("public_key")))
    except ValueError:
        return b""


def total(rows: list[dict[str, Any]], name: str) -> int:
    return sum(row[name] for row in rows)


def line_holds(line: dict[str, Any], currency: str) -> bool:
    if line["amount"] + total(line["discounts"], "amount") != line["total"]:
        return False
    if line["total_origin"] != "computed":
        return True
    exact = Fraction(line["quantity"]) * Fraction(line["unit_price"]) / Fraction(line["price_per"])
    return bool(line["amount"] == half_up(exact * 10 ** MINOR_DIGITS.get(currency, 2)))


def tax_faults(body: dict[str, Any], gross: int) -> Any:
    paid = {line["id"]: line["total"] for line in body["lines"]}
    for discount in body["document_discounts"]:
        if sum(cents for _, cents in discount["shares"]) != discount["amount"]:
            yield f"shares of {discount['id']} do not add up"
        for line, cents in discount["shares"]:
            paid[line] = paid.get(line, 0) + cents
    sums: Counter[str] = Counter()
    for line in body["lines"]:
        sums[line["vat"]["code"]] += paid.pop(line["id"], 0)
    for charge in body["charges"]:
        sums[charge["vat"]["code"]] += charge["amount"]
    if paid:
        yield "shares name lines that are not there"
    rows = {row["code"]: row for row in body["taxes"]}
    if set(rows) != set(sums) or any(not tax_holds(rows[code], sums[code], body["vat_mode"]) for code in sums):
        yield "taxes are not those of the lines"
    if total(body["taxes"], "taxable") + total(body["taxes"], "tax") != gross:
        yield "taxes do not add up to the total"


def tax_holds(row: dict[str, Any], amount: int, mode: str) -> bool:
    rate = Fraction(row["rate"]) if row["treatment"] == "taxed" else Fraction(0)
    tax = half_up(amount * rate / (100 + rate if mode == "gross" else 100))
    taxable = amount - tax if mode == "gross" else amount
    return bool(row["taxable"] == taxable and row["tax"] == tax)


def tax_key(row: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(row[name] for name in ("code", "rate", "treatment", "natura", "receipt_code"))


def add_sale(sums: dict[str, Any], body: dict[str, Any]) -> None:
    paid, change = body["settlement"], body["settlement"]["change"]
    sums["sales"] += 1
    sums["totals"].update({name: paid[name] for name in ("total", "deposits", "rounding", "excess")})
    for tender in reversed(body["tenders"]):
        back = change if tender["kind"] == "cash" else 0
        change -= back
        row = sums["tenders"].setdefault((tender["type"], tender["kind"], tender["currency"]), [0, 0])
        row[0] += tender["amount"] - back
        row[1] += 1
        if tender["kind"] == "cash" and tender["currency"] == sums["currency"]:
            sums["cash"] += tender["amount"] - back
    for tax in body["taxes"]:
        row = sums["taxes"].setdefault(tax_key(tax), [0, 0])
        row[0] += tax["taxable"]
        row[1] += tax["tax"]


def main(arguments: list[str]) -> int:
    try:
        faults = Ledger(arguments[0], [bytes.fromhex(key) for key in arguments[1:]]).check()
    except (sqlite3.DatabaseError, IndexError) as error:
        print(f"not a ledger: {error}")
        return 2
    for chain, seq, what in faults:
        print(chain, seq, what)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
