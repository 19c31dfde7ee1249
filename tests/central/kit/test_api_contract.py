"""What programs may count on, of every declared kind: the same as on pages, once, all or none, and said in full."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from central.web.api import MAX_LIST
from tests.central.kit.samples import fill
from tests.central.kit.test_api import body

if TYPE_CHECKING:
    from central.kit.kinds import Kind
    from tests.central.kit.site import Site

ODD = ["", " ", "%", "\x00", "' OR 1=1 --", "NaN", "1e999", "..", "1..0", "2026-13-45", "9" * 5000, "\U0001f600" * 50]


def known(said: dict[str, Any]) -> dict[str, Any]:
    """What a record says without what every record has of its own: ids and versions."""
    return {
        name: [known(one) if isinstance(one, dict) else one for one in value] if isinstance(value, list) else value
        for name, value in said.items()
        if name not in ("id", "version")
    }


async def test_what_a_form_saves_the_api_says_and_the_reverse(site: Site, kind: Kind) -> None:
    path, name = f"/api/v1/{kind.path}", kind.unique[0]
    _, said, _ = await site.ask("POST", path, body(kind, 1))

    form = await site.form(f"/{kind.path}/{said['id']}")  # the page shows what the program said
    fresh = {key: text for key, text in form.items() if key != "version" and not key.endswith(".id")}
    saved = await site.send(f"/{kind.path}", {**fresh, name: "OTHER", "accept": f"{kind.name}.twin"})
    assert saved.status == 200
    _, found, _ = await site.ask("GET", path)

    other = next(one for one in found["records"] if one["id"] != said["id"])
    assert known(other) == known({**said, name: "OTHER"})


async def test_a_change_of_one_field_leaves_all_else(site: Site, kind: Kind) -> None:
    _, before, _ = await site.ask("POST", f"/api/v1/{kind.path}", body(kind, 1))
    path, changed = f"/api/v1/{kind.path}/{before['id']}", set[str]()
    for name in kind.plain:
        if (value := body(kind, 2)[name]) == before[name]:
            continue
        tag = {"If-Match": f'"{before["version"]}"'}
        status, after, _ = await site.ask("PATCH", path, {name: value}, **tag)
        if status == 200:
            assert after == {**before, name: value, "version": before["version"] + 1}, name
            before, changed = after, changed | {name}
        else:
            assert (status, after["errors"][0]["code"]) == (422, after["code"]), name

    assert changed >= {*kind.unique}
    assert (await site.ask("GET", path))[1] == before


async def test_a_change_that_says_what_stands_makes_no_new_version(site: Site, kind: Kind) -> None:
    _, before, _ = await site.ask("POST", f"/api/v1/{kind.path}", body(kind, 1))
    same = {name: before[name] for name in kind.shapes}

    status, after, headers = await site.ask("PATCH", f"/api/v1/{kind.path}/{before['id']}", same, **{"If-Match": '"1"'})

    assert (status, after, headers["ETag"]) == (200, before, '"1"')


async def test_of_requests_under_one_key_at_once_one_is_done(site: Site, kind: Kind) -> None:
    path, key = f"/api/v1/{kind.path}", {"Idempotency-Key": "race"}

    found = await asyncio.gather(*(site.ask("POST", path, body(kind, 1), **key) for _ in range(6)))

    assert {status for status, _, _ in found} == {201}
    assert len({said["id"] for _, said, _ in found}) == 1
    assert len((await site.ask("GET", path))[1]["records"]) == 1


async def test_of_different_requests_under_one_key_at_once_one_is_done(site: Site, kind: Kind) -> None:
    path, key = f"/api/v1/{kind.path}", {"Idempotency-Key": "race"}

    found = await asyncio.gather(*(site.ask("POST", path, body(kind, number), **key) for number in range(1, 6)))

    assert sorted(status for status, _, _ in found) == [201, 409, 409, 409, 409]
    assert {said["code"] for status, said, _ in found if status == 409} == {"request.reused"}
    assert len((await site.ask("GET", path))[1]["records"]) == 1


async def test_of_changes_of_one_version_at_once_one_is_done(site: Site, kind: Kind) -> None:
    one = (await fill(site.office, kind, 1))[0]
    path, name = f"/api/v1/{kind.path}/{one.id}", kind.unique[0]

    found = await asyncio.gather(
        *(site.ask("PATCH", path, {name: f"RACE{number}"}, **{"If-Match": '"1"'}) for number in range(5))
    )

    assert sorted(status for status, _, _ in found) == [200, 412, 412, 412, 412]
    assert (await site.ask("GET", path))[1] == next(said for status, said, _ in found if status == 200)


async def test_of_equal_codes_at_once_one_is_taken_and_the_others_are_told(site: Site, kind: Kind) -> None:
    path = f"/api/v1/{kind.path}"

    found = await asyncio.gather(*(site.ask("POST", path, body(kind, 1)) for _ in range(5)))

    assert sorted(status for status, _, _ in found) == [201, 422, 422, 422, 422]
    fields = {one["field"] for status, said, _ in found if status == 422 for one in said["errors"]}
    assert fields == {*kind.unique}


async def test_codes_that_two_records_exchange_are_exchanged(site: Site, kind: Kind) -> None:
    path, name = f"/api/v1/{kind.path}", kind.unique[0]
    made = [(await site.ask("POST", path, body(kind, number)))[1] for number in (1, 2)]
    codes = [one[name] for one in made]

    swapped = [{**made[0], name: codes[1]}, {**made[1], name: codes[0]}]
    status, said, _ = await site.ask("POST", f"{path}/bulk", {"records": swapped})

    assert (status, [one[name] for one in said["records"]]) == (200, codes[::-1])


async def test_no_query_of_a_list_makes_the_server_fail(site: Site, kind: Kind) -> None:
    await fill(site.office, kind, 2)
    for name in ("q", "sort", "after", "limit", "unheard_of", *kind.narrowing):
        for odd in ODD:
            async with site.anna.session.get(f"/api/v1/{kind.path}", params={name: odd}) as answer:
                said = await answer.json()
                assert answer.status in (200, 400), (name, odd, said)
                if answer.status == 400:
                    assert said["code"] in ("api.query", "list.sort", "list.filter", "page.cursor", "bad_input")


async def test_an_unheard_of_order_or_parameter_is_refused(site: Site, kind: Kind) -> None:
    for query, code in (("sort=colour", "list.sort"), ("colour=1", "api.query"), ("after=!!", "page.cursor"),
                        ("limit=0", "api.query"), (f"limit={MAX_LIST + 1}", "api.query")):  # fmt: skip
        status, said, _ = await site.ask("GET", f"/api/v1/{kind.path}?{query}")
        assert (status, said["code"]) == (400, code), query


async def test_a_list_and_a_set_have_a_largest_size(site: Site, kind: Kind) -> None:
    for many in (0, MAX_LIST + 1):
        status, said, _ = await site.ask("POST", f"/api/v1/{kind.path}/bulk", {"records": [{}] * many})
        assert (status, said["code"]) == (400, "api.body")
        assert said["errors"]


@pytest.mark.parametrize("length", [201, 5000])
async def test_a_key_has_a_longest(site: Site, kind: Kind, length: int) -> None:
    status, said, _ = await site.ask("POST", f"/api/v1/{kind.path}", body(kind, 1), **{"Idempotency-Key": "k" * length})

    assert (status, said["errors"][0]["field"]) == (400, "Idempotency-Key")


async def test_a_refusal_names_every_field_in_the_callers_language(site: Site, kind: Kind) -> None:
    long = [name for name, shape in kind.plain.items() if isinstance(body(kind, 1)[name], str) and _is_text(shape)]
    sent = body(kind, 1, **dict.fromkeys(long, "X" * 5000))

    en, it = [(await site.ask("POST", f"/api/v1/{kind.path}?lang={one}", sent))[1] for one in ("en", "it")]

    for said in (en, it):
        assert set(said) == {"type", "title", "status", "detail", "code", "values", "errors"}
        assert [one["field"] for one in said["errors"] if one["code"] == "field.long"] == long
    assert en["type"] == f"urn:cassaforte:problem:{en['code']}"
    assert [(one["field"], one["code"], one["values"]) for one in en["errors"]] == [
        (one["field"], one["code"], one["values"]) for one in it["errors"]
    ]
    assert en["detail"] != it["detail"]
    assert not {one["detail"] for one in en["errors"]} & {one["detail"] for one in it["errors"]}


def _is_text(shape: object) -> bool:
    from central.kit.shapes import TextShape

    return isinstance(shape, TextShape)


async def test_what_is_answered_is_of_the_model_that_is_described(site: Site, kind: Kind) -> None:
    from central.kit.models import models_of

    models, path = models_of(kind), f"/api/v1/{kind.path}"
    _, added, _ = await site.ask("POST", path, body(kind, 1))
    _, many, _ = await site.ask("POST", f"{path}/bulk", {"records": [body(kind, 2)]})
    _, listed, _ = await site.ask("GET", path)
    _, read, _ = await site.ask("GET", f"{path}/{added['id']}")

    for model, said in ((models.answer, added), (models.page, many), (models.page, listed), (models.answer, read)):
        assert model.model_validate(said).model_dump(mode="json") == said
