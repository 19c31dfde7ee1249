"""What the API of every declared kind holds to: it says what the pages say, and does it once."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from central.identity.people import COMMAND_LINE
from central.kit import service, shapes
from central.kit.models import said_of
from central.kit.proposals import Proposal
from central.organisation.service import save_company
from tests.central.kit.declared import BOOKS
from tests.central.kit.samples import edit_of, fill, sample
from tests.central.kit.site import Site, next_page, rows
from tests.central.office import COMPANY

if TYPE_CHECKING:
    from central.kit.kinds import Kind


def body(kind: Kind, number: int, /, **changes: Any) -> dict[str, Any]:  # noqa: ANN401
    """What a program would send for the n-th sample."""
    from central.kit.proposals import Record

    said = said_of(kind, Record("", 0, sample(kind, number), None))  # type: ignore[arg-type]
    return {name: value for name, value in said.items() if name not in ("id", "version")} | changes


async def test_the_list_is_the_pages_in_every_order_and_under_every_filter(site: Site, kind: Kind) -> None:
    cards = await fill(site.office, kind, 7)
    some = {name: _text(kind, name, cards[1].card) for name in kind.narrowing}
    queries = [{"sort": sort} for sort in (*kind.sorts, f"-{kind.sorts[0]}")]
    queries += [{name: text} for name, text in some.items() if text] + [{"q": kind.title(cards[1].card)}]
    for query in queries:
        shown, path = list[str](), f"/{kind.path}?" + "&".join(f"{name}={text}" for name, text in query.items())
        while path:
            page = await site.anna.get(path)
            shown, path = shown + rows(page.text), next_page(page.text)
        listed, after = list[str](), ""
        while True:
            place = {"after": after} if after else {}
            _, said, _ = await site.ask("GET", f"/api/v1/{kind.path}?" + _joined({**query, "limit": "3", **place}))
            listed += [one["id"] for one in said["records"]]
            after = said["next"] or ""
            if not after:
                break
        assert listed == shown, query


def _joined(query: dict[str, str]) -> str:
    from urllib.parse import urlencode

    return urlencode(query)


def _text(kind: Kind, name: str, card: object) -> str:
    shape, value = kind.shapes[name], getattr(card, name)
    if isinstance(shape, shapes.TickShape):
        return "yes" if value else "no"
    return str(shape.key(value))[:3] if shape.filter_by_key else str(shape.said(value) or "")


async def test_a_record_is_added_read_changed_and_deleted(site: Site, kind: Kind) -> None:
    status, added, headers = await site.ask("POST", f"/api/v1/{kind.path}", body(kind, 1))
    assert (status, headers["ETag"]) == (201, '"1"')
    path = f"/api/v1/{kind.path}/{added['id']}"
    status, read, headers = await site.ask("GET", path)
    assert (status, read, headers["ETag"]) == (200, added, '"1"')
    name = kind.unique[0]
    status, changed, headers = await site.ask("PATCH", path, {name: "OTHER"}, **{"If-Match": '"1"'})
    assert (status, headers["ETag"]) == (200, '"2"')
    assert changed == {**read, name: "OTHER", "version": 2}
    assert (await site.ask("DELETE", path, **{"If-Match": '"2"'}))[0] == 204
    assert (await site.ask("GET", path))[0] == 404


async def test_a_change_names_the_version_that_was_read(site: Site, kind: Kind) -> None:
    one = (await fill(site.office, kind, 1))[0]
    path, change = f"/api/v1/{kind.path}/{one.id}", {kind.unique[0]: "OTHER"}

    for method, said in (("PATCH", change), ("DELETE", None)):
        assert (await site.ask(method, path, said))[0] == 428
        assert (await site.ask(method, path, said, **{"If-Match": "*"}))[0] == 428
        status, failure, _ = await site.ask(method, path, said, **{"If-Match": '"7"'})
        assert (status, failure["code"]) == (412, "precondition.stale")


async def test_the_same_request_again_is_answered_and_not_done_again(site: Site, kind: Kind) -> None:
    sent = body(kind, 1)
    key = {"Idempotency-Key": "k1"}

    first = await site.ask("POST", f"/api/v1/{kind.path}", sent, **key)
    again = await site.ask("POST", f"/api/v1/{kind.path}", sent, **key)
    other = await site.ask("POST", f"/api/v1/{kind.path}", body(kind, 2), **key)

    assert first[0] == again[0] == 201
    assert first[1] == again[1]
    assert again[2]["ETag"] == '"1"'
    assert (other[0], other[1]["code"]) == (409, "request.reused")
    assert len((await site.ask("GET", f"/api/v1/{kind.path}"))[1]["records"]) == 1


async def test_a_key_that_was_used_for_one_company_answers_nothing_about_another(site: Site) -> None:
    values = {**COMPANY, "name": "Altra"}
    job = partial(save_company, actor=COMMAND_LINE, at=site.office.clock(), values=values)
    other = await site.office.database.write(job)
    sent, key = body(BOOKS, 1), {"Idempotency-Key": "k3"}

    first = await site.ask("POST", f"/api/v1/{BOOKS.path}", sent, **key)
    second = await site.ask("POST", f"/api/v1/{BOOKS.path}", sent, **key, **{"X-Company": other})

    assert (first[0], second[0], second[1]["code"]) == (201, 409, "request.reused")


async def test_what_was_refused_may_be_tried_again_under_its_key(site: Site, kind: Kind) -> None:
    key = {"Idempotency-Key": "k2"}
    refused = await site.ask("POST", f"/api/v1/{kind.path}", {}, **key)
    done = await site.ask("POST", f"/api/v1/{kind.path}", body(kind, 1), **key)

    assert (refused[0], done[0]) == (422, 201)


async def test_many_are_saved_all_or_none(site: Site, kind: Kind) -> None:
    one = (await fill(site.office, kind, 1))[0]
    change = {**body(kind, 5), "id": one.id, "version": 1}
    path = f"/api/v1/{kind.path}/bulk"

    stale = await site.ask("POST", path, {"records": [body(kind, 2), {**change, "version": 9}]})
    assert stale[0] == 412
    status, said, _ = await site.ask("POST", path, {"records": [body(kind, 2), change]})

    assert status == 200
    assert [record["version"] for record in said["records"]] == [1, 2]
    assert said["records"][1]["id"] == one.id
    assert len((await site.ask("GET", f"/api/v1/{kind.path}"))[1]["records"]) == 2


async def test_what_is_wrong_with_many_is_said_by_where_it_was_sent(site: Site, kind: Kind) -> None:
    path, name = f"/api/v1/{kind.path}/bulk", kind.unique[0]
    one = (await fill(site.office, kind, 1))[0]
    twice = {**body(kind, 5), "id": one.id, "version": 1}

    for records, status, fields in (
        ([body(kind, 2), {**body(kind, 3), name: "X" * 500}], 422, [f"records.1.{name}"]),
        ([{**body(kind, 3), name: "X" * 500}], 422, [f"records.0.{name}"]),
        ([body(kind, 2), {**twice, "version": 9}], 412, ["records.1.version"]),
        ([twice, body(kind, 2), twice], 412, ["records.2.version"]),
        ([body(kind, 2), {**body(kind, 3), "id": "nobody"}], 404, ["records.1.id"]),
        ([body(kind, 2), {**body(kind, 3), "id": one.id}], 400, ["records.1.version"]),
    ):
        answer = await site.ask("POST", path, {"records": records})
        assert (answer[0], [wrong["field"] for wrong in answer[1]["errors"]]) == (status, fields)

    assert len((await site.ask("GET", f"/api/v1/{kind.path}"))[1]["records"]) == 1


NONSENSE: list[Any] = [None, 1, 1.5, True, [], {}, "\x01", "x" * 5000, [{}], {"de": "x"}, "-1e999999", ["\x01"]]


async def test_nonsense_in_any_field_is_refused_and_never_fails(site: Site, kind: Kind) -> None:
    path = f"/api/v1/{kind.path}"
    for name in kind.shapes:
        for nonsense in NONSENSE:
            status, answer, _ = await site.ask("POST", path, body(kind, 3, **{name: nonsense}))
            assert status in (201, 400, 409, 422), (name, nonsense, answer)
            if status == 201:
                assert (await site.ask("GET", f"{path}/{answer['id']}"))[1] == answer
                await site.ask("DELETE", f"{path}/{answer['id']}", **{"If-Match": '"1"'})
    assert (await site.ask("POST", path, {"colour": 1}))[0] == 400


async def test_the_documentation_knows_every_operation(site: Site, kind: Kind) -> None:
    _, document, _ = await site.ask("GET", "/api/v1/openapi.json")

    base, name, names = f"/api/v1/{kind.path}", kind.name, kind.path.replace("-", "_")
    one = document["paths"][f"{base}/{{record}}"]
    told = [*document["paths"][base].values(), *document["paths"][f"{base}/bulk"].values(), *one.values()]
    assert [operation["operationId"] for operation in told] == [
        f"list_{names}", f"add_{name}", f"save_{names}", f"get_{name}", f"change_{name}", f"delete_{name}"
    ]  # fmt: skip
    assert {*map(str, (operation["tags"] for operation in told))} == {str([name])}
    assert [status for operation in told for status in operation["responses"] if len(status) == 3 and status < "4"] == [
        "200", "201", "200", "200", "200", "204"
    ]  # fmt: skip
    schema = document["components"]["schemas"][
        document["paths"][base]["post"]["requestBody"]["content"]["application/json"]["schema"]["$ref"].split("/")[-1]
    ]
    assert set(schema["properties"]) == set(kind.shapes)
    needed = {parameter["name"] for parameter in one["patch"]["parameters"] if parameter.get("required")}
    assert needed == {"record", "If-Match"}
    assert "ETag" in one["get"]["responses"]["200"]["headers"]
    assert "precondition.stale" in one["delete"]["responses"]["4XX"]["description"]


async def test_a_warning_is_overruled_by_its_code(site: Site) -> None:
    dear = body(BOOKS, 3, price="5000.01", shelf=None, copies=[])
    status, refused, _ = await site.ask("POST", "/api/v1/books", dear)
    assert (status, refused["code"]) == (422, "field.range")

    assert (await site.ask("POST", "/api/v1/books?accept=field.range", dear))[0] == 201


async def test_what_a_patch_leaves_out_stays(site: Site) -> None:
    one = (await fill(site.office, BOOKS, 2))[1]
    path = f"/api/v1/books/{one.id}"
    _, before, _ = await site.ask("GET", path)

    _, after, _ = await site.ask("PATCH", path, {"note": "only this"}, **{"If-Match": '"1"'})

    assert after == {**before, "note": "only this", "version": 2}
    await site.office.database.write(
        partial(service.save, kind=BOOKS, edit=edit_of(site.office), proposals=[Proposal(replace(one.card), one.id, 2)])
    )
