"""Ten tabs of one browser stay live together: they share one stream, and another takes it over when its tab closes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.e2e.test_head_office import enter, site

if TYPE_CHECKING:
    from playwright.async_api import Browser, Request

    from tests.central.head_office import HeadOffice

__all__ = ["site"]
pytestmark = pytest.mark.browser
TABS = 10


async def test_ten_tabs_follow_a_sale_over_one_stream(site: HeadOffice, chromium: Browser) -> None:
    till = await site.busy_till(sales=1)
    first, complaints = await enter(site, chromium)
    streams: list[Request] = []
    first.context.on("request", lambda one: streams.append(one) if one.url.endswith(f"{site.address}/live") else None)
    tabs = [first, *[await first.context.new_page() for _ in range(TABS - 1)]]
    for tab in tabs[1:]:
        await tab.goto(f"{site.address}/")
    await first.wait_for_load_state("load")

    till.sell(lines=2)
    await site.deliver(till)
    for tab in tabs:
        await tab.get_by_role("link", name="T1/26/000002").wait_for(timeout=15_000)
    assert streams == []  # the first tab listens for all

    await first.close()
    till.sell(lines=3)
    await site.deliver(till)
    for tab in tabs[1:]:
        await tab.get_by_role("link", name="T1/26/000003").wait_for(timeout=15_000)
    assert len(streams) == 1
    assert complaints == []
