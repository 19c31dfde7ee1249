"""Nonsense from pages, programs and the wire: a plain refusal with a stable code, never a fault of the server."""

from __future__ import annotations

import base64
import io
import json
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from central.identity.people import Role
from commerce.wire import MAX_ENROL_BYTES

if TYPE_CHECKING:
    from tests.central.head_office import HeadOffice, Visitor

HUGE = "9" * 60_000
NONSENSE = ["", " ", "%", "_", "%%__''\"\\", "' OR 1=1 --", "\x00", "a\x00b", "\x1b[2J", "\u202e", "\U0001f600" * 50,
            "NaN", "sNaN", "Infinity", "-Infinity", "1e999", "1e99999999",
            "1e-99999999", "9" * 5_000, "-1", "0x10", "٣", "９", "null", "[]", "../../etc/passwd",
            "9" * 25, "x" * 5_000, "2026-13-45", "0000-00-00", "9999-12-31", "10000-01-01"]  # fmt: skip


def cursor(*keys: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(keys).encode()).decode().rstrip("=")


FORGED = ["!!", "AAAA", "é", "\x00", cursor(), cursor(1), cursor(*"abcd"), cursor(None, None, None, None),
          cursor({"a": 1}, 2, 3, 4), cursor(2**63, 2**63, 2**63, 2**63), cursor("\x00", "\x00", "\x00", "\x00"),
          cursor(True, True, True, True), cursor(1, 2, 3), cursor("a", "b", "c"), cursor("\x00", "b"), cursor(1, 2),
          cursor(2**70, "b", "c"), cursor(1.5, "b", "c"), cursor([], [])]  # fmt: skip
LISTS = ["/sales", "/items", "/api/v1/sales", "/api/v1/items"]
QUERIES = {
    "/sales": ["since", "until", "shop", "till", "operator", "number", "sort", "order", "lang"],
    "/sales/export.csv": ["since", "number", "sort"],
    "/items": ["q", "saved"],
    "/jobs": ["before"],
    "/api/v1/jobs": ["after", "limit"],
    "/customers": ["q", "sort", "after", "city", "province", "saved"],
    "/reasons": ["q", "sort", "after", "use"],
    "/settings/vat": ["code"],
    "/tender-types": ["q", "sort", "after", "kind"],
    "/settings/audit": ["before"],
    "/settings/roles": ["role", "new", "saved"],
    "/api/v1/sales": ["since", "until", "shop", "till", "operator", "number", "sort", "order", "limit", "unheard"],
    "/api/v1/items": ["q", "limit"],
    "/api/v1/reports/totals": ["by", "since", "until", "shop", "till"],
}
FORMS: dict[str, list[str]] = {
    "/items": ["sku", "name_it", "price", "vat_code", "codes", "unit", "brand", "size", "version"],
    "/items/{item}": ["sku", "name_it", "price", "vat_code", "codes", "unit", "brand", "size", "version"],
    "/operators": ["name", "shop", "pin", "operator", "active", "version"],
    "/settings/shops/{shop}": ["header", "footer", "cash_step", "fiscal_required", "version", "over"],
    "/settings/vat": ["id", "code", "name_it", "rates", "treatment", "natura", "receipt_code", "version"],
    "/tender-types": ["code", "names.it", "kind", "reader", "opens_drawer", "place", "version"],
    "/receipt-layouts/preview": ["header", "footer"],
    "/settings/users": ["name", "password", "role", "place", "language", "display_name"],
    "/settings/users/{user}/roles": ["act", "role", "place"],
    "/settings/roles": ["id", "version", "name_it", "name_en", "company", "right:items.see", "right:nothing"],
    "/company": ["company", "back"],
    "/tills": ["shop", "code", "name"],
    "/tills/{till}/revoke": ["note"],
    "/tills/{till}/entries": ["chain", "seq", "hash", "act", "note"],
    "/account/password": ["current", "password"],
    "/account/tokens": ["name", "days"],
    "/language": ["language", "back"],
}
GOOD: dict[str, str] = {
    "sku": "N1", "name_it": "Nome", "price": "1", "vat_code": "22", "unit": "pc", "name": "Nome", "pin": "2468",
    "code": "N", "rates": "2020-01-01 5", "treatment": "taxed", "kind": "card", "role": "viewer", "language": "it",
    "password": "una password lunga", "header": "Insegna", "chain": "c", "seq": "1", "act": "dismiss", "note": "perché",
}  # fmt: skip
PATHS = ["/items/{x}", "/sales/{x}", "/tills/{x}", "/api/v1/sales/{x}", "/api/v1/nothing/{x}", "/{x}"]


