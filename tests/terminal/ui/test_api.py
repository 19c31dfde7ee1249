from __future__ import annotations

import logging
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from commerce.ids import new_id
from terminal.services.commands import OfferedApproval
from terminal.services.state import Screen
from tests.fakes.shop import ANNA, BREAD, BRUNO, COFFEE, NO_PRICE, TWIN_CODE

if TYPE_CHECKING:
    from tests.terminal.ui.till_client import Till


async def test_a_typed_code_becomes_a_line(till: Till) -> None:
    answer = await till.post("/api/v1/sale/codes", {"code": COFFEE})

    body = await answer.json()
    assert answer.status == 200
    assert body["revision"] == till.register.state.revision
    assert body["line"] == till.register.state.newest_line


async def test_a_quantity_goes_to_the_register_as_a_decimal(till: Till) -> None:
    await till.post("/api/v1/sale/codes", {"code": BREAD, "quantity": "1.250"})

    basket = till.register.state.basket
    assert basket is not None
    assert basket.lines[0].quantity == Decimal("1.25")


async def test_cash_completes_the_sale_and_names_the_document(till: Till) -> None:
    till.register.scan(COFFEE)
    basket = till.register.state.basket
    assert basket is not None

    answer = await till.post(
        "/api/v1/sale/tenders",
        {"sale": basket.sale, "type": "cash", "shown_due_cents": 349, "amount_cents": 500},
    )

    body = await answer.json()
    assert body["change_cents"] == 151
    assert body["document"]["formatted"] == till.register.receipts[0].document.formatted
    assert till.register.state.screen is Screen.DONE


async def test_another_total_than_the_one_shown_is_refused_in_words(till: Till) -> None:
    till.register.scan(COFFEE)
    basket = till.register.state.basket
    assert basket is not None

    answer = await till.post("/api/v1/sale/tenders", {"sale": basket.sale, "type": "cash", "shown_due_cents": 1})

    body = await answer.json()
    assert answer.status == 409
    assert body["code"] == "sale.total_changed"
    assert body["detail"].startswith("The sale changed meanwhile")


async def test_a_resent_act_is_answered_alike_and_done_once(till: Till) -> None:
    act = {"command_id": new_id(), "code": COFFEE}

    first = await (await till.post("/api/v1/sale/codes", act)).json()
    second = await (await till.post("/api/v1/sale/codes", act)).json()

    assert (first["line"], first["repeated"], second["repeated"]) == (second["line"], False, True)
    assert till.register.state.basket is not None
    assert len(till.register.state.basket.lines) == 1


def current_sale(till: Till) -> str | None:
    """Return the sale that the page would name."""
    return till.register.state.basket.sale if till.register.state.basket else None


WRONG_ONCE = {"operator": "Anna Bianchi", "attempts": 1, "wait_s": 1}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("sale/lines/{line}/quantity", {"quantity": "2"}),
        ("sale/lines/{line}/void", {}),
        ("sale/void", {}),
        ("sale/tenders", {"type": "cash", "shown_due_cents": 349}),
        ("sale/tenders/{line}/void", {}),
        ("sale/complete", {"shown_due_cents": 349}),
        ("sale/codes", {"code": COFFEE}),
        ("sale/items", {"item": COFFEE}),
        ("language", {"language": "en"}),
        ("sale/next", {}),
    ],
)
async def test_an_act_for_a_sale_that_is_no_longer_current_is_refused(
    till: Till, path: str, body: dict[str, Any]
) -> None:
    line = (await (await till.post("/api/v1/sale/codes", {"code": COFFEE})).json())["line"]
    before = till.register.state.basket

    answer = await till.post("/api/v1/" + path.format(line=line), {"sale": new_id(), **body}, "it")

    refusal = await answer.json()
    assert (answer.status, refusal["code"]) == (409, "sale.another")
    assert refusal["detail"].startswith("Ora sullo schermo")
    assert till.register.state.basket == before


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("sale/lines/x/quantity", {"quantity": "2"}),
        ("sale/lines/x/void", {}),
        ("sale/void", {}),
        ("sale/tenders", {"type": "cash", "shown_due_cents": 349}),
        ("sale/tenders/x/void", {}),
        ("sale/complete", {"shown_due_cents": 349}),
    ],
)
async def test_an_act_that_changes_a_sale_has_to_name_it(till: Till, path: str, body: dict[str, Any]) -> None:
    answer = await till.post(f"/api/v1/{path}", body)

    told = await answer.json()
    assert (answer.status, told["code"], told["values"]["field"]) == (400, "bad_input.field", "sale")


