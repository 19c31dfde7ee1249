"""The gate before every page: who may come in, from where, and what browsers are told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aiohttp
import pytest

from central.identity.people import Role
from tests.central.head_office import Visitor

if TYPE_CHECKING:
    from tests.central.head_office import HeadOffice

PAGES = ["/", "/sales", "/items", "/operators", "/tills", "/jobs", "/settings", "/settings/vat", "/receipt-layouts",
         "/tender-types", "/settings/users", "/settings/roles", "/settings/audit", "/account", "/reasons",
         "/customers", "/search", "/account/second-step"]  # fmt: skip


@pytest.mark.parametrize("path", PAGES)
async def test_every_page_asks_a_stranger_to_sign_in_and_opens_afterwards(stranger: Visitor, path: str) -> None:
    asked = await stranger.get(path)
    assert "/sign-in?next=" in asked.url

    await stranger.sign_in()
    opened = await stranger.get(path)

    assert (opened.status, opened.url.endswith(path)) == (200, True)


async def test_the_api_answers_a_stranger_with_a_stable_code(stranger: Visitor) -> None:
    async with stranger.session.get("/api/v1/sales") as response:
        assert response.status == 401
        assert (await response.json())["code"] == "sign_in.needed"


async def test_a_form_without_its_token_changes_nothing(anna: Visitor, site: HeadOffice) -> None:
    item = site.items[0]

    refused = await anna.post(f"/items/{item.id}", token="0" * 64, sku="A1", name_it="Altro", vat_code="22")

    assert refused.status == 403
    assert "Altro" not in (await anna.get("/items")).text


async def test_a_form_sent_by_another_site_is_refused_even_with_the_token(anna: Visitor) -> None:
    await anna.get("/account")
    refused = await anna._page(
        "POST", "/account/tokens", data={"csrf": anna.token, "name": "x"}, headers={"Origin": "http://evil.example"}
    )

    assert refused.status == 403


async def test_another_host_name_gets_nothing(stranger: Visitor) -> None:
    refused = await stranger.get("/sign-in", headers={"Host": "evil.example"})

    assert refused.status == 421


async def test_answers_forbid_scripts_of_others_frames_and_guessing(stranger: Visitor) -> None:
    headers = (await stranger.get("/sign-in")).headers

    policy = headers["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["X-Content-Type-Options"] == "nosniff"


async def test_pages_carry_no_inline_script_or_style(anna: Visitor) -> None:
    for path in PAGES:
        text = (await anna.get(path)).text
        assert "<style" not in text
        assert " style=" not in text
        assert "onclick" not in text
        assert text.count("<script") == text.count("<script src=")


async def test_the_session_cookie_is_out_of_reach_of_scripts(stranger: Visitor) -> None:
    await stranger.get("/sign-in")
    form = {"csrf": stranger.token, "name": "anna", "password": "una password lunga", "next": "/"}
    async with stranger.session.post("/sign-in", data=form, allow_redirects=False) as response:
        cookie = response.headers["Set-Cookie"]

    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


async def test_a_browser_that_signed_in_before_gets_through_beside_a_guesser(site: HeadOffice, anna: Visitor) -> None:
    await anna.post("/sign-out")
    async with aiohttp.ClientSession(site.address, cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        guesser = Visitor(session)
        for _ in range(5):
            refused = await guesser.sign_in(password="something else")  # noqa: S106
        held_up = await guesser.sign_in()

    assert refused.status == held_up.status == 429
    assert (await anna.sign_in()).status == 200


async def test_signing_in_never_leads_to_another_site(stranger: Visitor) -> None:
    await stranger.get("/sign-in")
    landed = await stranger.post("/sign-in", name="anna", password="una password lunga", next="//evil.example/")  # noqa: S106

    assert landed.url.startswith(str(stranger.session._base_url))


async def test_a_viewer_sees_prices_and_cannot_change_them(site: HeadOffice, stranger: Visitor) -> None:
    await site.user("vera", Role.VIEWER)
    await stranger.sign_in("vera")
    item = site.items[0]

    refused = await stranger.post(f"/items/{item.id}", sku="A1", name_it="Altro", vat_code="22", price="1")
    users = await stranger.get("/settings/users")

    assert (refused.status, users.status) == (403, 403)
    assert "Caffè" in (await stranger.get("/items?lang=it")).text


async def test_signing_out_closes_the_door(anna: Visitor) -> None:
    await anna.get("/account")
    await anna.post("/sign-out")

    assert "/sign-in" in (await anna.get("/sales")).url


async def test_a_wrong_password_is_said_in_the_visitors_language(stranger: Visitor) -> None:
    await stranger.get("/sign-in")
    refused = await stranger._page(
        "POST", "/sign-in", data={"csrf": stranger.token, "name": "anna", "password": "no", "next": "/"},
        headers={"Accept-Language": "it-IT,it;q=0.9"},
    )  # fmt: skip

    assert refused.status == 401
    assert "non sono giusti" in refused.text


async def test_the_language_can_be_switched_and_stays(anna: Visitor) -> None:
    await anna.get("/")
    await anna.post("/language", language="it", back="/sales")

    assert "<h1>Vendite</h1>" in (await anna.get("/sales")).text
