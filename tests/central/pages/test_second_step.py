"""The pages of signing in with a code: what they ask, keep and say, in both languages."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

import aiohttp
import pytest

from central.db.readers import enter, pass_on
from central.identity import second_steps
from central.identity.people import COMMAND_LINE, Role
from central.identity.tables import audit as audit_table
from central.identity.waiting import WAITS
from central.outbox.people import TELL_PEOPLE
from central.outbox.tables import outbox_message
from tests.central.head_office import PASSWORD, Visitor
from tests.central.identity.stepping import Phone

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.central.head_office import HeadOffice, Page

SECRET = re.compile(r'<code class="secret">([A-Z2-7 ]+)</code>')
RECOVERY = re.compile(r"<li><code>([a-z0-9-]{19})</code>")
STEP = "/account/second-step"


def secret_in(page: Page) -> Phone:
    found = SECRET.search(page.text)
    assert found, page.text
    return Phone(found[1].replace(" ", ""))


async def set_up(site: HeadOffice, who: Visitor) -> tuple[Phone, list[str]]:
    """Set a second step up as a person does."""
    await who.get(STEP)
    phone = secret_in(await who.post(f"{STEP}/begin", proof=PASSWORD))
    page = await who.post(f"{STEP}/confirm", code=phone.code(site.office.clock()))
    site.office.clock.advance(seconds=60)
    return phone, RECOVERY.findall(page.text)


@pytest.fixture
async def other(site: HeadOffice) -> AsyncIterator[Visitor]:
    """Another browser."""
    async with aiohttp.ClientSession(site.address, cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        yield Visitor(session)


async def test_a_person_sets_it_up_and_signs_in_with_it(site: HeadOffice, anna: Visitor, other: Visitor) -> None:
    phone, made = await set_up(site, anna)
    assert len(made) == 10
    assert RECOVERY.findall((await anna.get(STEP)).text) == []  # shown once

    asked = await other.sign_in()
    assert asked.url.endswith("/sign-in/code?next=/")
    assert "/sign-in?next=" in (await other.get("/sales")).url  # nothing is open yet
    await other.get("/sign-in/code?next=/sales")
    opened = await other.post("/sign-in/code", code=phone.code(site.office.clock()), next="/sales")

    assert (opened.status, opened.url.endswith("/sales")) == (200, True)


async def test_a_wrong_code_is_said_beside_its_field_and_stays_in_it(
    site: HeadOffice, anna: Visitor, other: Visitor
) -> None:
    await set_up(site, anna)
    await other.sign_in()

    refused = await other.post("/sign-in/code?lang=it", code="12 34 56", next="/sales")

    assert refused.status == 400
    assert 'value="12 34 56"' in refused.text
    assert 'aria-invalid="true"' in refused.text
    assert "Il codice non è giusto." in refused.text
    assert 'name="next" value="/sales"' in refused.text
    (written,) = [row for row in await audit(site) if row == "sign_in.code_refused"]
    assert written


async def audit(site: HeadOffice) -> list[str]:
    return [row.action for row in await site.office.rows(audit_table)]


async def test_a_recovery_code_has_its_own_field_that_stays_open(
    site: HeadOffice, anna: Visitor, other: Visitor
) -> None:
    _, made = await set_up(site, anna)
    await other.sign_in()

    refused = await other.post("/sign-in/code", code="aaaa-bbbb-cccc-dddd", next="/")
    assert refused.status == 400
    assert '<details class="on-demand" open>' in refused.text
    opened = await other.post("/sign-in/code", code=made[0], next="/")

    assert (opened.status, opened.url.endswith("/")) == (200, True)
    assert ">9<" in (await other.get(STEP)).text


async def test_too_many_codes_have_to_wait_and_are_told_how_long(
    site: HeadOffice, anna: Visitor, other: Visitor
) -> None:
    await set_up(site, anna)
    await other.sign_in()
    for _ in range(3):
        await other.post("/sign-in/code", code="000000", next="/")

    refused = await other.post("/sign-in/code", code="000000", next="/")

    assert refused.status == 429
    assert refused.headers["Retry-After"] == "1"


async def test_whoever_takes_too_long_begins_again(site: HeadOffice, anna: Visitor, other: Visitor) -> None:
    phone, _ = await set_up(site, anna)
    await other.sign_in()
    site.office.clock.at += WAITS + timedelta(seconds=1)

    over = await other.post("/sign-in/code", code=phone.code(site.office.clock()), next="/sales")

    assert over.status == 401
    assert "That took too long. Sign in again." in over.text
    assert 'name="next" value="/sales"' in over.text
    assert "/sign-in?next=" in (await other.get("/sign-in/code")).url


async def test_the_cookie_of_a_sign_in_that_waits_is_out_of_reach_and_opens_nothing(
    site: HeadOffice, anna: Visitor, other: Visitor
) -> None:
    await set_up(site, anna)
    await other.get("/sign-in")
    form = {"csrf": other.token, "name": "anna", "password": PASSWORD, "next": "/"}
    async with other.session.post("/sign-in", data=form, allow_redirects=False) as answer:
        (cookie,) = [one for one in answer.headers.getall("Set-Cookie") if one.startswith("central_pending=")]
        assert answer.cookies.get("central_session") is None

    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert "Max-Age=600" in cookie
    value = cookie.split(";")[0].split("=")[1]
    async with aiohttp.ClientSession(site.address, cookies={"central_session": value}) as thief:  # noqa: SIM117
        async with thief.get("/api/v1/keys") as refused:
            assert refused.status == 401
    async with aiohttp.ClientSession(site.address, cookies={"central_pending": value}) as thief:  # noqa: SIM117
        async with thief.get("/sign-in/code", allow_redirects=False) as refused:  # another browser
            assert refused.status == 303


@pytest.mark.parametrize(("language", "heading"), [("en", "Set up sign-in with a code"),
                                                   ("it", "Attivi l&#39;accesso con codice")])  # fmt: skip
async def test_who_must_have_a_code_is_led_to_setting_it_up(
    site: HeadOffice, other: Visitor, language: str, heading: str
) -> None:
    await site.user("vera", Role.VIEWER)
    job = partial(second_steps.require_of_role, actor=COMMAND_LINE, at=site.office.clock(), role=Role.VIEWER)
    await site.office.database.write(partial(job, needed=True))

    led = await other.sign_in("vera")
    assert "/sign-in/set-up" in led.url
    shown = await other.get(f"/sign-in/set-up?next=/sales&lang={language}")
    assert heading in shown.text
    assert "<svg" in shown.text
    assert " style=" not in shown.text
    phone = secret_in(shown)
    refused = await other.post("/sign-in/set-up", code="000000", next="/sales")
    assert refused.status == 400
    assert secret_in(refused) == phone  # the picture that was read stays
    done = await other.post("/sign-in/set-up", code=phone.code(site.office.clock()), next="/sales")

    assert len(RECOVERY.findall(done.text)) == 10
    assert 'href="/sales"' in done.text
    assert (await other.get("/sales")).url.endswith("/sales")


async def test_what_setting_up_refuses_is_said_where_it_was_typed(site: HeadOffice, anna: Visitor) -> None:
    await anna.get(STEP)
    wrong = await anna.post(f"{STEP}/begin", proof="not it")
    assert wrong.status == 401
    assert "The password until now is not right." in wrong.text
    phone = secret_in(await anna.post(f"{STEP}/begin", proof=PASSWORD))
    bad = await anna.post(f"{STEP}/confirm", code="99")
    assert (bad.status, secret_in(bad)) == (400, phone)
    assert 'value="99"' in bad.text

    left = await anna.post(f"{STEP}/cancel")

    assert SECRET.search(left.text) is None
    assert "You sign in with your password alone" in left.text


async def test_it_is_moved_renewed_and_turned_off_with_a_code(site: HeadOffice, anna: Visitor) -> None:
    phone, made = await set_up(site, anna)
    refused = await anna.post(f"{STEP}/remove", code="nothing")
    assert (refused.status, 'value="nothing"' in refused.text) == (400, True)

    renewed = await anna.post(f"{STEP}/recovery-codes", code=phone.code(site.office.clock()))
    fresh = RECOVERY.findall(renewed.text)
    assert len(fresh) == 10
    assert not set(fresh) & set(made)
    moved = await anna.post(f"{STEP}/begin", proof=fresh[0])
    assert secret_in(moved) != phone
    off = await anna.post(f"{STEP}/remove", code=fresh[1])

    assert "You sign in with your password alone" in off.text


async def test_a_manager_takes_it_away_and_the_person_is_told(site: HeadOffice, anna: Visitor, other: Visitor) -> None:
    await site.office.database.write(partial(enter, reader=TELL_PEOPLE))
    user = await site.user("vera", Role.VIEWER)
    await other.sign_in("vera")
    await set_up(site, other)
    bad = await other.post("/account/mail", mail="vera at example")
    assert (bad.status, "vera at example" in bad.text) == (400, True)
    await other.post("/account/mail", mail="vera@example.com")

    users = await anna.get("/settings/users")
    assert "Take the code of Vera away" in users.text
    after = await anna.post(f"/settings/users/{user}/second-step")
    again = await anna.post(f"/settings/users/{user}/second-step")

    assert after.status == 200
    assert "Take the code of Vera away" not in after.text
    assert again.status == 409
    assert "took the sign-in with a code of Vera away" in html.unescape((await anna.get("/settings/audit")).text)
    await pass_on(site.office.database, TELL_PEOPLE)
    (mail,) = await site.office.rows(outbox_message)
    assert (mail.address, mail.subject) == ("vera@example.com", "Your sign-in with a code was taken away")


async def test_rules_are_made_and_ended_on_the_pages(site: HeadOffice, anna: Visitor) -> None:
    await anna.get("/settings/users")
    company = await anna.post("/settings/second-step", company=site.office.company, needed="1")
    assert "No longer ask for a code: Prova s.r.l." in company.text
    role = await anna.post("/settings/roles/viewer/second-step", needed="1")
    assert "No longer ask for a code: Look only" in role.text
    admin = await anna.post("/settings/roles/admin/second-step", needed="1")  # the role that nobody can change
    assert "No longer ask for a code: Administrator" in admin.text
    assert "asks for a code of whoever has the role Look only" in (await anna.get("/settings/audit")).text

    ended = await anna.post("/settings/second-step", company=site.office.company, needed="0")
    assert "No longer ask for a code: Prova s.r.l." not in ended.text
    assert "no longer asks everybody in Prova s.r.l. for a code" in (await anna.get("/settings/audit")).text