async def test_an_approval_goes_with_the_command_and_is_not_shown(till: Till) -> None:
    sale = (await (await till.post("/api/v1/sale/codes", {"code": COFFEE})).json())["sale"]

    await till.post("/api/v1/sale/void", {"sale": sale, "approval": {"operator": BRUNO, "pin": "5678"}})

    command = till.register.submitted[-1]
    assert command.approval == OfferedApproval(BRUNO, "5678")
    assert "5678" not in repr(command)


async def test_a_whole_session_is_driven_by_the_api_alone(till: Till) -> None:
    till.register.show(operator=None, session=None, screen=Screen.SIGN_ON)

    statuses = [
        (await till.post("/api/v1/sign-on", {"operator": BRUNO, "pin": "5678"})).status,
        (await till.post("/api/v1/session/open", {"opening_cash_cents": 10000})).status,
        (await till.post("/api/v1/sale/codes", {"code": COFFEE})).status,
        (await till.post("/api/v1/sale/void", {"sale": current_sale(till)})).status,
        (await till.post("/api/v1/session/close", {"counted_cash_cents": 10000})).status,
        (await till.post("/api/v1/sign-off")).status,
    ]

    assert statuses == [200] * 6


@pytest.mark.parametrize(
    ("language", "sentence"),
    [("en", "The PIN is not right. Try again."), ("it", "Il PIN non è giusto. Riprova.")],
)
async def test_an_error_speaks_the_callers_language(till: Till, language: str, sentence: str) -> None:
    answer = await till.post("/api/v1/sign-on", {"operator": ANNA, "pin": "0000"}, language)

    assert answer.status == 403
    assert (await answer.json()) == {
        "type": "urn:cassaforte:problem:pin.wrong", "title": "Forbidden", "status": 403, "detail": sentence,
        "code": "pin.wrong", "values": WRONG_ONCE, "errors": [],
    }  # fmt: skip


async def test_an_unknown_code_is_a_404_with_the_code_in_its_words(till: Till) -> None:
    answer = await till.post("/api/v1/sale/codes", {"code": "4711"}, "it")

    body = await answer.json()
    assert (answer.status, body["code"]) == (404, "code.unknown")
    assert body["detail"] == "4711 qui non è conosciuto. Non è stato aggiunto nulla."


async def test_an_ambiguous_code_comes_with_its_candidates(till: Till) -> None:
    answer = await till.post("/api/v1/sale/codes", {"code": TWIN_CODE})

    body = await answer.json()
    assert answer.status == 409
    assert [candidate["sku"] for candidate in body["values"]["candidates"]] == ["A009", "A010"]


async def test_an_item_without_price_takes_the_typed_one(till: Till) -> None:
    refused = await till.post("/api/v1/sale/codes", {"code": NO_PRICE})
    item = (await refused.json())["values"]["item"]

    await till.post("/api/v1/sale/items", {"item": item, "unit_price": "12.50"})

    assert refused.status == 422
    assert till.register.state.basket is not None
    assert till.register.state.basket.total == 1250


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"code": COFFEE, "surprise": 1}, "surprise"),
        ({}, "code"),
        ({"code": COFFEE, "quantity": "two"}, "quantity"),
        ({"code": COFFEE, "quantity": "١٢"}, "quantity"),
        ({"code": COFFEE, "quantity": 2}, "quantity"),
        ({"code": COFFEE, "command_id": "1"}, "command_id"),
    ],
)
async def test_a_wrong_field_is_named(till: Till, body: dict[str, object], field: str) -> None:
    answer = await till.post("/api/v1/sale/codes", body)

    told = await answer.json()
    assert (answer.status, told["code"], told["values"]["field"]) == (400, "bad_input.field", field)
    assert till.register.submitted == []


