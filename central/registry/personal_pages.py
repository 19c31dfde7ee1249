"""Personal data of a customer, for people and for programs: to be taken along, and to be erased."""

from datetime import datetime
from functools import partial
from typing import Any

import orjson
from aiohttp import web

from central.kit.api import MATCH, if_match, precondition
from central.kit.asking import Asking, asking
from central.registry.customers import CUSTOMERS
from central.registry.forms import read_version
from central.registry.personal import KEPT, PersonalData, erase, personal_data
from central.web.api import Answer, ApiRoute, add_api
from central.web.rendering import page
from commerce.dates import utc_text
from commerce.errors import BadInputError, ConflictError
from commerce.texts import N_

_PLACE = "/customers/{record}"


class ActAnswer(Answer):
    """What somebody did to the record; ``change`` maps a field to what it was and what it is."""

    at: str
    who: str
    action: str
    change: dict[str, Any]


class PersonalDataAnswer(Answer):
    """All that is held of a customer."""

    customer: dict[str, Any]
    history: list[ActAnswer]


class ErasedAnswer(Answer):
    """What was kept, and why it had to be: ``number``, ``acts``, ``documents``, ``named``."""

    kept: list[str]


def add_routes(app: web.Application) -> None:
    """Add the pages."""
    app.router.add_get(f"{_PLACE}/personal-data", show_personal_data)
    app.router.add_post(f"{_PLACE}/erase", erase_on_page)


def add_operations(app: web.Application) -> None:
    """Add the same for programs."""
    add_api(
        app,
        ApiRoute("GET", f"/api/v1{_PLACE}/personal-data", get_personal_data,
                 N_("Take a customer's personal data along"), PersonalDataAnswer, errors=("record.gone",)),
        ApiRoute("POST", f"/api/v1{_PLACE}/erase", erase_for_program, N_("Erase a customer's personal data"),
                 ErasedAnswer, asks=(MATCH,), errors=("record.gone", "precondition.missing", "precondition.stale")),
    )  # fmt: skip


async def show_personal_data(request: web.Request) -> web.Response:
    """Give a customer's personal data as a file."""
    said = await _personal_data(request)
    name = f"customer-{said.customer['code']}.json".encode("ascii", "ignore").decode().replace('"', "")
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    body = orjson.dumps(said.model_dump(), option=orjson.OPT_INDENT_2)
    return web.Response(body=body, content_type="application/json", headers=headers)


async def get_personal_data(request: web.Request) -> PersonalDataAnswer:
    """Give a customer's personal data."""
    return await _personal_data(request)


async def erase_on_page(request: web.Request) -> web.Response:
    """Erase a customer's personal data, and say what was kept."""
    ask, sent = await asking(request, CUSTOMERS), await request.post()
    if sent.get("sure") != "1":
        raise BadInputError("customer.not_sure")
    kept = await _erase(ask, read_version({"version": str(sent.get("version", ""))}))
    return page(request, "registry/customer_erased.html", kept=[KEPT[name] for name in kept])


async def erase_for_program(request: web.Request) -> ErasedAnswer:
    """Erase a customer's personal data of the version that If-Match names."""
    ask = await asking(request, CUSTOMERS)
    try:
        return ErasedAnswer(kept=list(await _erase(ask, if_match(request))))
    except ConflictError as error:
        raise precondition(error) from error


async def _personal_data(request: web.Request) -> PersonalDataAnswer:
    ask = await asking(request, CUSTOMERS)
    found: PersonalData = await ask.write(personal_data, edit=ask.edit, record=request.match_info["record"])
    return PersonalDataAnswer(
        customer=dict(found.record),
        history=[
            ActAnswer(at=_at(act.at), who=act.who, action=act.action, change=dict(act.change)) for act in found.acts
        ],
    )


async def _erase(ask: Asking, shown: int | None) -> tuple[str, ...]:
    return await ask.write(partial(erase, edit=ask.edit, record=ask.request.match_info["record"], shown=shown))


def _at(moment: datetime) -> str:
    return utc_text(moment)