def calm(status: int) -> bool:
    return 200 <= status < 500


async def refused(visitor: Visitor, method: str, path: str, **options: Any) -> tuple[int, Any]:  # noqa: ANN401
    async with visitor.session.request(method, path, **options) as response:
        raw = await response.read()
        return response.status, orjson.loads(raw) if response.content_type.endswith("json") else raw.decode()


@pytest.mark.parametrize("path", QUERIES)
async def test_no_query_makes_the_server_fail(anna: Visitor, path: str) -> None:
    found = {
        (name, value): (await refused(anna, "GET", path, params={name: value}))[0]
        for name in QUERIES[path]
        for value in NONSENSE
    }

    assert {key: status for key, status in found.items() if not calm(status)} == {}


@pytest.mark.parametrize("path", LISTS)
async def test_forged_page_keys_are_refused_or_lead_to_an_empty_page(anna: Visitor, path: str) -> None:
    found = {
        (key, sort): (await refused(anna, "GET", path, params={"after": key, **sorting}))[0]
        for key in FORGED
        for sort, sorting in {"at": {}, "total": {"sort": "total"}, "number": {"sort": "number"}}.items()
    }

    assert {key: status for key, status in found.items() if not calm(status)} == {}


@pytest.mark.parametrize("path", FORMS)
async def test_no_form_makes_the_server_fail(site: HeadOffice, anna: Visitor, path: str) -> None:
    till = await site.office.add_till("T7")
    target = path.format(item=site.items[0].id, shop=site.office.shop, till=till,
                         user=await site.user("bea", Role.VIEWER))  # fmt: skip
    fields = FORMS[path]
    whole = {name: GOOD[name] for name in fields if name in GOOD} | (
        {"shop": site.office.shop} if "shop" in fields else {}
    )
    await anna.get("/account")
    found = {("nothing", ""): (await anna.post(target)).status}
    for name in fields:
        for value in NONSENSE:
            form = whole | {name: value}
            found[name, value] = (await anna._page("POST", target, data={"csrf": anna.token, **form})).status

    assert {key: status for key, status in found.items() if not calm(status)} == {}
    assert (await anna.get("/account")).status == 200


@pytest.mark.parametrize("path", PATHS)
async def test_unknown_ids_are_not_found(anna: Visitor, path: str) -> None:
    for value in ("x", "%00", "%25", "..%2f..%2fetc", "%F0%9F%98%80", "a" * 2000, "%C0%AF"):
        status, _ = await refused(anna, "GET", path.replace("{x}", value))
        assert calm(status), value


BODIES: list[bytes] = [
    b"", b"{", b"[]", b"null", b'"x"', b"{}", b"\x00", b"\xff\xfe", b'{"items": null}', b'{"items": []}',
    b'{"items": [1]}', b'{"items": [{"sku": 1}]}', b'{"unheard": 1}', b"[" * 100_000,
]  # fmt: skip


@pytest.mark.parametrize("path", ["/api/v1/items", "/api/v1/operators"])
async def test_bodies_that_cannot_be_read_are_refused_with_a_code(site: HeadOffice, anna: Visitor, path: str) -> None:
    headers = {"Authorization": f"Bearer {await key(anna)}"}
    for body in BODIES:
        status, answer = await refused(anna, "PUT", path, data=body, headers=headers)
        assert (status, answer["code"]) == (400, "api.body"), body[:40]
        assert answer["detail"]


async def test_everything_that_is_wrong_with_a_body_is_named_as_problem_json(anna: Visitor) -> None:
    headers = {"Authorization": f"Bearer {await key(anna)}"}
    body = {"items": [{"sku": 1, "names": {}, "vat_code": "22"}, {"sku": "A", "names": "x", "vat_code": "22"}]}

    async with anna.session.put("/api/v1/items", json=body, headers=headers) as response:
        answer = await response.json()

    assert (response.status, response.content_type) == (400, "application/problem+json")
    assert [one["field"] for one in answer["errors"]] == ["items.0.sku", "items.1.names"]
    assert (answer["code"], answer["status"], answer["values"]["count"]) == ("api.body", 400, 2)


PRICES = ["-1", "NaN", "Infinity", "9" * 40, "0.123456789", "1,2,3", "\x00", "1.2.3,4"]