@pytest.mark.parametrize("amount", [3.5, "350", True, 10**14, -1])
async def test_cash_is_whole_cents_and_nothing_else(till: Till, amount: object) -> None:
    answer = await till.post("/api/v1/session/open", {"opening_cash_cents": amount})

    assert answer.status == 400


async def test_a_refused_pin_is_not_repeated_in_the_answer(till: Till) -> None:
    answer = await till.post("/api/v1/sign-on", {"operator": ANNA, "pin": "9" * 40})

    assert answer.status == 400
    assert "9" * 40 not in await answer.text()


@pytest.mark.parametrize("raw", [b"", b"{", b"[1,2]", b'"text"', b"\xff\xfe"])
async def test_bytes_that_are_no_object_are_refused(till: Till, raw: bytes) -> None:
    headers = {"X-Till-Token": till.token, "Content-Type": "application/json"}

    answer = await till.client.post("/api/v1/sale/codes", data=raw, headers=headers)

    assert answer.status == 400
    assert (await answer.json())["code"] in ("request.not_json", "bad_input")


async def test_a_form_of_another_page_is_no_request(till: Till) -> None:
    answer = await till.client.post("/api/v1/sale/codes", data={"code": "1"}, headers={"X-Till-Token": till.token})

    assert (answer.status, (await answer.json())["code"]) == (400, "request.not_json")


async def test_a_body_beyond_the_limit_is_refused(till: Till) -> None:
    answer = await till.post("/api/v1/sale/codes", {"code": "1" * 100_000})

    assert (answer.status, (await answer.json())["code"]) == (413, "request.too_large")


async def test_a_bug_is_logged_once_and_answered_in_words(till: Till, caplog: pytest.LogCaptureFixture) -> None:
    till.register.fails_with = ZeroDivisionError("a bug")

    with caplog.at_level(logging.ERROR, logger="terminal.ui"):
        answer = await till.post("/api/v1/sale/codes", {"code": COFFEE})

    body = await answer.json()
    assert (answer.status, body["code"]) == (500, "internal")
    assert "a bug" not in body["detail"]
    assert len(caplog.records) == 1


async def test_an_address_that_is_none_is_said_so(till: Till) -> None:
    nowhere = await till.client.get("/nowhere")
    wrong = await till.client.get("/api/v1/sale/codes")

    assert (nowhere.status, (await nowhere.json())["code"]) == (404, "request.no_such_address")
    assert (wrong.status, (await wrong.json())["code"]) == (405, "request.method")


async def test_search_finds_by_words_in_the_callers_language(till: Till) -> None:
    answer = await till.client.get("/api/v1/search?q=latte&lang=it")

    assert (await answer.json())["items"] == [
        {"id": till.register.items[2].id, "sku": "A003", "name": "Latte intero 1 l", "unit": "pc", "price": "1,39"}
    ]


async def test_search_for_nothing_finds_nothing(till: Till) -> None:
    answer = await till.client.get("/api/v1/search?q=%20")

    assert (await answer.json()) == {"items": []}


async def test_the_last_receipt_can_be_read(till: Till) -> None:
    before = await till.client.get("/api/v1/receipts/last")
    till.register.scan(COFFEE)
    basket = till.register.state.basket
    assert basket is not None
    await till.post("/api/v1/sale/tenders", {"sale": basket.sale, "type": "card", "shown_due_cents": 349})

    last = await (await till.client.get("/api/v1/receipts/last?lang=it")).json()
    same = await till.client.get(f"/api/v1/receipts/{last['document']}")

    assert (before.status, same.status) == (404, 200)
    assert (last["total"], last["tenders"][0]["name"]) == ("3,49\xa0€", "Carta")
    assert last["print"] == till.register.state.prints[-1].id


async def test_a_dismissed_notice_is_gone(till: Till) -> None:
    till.register.scan("4711")
    number = till.register.state.notices[0].number

    answer = await till.post(f"/api/v1/notices/{number}/dismiss")

    assert answer.status == 200
    assert till.register.state.notices == ()


async def test_a_notice_that_is_no_number_is_unknown(till: Till) -> None:
    assert (await till.post("/api/v1/notices/x/dismiss")).status == 404


async def test_health_is_a_sign_of_life(till: Till) -> None:
    answer = await till.client.get("/health")

    assert (await answer.json())["status"] == "ok"
