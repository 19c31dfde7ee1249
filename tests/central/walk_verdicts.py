"""What every route of central is for: who may ask it, and with which ids it is asked.

A route that is not here fails the walk: decide who may, then write it down.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

TILL, ANYBODY = "a till with its token", "anybody"


@dataclass(frozen=True)
class Verdict:
    """Who may ask a route.

    ``right`` None is everybody who is signed in. ``whole`` is for who has it in all shops of a company. A ``narrowed``
    answer is given to all who have the right, and holds what is within their reach alone; a ``shared`` one is about
    what all shops of a company have in common. Texts are filled with a side's ids; ``kinds`` are the names that a path
    takes, ``record`` is the id that stands for ``{record}``, and of whose imports ``{file}`` and ``{job}`` are.
    """

    right: str | None = None
    whole: bool = False
    narrowed: bool = False
    shared: bool = False
    query: str = ""
    form: Mapping[str, str] | None = None
    json: object = None
    kinds: tuple[str, ...] = ("",)
    own: tuple[int, ...] = (200, 303)
    record: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


def of_kind(name: str, path: str, area: str, card: Mapping[str, str], **more: object) -> dict[str, Verdict]:
    """The verdicts of a declared kind's routes: all shops see a company's records, who works for all changes them."""
    see, edit, one = f"{area}.see", f"{area}.edit", f"/{path}/{{record}}"
    file = f"/{path}/import/{{file}}"
    said = {key: text for key, text in card.items() if "." not in key} | more
    said_names = {"names": {"it": card["names.it"]}} if "names.it" in card else {}
    seen = {f"/{path}": "", f"/{path}/count": "", f"/{path}/look-up": "q=qz", f"/api/v1/{path}": ""}
    return {
        **{f"GET {place}": Verdict(see, narrowed=True, query=query) for place, query in seen.items()},
        f"GET /{path}/export": Verdict(see, narrowed=True),
        f"POST /{path}/export": Verdict(see, narrowed=True, form={"format": "csv"}),
        f"POST /api/v1/{path}/export": Verdict(see, narrowed=True, json={"format": "csv"}),
        f"GET /{path}/import": Verdict(edit, whole=True, narrowed=True),
        f"POST /{path}/import": Verdict(edit, whole=True, narrowed=True, own=(400,)),  # without a file
        f"GET {file}": Verdict(edit, whole=True, record=name),
        f"POST {file}": Verdict(edit, whole=True, record=name, form={"column:code": "Code"}),
        f"GET {file}/{{job}}": Verdict(edit, whole=True, record=name),
        f"GET {file}/{{job}}/mapping.json": Verdict(edit, whole=True, record=name),
        f"POST {file}/{{job}}": Verdict(edit, whole=True, record=name),
        f"POST /api/v1/{path}/files": Verdict(edit, whole=True, narrowed=True, form={"Code": "N6"}),
        f"POST /api/v1/{path}/import": Verdict(edit, whole=True, json={"file": f"{{{name}_file}}"}),
        f"POST /api/v1/{path}/import/{{job}}/load": Verdict(edit, whole=True, record=name, json={}),
        f"GET /{path}/new": Verdict(edit, whole=True, narrowed=True),
        f"GET {one}": Verdict(see, shared=True, record=name),
        f"GET /api/v1{one}": Verdict(see, shared=True, record=name),
        f"POST /{path}": Verdict(edit, whole=True, form={**card, "code": "N1"}),
        f"POST /{path}/check": Verdict(edit, whole=True, form={**card, "code": "N2"}),
        f"POST {one}/check": Verdict(edit, whole=True, record=name, form={**card, "code": "N2", "version": "1"}),
        f"POST {one}": Verdict(edit, whole=True, record=name, form={**card, "code": "N2", "version": "1"}),
        f"POST /api/v1/{path}": Verdict(edit, whole=True, own=(201,), json={**said, **said_names, "code": "N3"}),
        f"POST /api/v1/{path}/bulk": Verdict(edit, whole=True, json={"records": [
            {**said, **said_names, "code": "N4"}]}),
        f"PATCH /api/v1{one}": Verdict(edit, whole=True, record=name, json={"code": "N5"}, headers={"If-Match": '"2"'}),
        f"GET /{path}/news": Verdict(see, narrowed=True, query="after=WzAsMF0"),
        f"POST /{path}/views": Verdict(see, narrowed=True, form={"name": "Mine"}),
        f"POST /{path}/views/{{view}}/delete": Verdict(see, narrowed=True, own=(404,)),
        f"POST /{path}/undo": Verdict(edit, whole=True, form={"deed": "none"}, own=(409,)),
        f"POST /{path}/act": Verdict(edit, whole=True, form={"chosen": f"{{{name}}}:3", "action": "delete",
                                                             "sure": "1"}),
        f"POST {one}/delete": Verdict(edit, whole=True, record=name, form={"version": "3"}, own=(404,)),
        f"DELETE /api/v1{one}": Verdict(edit, whole=True, record=name, headers={"If-Match": '"3"'}, own=(404,)),
    }  # fmt: skip


SALE_QUERY = "since=2020-01-01&shop={shop}&till={till}"
ITEM = {"sku": "{sku}", "name_it": "Pane", "name_en": "Bread", "vat_code": "10", "price": "1", "unit": "pc"}
NOTE = {"note": "seen", "chain": "{chain}", "seq": "{seq}", "hash": "{hash}"}
DEAL = {"act": "give", "role": "viewer", "place": "{company}"}
PIN = {"name": "Zoe", "pin": "2468"}
# In this order: what destroys comes last.
VERDICTS: dict[str, Verdict | str] = {
    "GET /static": ANYBODY,
    "GET /static/look": ANYBODY,
    "GET /health": ANYBODY,
    "GET /sign-in": ANYBODY,
    "POST /sign-in": ANYBODY,
    "GET /sign-in/code": ANYBODY,
    "POST /sign-in/code": ANYBODY,
    "GET /sign-in/set-up": ANYBODY,
    "POST /sign-in/set-up": ANYBODY,
    "POST /language": ANYBODY,
    "POST /sync/v1/enrol": TILL,
    "POST /sync/v1/ledger": TILL,
    "GET /sync/v1/heads": TILL,
    "GET /sync/v1/changes": TILL,
    "GET /sync/v1/snapshot": TILL,
    "GET /sync/v1/live": TILL,
    "GET /": Verdict(narrowed=True),
    "GET /live": Verdict(narrowed=True),
    "GET /search": Verdict(narrowed=True, query="q=qz"),
    "GET /today/live": Verdict(narrowed=True),
    "GET /account": Verdict(narrowed=True),
    "GET /account/second-step": Verdict(narrowed=True),
    "GET /api/v1/sessions": Verdict(narrowed=True),
    "GET /api/v1/openapi.json": Verdict(narrowed=True),
    "GET /api/v1/docs": Verdict(narrowed=True),
    "GET /api/v1/keys": Verdict(narrowed=True),
    "GET /sales": Verdict("sales.see", narrowed=True, query=SALE_QUERY),
    "GET /sales/cash/live": Verdict("sales.see", narrowed=True, query="till={till}"),
    "GET /sales/export.csv": Verdict("sales.see", narrowed=True, query=SALE_QUERY),
    "POST /sales/export.xlsx": Verdict("sales.see", narrowed=True),
    "GET /sales/{sale}": Verdict("sales.see", query="till={till}"),
    "GET /api/v1/sales": Verdict("sales.see", narrowed=True, query=SALE_QUERY),
    "GET /api/v1/sales/{sale}": Verdict("sales.see", query="till={till}"),
    "GET /api/v1/reports/totals": Verdict("sales.see", narrowed=True, query="by=till&till={till}&shop={shop}"),
    "GET /items": Verdict("items.see", narrowed=True, query="q=qz"),
    "GET /items/new": Verdict("items.edit", whole=True, narrowed=True),
    "GET /items/{item}": Verdict("items.see", shared=True),
    "GET /api/v1/items": Verdict("items.see", narrowed=True, query="q=qz"),
    "GET /operators": Verdict("operators.see", narrowed=True),
    "GET /api/v1/operators": Verdict("operators.see", narrowed=True),
    "GET /settings": Verdict("settings.see", narrowed=True),
    "GET /settings/vat": Verdict("settings.see", narrowed=True, query="code={vat}"),
    "GET /tills": Verdict("tills.see", narrowed=True),
    "GET /tills/live": Verdict("tills.see", narrowed=True),
    "GET /tills/{till}": Verdict("tills.see"),
    "GET /api/v1/tills": Verdict("tills.see", narrowed=True),
    "GET /api/v1/tills/{till}/alarms": Verdict("tills.see"),
    "GET /jobs": Verdict(narrowed=True),
    "GET /jobs/live": Verdict(narrowed=True),
    "GET /jobs/{job}": Verdict("sales.see", whole=True),
    "GET /jobs/{job}/live": Verdict("sales.see", whole=True),
    "GET /jobs/{job}/file": Verdict("sales.see", whole=True, own=(404,)),
    "GET /jobs/{job}/refused.csv": Verdict("sales.see", whole=True),
    "GET /api/v1/jobs": Verdict(narrowed=True),
    "GET /api/v1/jobs/{job}": Verdict("sales.see", whole=True),
    "GET /api/v1/jobs/{job}/rows": Verdict("sales.see", whole=True),
    "GET /api/v1/jobs/{job}/file": Verdict("sales.see", whole=True, own=(404,)),
    "GET /settings/users": Verdict("people.manage", whole=True, narrowed=True),
    "GET /settings/roles": Verdict("people.manage", whole=True, narrowed=True, query="role={role}"),
    "GET /settings/audit": Verdict("audit.see", whole=True, narrowed=True),
    "POST /company": Verdict(narrowed=True, form={"company": "{company}", "back": "/"}),
    "POST /items": Verdict("items.edit", whole=True, narrowed=True, form={**ITEM, "sku": "N1"}),
    "POST /items/{item}": Verdict("items.edit", whole=True, form={**ITEM, "version": "1"}),
    "PUT /api/v1/items": Verdict("items.edit", whole=True, narrowed=True, json={"items": [
        {"sku": "N2", "names": {"it": "Pane"}, "vat_code": "10"}]}),
    "POST /operators": Verdict("operators.edit", form={**PIN, "shop": "{shop}"}),
    "PUT /api/v1/operators": Verdict("operators.edit", json={
        **PIN, "shop": "{shop}", "id": "{operator}", "version": 1}),
    "POST /settings/shops/{shop}": Verdict("settings.edit", form={"header": "Ciao", "footer": "", "version": "1"}),
    "POST /settings/vat": Verdict("settings.edit", whole=True, form={
        "id": "{vat}", "code": "V9", "name_it": "Prova", "rates": "2020-01-01 7", "treatment": "taxed",
        "version": "1"}),
    **of_kind("reason", "reasons", "settings", {"names.it": "Prova", "use": "void"}),
    "POST /receipt-layouts/preview": Verdict("settings.see", narrowed=True, form={"header": "Ciao"}),
    "GET /receipt-layouts/{record}/shops": Verdict("settings.edit", narrowed=True, record="receipt_layout"),
    "POST /receipt-layouts/{record}/shops/{shop}": Verdict("settings.edit", record="receipt_layout", form={}),
    **of_kind("pos_type", "pos-types", "settings", {"names.it": "Prova", "makes": "receipt"}),
    **of_kind("document_type", "document-types", "settings", {
        "names.it": "Prova", "makes": "order", "series": "S", "copies": "1"}),
    **of_kind("tender_type", "tender-types", "settings", {"names.it": "Prova", "kind": "voucher"}),
    **of_kind("coded_note", "notes", "settings", {"names.it": "Prova", "stands": "last"}),
    **of_kind("receipt_layout", "receipt-layouts", "settings", {"names.it": "Prova"}),
    **of_kind("quick_key_page", "quick-keys", "settings", {"names.it": "Prova", "across": "4"}),
    **of_kind("turnover_type", "turnover-types", "settings", {"names.it": "Prova"}),
    **of_kind("stock_reason", "stock-reasons", "settings", {"names.it": "Prova", "way": "out"}),
    **of_kind("accounting_reason", "accounting-reasons", "settings", {"names.it": "Prova", "vat_register": "none"}),
    **of_kind("factory_calendar", "factory-calendars", "settings", {"names.it": "Prova"}),
    **of_kind("payment_type", "payment-types", "settings", {"names.it": "Prova", "method": "cash"}),
    **of_kind("payment_solution", "payment-terms", "settings", {"names.it": "Prova", "instalments.0.days": "30"},
              instalments=[{}]),
    **of_kind("unit_of_measure", "units-of-measure", "items", {"names.it": "Prova", "decimals": "0", "factor": "1"}),
    **of_kind("category", "categories", "items", {"names.it": "Prova"}),
    **of_kind("brand", "brands", "items", {"name": "Prova"}),
    **of_kind("warehouse", "warehouses", "settings", {"name": "Prova", "whose": "own"}),
    **of_kind("supplier", "suppliers", "suppliers", {"name": "Prova", "country": "IT", "language": "it"}),
    "GET /customers/{record}/personal-data": Verdict("customers.see", shared=True, record="customer"),
    "GET /api/v1/customers/{record}/personal-data": Verdict("customers.see", shared=True, record="customer"),
    **of_kind("customer", "customers", "customers", {
        "name": "Prova", "country": "IT", "language": "it", "credit_control": "monitor", "deadline_base": "with_vat"}),
    # of a customer that was deleted above
    "POST /customers/{record}/erase": Verdict("customers.edit", whole=True, record="customer", own=(404,), form={
        "version": "1", "sure": "1"}),
    "POST /api/v1/customers/{record}/erase": Verdict("customers.edit", whole=True, record="customer", own=(404,),
                                                     headers={"If-Match": '"1"'}),
    "POST /tills": Verdict("tills.manage", form={"shop": "{shop}", "code": "N9", "name": "Cassa"}),
    "POST /api/v1/tills": Verdict("tills.manage", json={"shop": "{shop}", "code": "N8", "name": "Cassa"}),
    "POST /tills/{till}/code": Verdict("tills.manage"),
    "POST /api/v1/tills/{till}/enrolment-code": Verdict("tills.manage"),
    "POST /tills/{till}/alarms": Verdict("tills.approve", form=NOTE),
    "POST /api/v1/tills/{till}/alarms/seen": Verdict("tills.approve", own=(409,), json={
        "chain": "{chain}", "seq": "{seq}", "hash": "{hash}"}),
    "POST /tills/{till}/entries": Verdict("tills.approve", form={**NOTE, "act": "dismiss"}, own=(404,)),
    "POST /jobs/{job}/cancel": Verdict("jobs.manage", whole=True),
    "POST /api/v1/jobs/{job}/cancel": Verdict("jobs.manage", whole=True, own=(409,)),
    "POST /settings/users": Verdict("people.manage", whole=True, form={
        "name": "zoe", "password": "tre gatti sul tetto", "role": "viewer", "place": "{company}/{shop}",
        "language": "it"}),
    "POST /settings/users/{user}/roles": Verdict("people.manage", whole=True, form=DEAL),
    "POST /settings/roles": Verdict("people.manage", whole=True, form={
        "id": "{role}", "version": "1", "name_it": "Cassa", "name_en": "Desk", "right:sales.see": "1"}),
    "POST /settings/second-step": Verdict("people.manage", whole=True, form={"company": "{company}", "needed": "1"}),
    "POST /settings/roles/{role}/second-step": Verdict("people.manage", whole=True, form={"needed": "1"}),
    "POST /settings/users/{user}/second-step": Verdict("people.manage", whole=True, own=(409,)),
    "POST /account/second-step/begin": Verdict(narrowed=True, form={"proof": "wrong"}, own=(401,)),
    "POST /account/second-step/cancel": Verdict(narrowed=True),
    "POST /account/second-step/confirm": Verdict(narrowed=True, form={"code": "000000"}, own=(409,)),
    "POST /account/second-step/recovery-codes": Verdict(narrowed=True, form={"code": "000000"}, own=(400,)),
    "POST /account/second-step/remove": Verdict(narrowed=True, form={"code": "000000"}, own=(400,)),
    "POST /account/mail": Verdict(narrowed=True, form={"mail": "zoe@example.com"}),
    "POST /account/sessions/end-others": Verdict(narrowed=True),
    "POST /account/tokens": Verdict(narrowed=True, form={"name": "mine", "days": "30"}),
    "POST /account/password": Verdict(narrowed=True, form={"current": "wrong", "password": "tre gatti sul tetto"},
                                      own=(401,)),
    "POST /tills/{till}/revoke": Verdict("tills.manage", form={"note": "stolen"}),
    "POST /items/{item}/delete": Verdict("items.edit", whole=True, form={"version": "2"}),
    "POST /settings/roles/{role}/delete": Verdict("people.manage", whole=True),
    "POST /account/tokens/{token}/revoke": Verdict("people.manage", whole=True),
    "POST /settings/tokens/{token}/revoke": Verdict("people.manage", whole=True, own=(404,)),
    "DELETE /api/v1/keys/{key}": Verdict("people.manage", whole=True, own=(404,)),
    "POST /settings/users/{user}": Verdict("people.manage", whole=True, form={"act": "shut_out"}),
    "DELETE /api/v1/sessions/{session}": Verdict("people.manage", whole=True),
    "POST /sessions/{session}/end": Verdict("people.manage", whole=True, form={"back": "/"}),
    "POST /sign-out": Verdict(narrowed=True),
}  # fmt: skip