@pytest.mark.parametrize("price", PRICES)
async def test_a_price_that_cannot_be_is_refused_and_changes_nothing(
    site: HeadOffice, anna: Visitor, price: str
) -> None:
    headers = {"Authorization": f"Bearer {await key(anna)}"}
    item = {"sku": "A1", "names": {"it": "Altro"}, "vat_code": "22", "price": price}

    status, answer = await refused(anna, "PUT", "/api/v1/items", json={"items": [item]}, headers=headers)

    assert 400 <= status < 500
    assert answer["code"]
    assert "Altro" not in (await anna.get("/items")).text


@pytest.mark.parametrize("field", ["sku", "unit", "brand", "size", "vat_code", "names", "codes", "rank"])
async def test_control_characters_and_huge_texts_in_an_item_never_make_the_server_fail(
    site: HeadOffice, anna: Visitor, field: str
) -> None:
    headers = {"Authorization": f"Bearer {await key(anna)}"}
    for value in ("a\x00b", "\x1b[2J", HUGE, 2**70, -1, None, {"it": "a\x00b"}, {"xx": "y"}, ["a\x00"], [""], [HUGE]):
        item = {"sku": "Z1", "names": {"it": "Nome"}, "vat_code": "22", "price": "1", field: value}
        status, answer = await refused(anna, "PUT", "/api/v1/items", json={"items": [item]}, headers=headers)
        assert calm(status), (value, answer)
    texts = (await anna.get("/items?q=nome")).text
    assert "\x00" not in texts
    assert "\x1b" not in texts


async def test_a_form_larger_than_any_honest_one_is_refused_before_it_is_read(anna: Visitor) -> None:
    await anna.get("/account")

    form = io.BytesIO(f"csrf={anna.token}&sku={'x' * 2_000_000}".encode())
    headers = {"Content-Type": "application/x-www-form-urlencoded"}

    status, text = await refused(anna, "POST", "/items", data=form, headers=headers)

    assert status == 413
    assert "too large" in text


async def test_a_refusal_is_in_the_readers_language_with_the_same_code(anna: Visitor) -> None:
    answers = [
        (await refused(anna, "GET", f"/api/v1/sales?since=yesterday&lang={language}"))[1] for language in ("en", "it")
    ]

    assert [answer["code"] for answer in answers] == ["api.query", "api.query"]
    assert answers[0]["detail"] != answers[1]["detail"]


@pytest.mark.parametrize("path", ["ledger", "enrol"])
async def test_nonsense_on_the_wire_is_refused_with_a_code(site: HeadOffice, anna: Visitor, path: str) -> None:
    till = await site.office.new_till("T8")
    headers = {"Authorization": f"Bearer {till.token}"}
    for body in BODIES:
        status, answer = await refused(anna, "POST", f"/sync/v1/{path}", data=body, headers=headers)
        is_long = path == "enrol" and len(body) > MAX_ENROL_BYTES
        expected = (413, "wire.too_large") if is_long else (400, "wire.unreadable")
        assert (status, answer["code"]) == expected, body[:40]


@pytest.mark.parametrize("name", ["feed", "after"])
async def test_nonsense_in_a_pull_is_refused_with_a_code(site: HeadOffice, anna: Visitor, name: str) -> None:
    till = await site.office.new_till("T8")
    headers = {"Authorization": f"Bearer {till.token}"}
    for value in [one for one in NONSENSE if one]:
        status, answer = await refused(anna, "GET", "/sync/v1/changes", params={name: value}, headers=headers)
        assert status in (400, 409), value
        assert answer["code"].startswith("feed.")


async def test_a_key_of_a_program_is_revoked_on_the_users_page(anna: Visitor) -> None:
    headers = {"Authorization": f"Bearer {await key(anna)}"}
    assert (await refused(anna, "GET", "/api/v1/tills", headers=headers))[0] == 200
    page = await anna.get("/settings/users")
    path = page.text.split('action="/settings/tokens/')[1].split('"')[0]

    await anna.post(f"/settings/tokens/{path}")

    anna.session.cookie_jar.clear()
    assert (await refused(anna, "GET", "/api/v1/tills", headers=headers))[0] == 401


async def key(visitor: Visitor) -> str:
    """Make a key for a program and read it from the page that shows it."""
    await visitor.get("/account")
    page = await visitor.post("/account/tokens", name="prova")
    return page.text.split("<code>")[1].split("</code>")[0]
