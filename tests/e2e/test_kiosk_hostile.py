"""A hostile page in the kiosk's own browser: it gains nothing, and the kiosk goes on with its token."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest
from aiohttp import web

from tests.e2e.kiosk import Kiosk, open_kiosk
from tests.fakes.register import FakeRegister
from tests.fakes.shop import BREAD, COFFEE
from tests.ports import free_port

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from playwright.async_api import Browser

pytestmark = pytest.mark.browser

PRIZE: Final = "<!doctype html><title>Win a prize</title><body>"
MANY: Final = 300  # more tokens than there is room for
ATTACK: Final = """
async (till) => {
  const json = { "Content-Type": "application/json" }
  const act = { headers: { ...json, "X-Till-Token": "0".repeat(64) }, body: JSON.stringify({ command_id: "x" }) }
  const ask = (path, how) => fetch(`${till}${path}`, { credentials: "include", ...how }).then((answer) => answer.text())
  const module = { src: `${till}/static/app.js`, type: "module" }
  const ways = {
    "read the view": () => ask("/api/v1/state"),
    "read the page and its token": () => ask("/"),
    "read a receipt": () => ask("/api/v1/receipts/last"),
    "take a token": () => ask("/api/v1/tokens", { method: "POST", headers: json, body: "{}" }),
    "take a token unasked": () => ask("/api/v1/tokens", { method: "POST", body: "{}" }),
    "act": () => ask("/api/v1/sale/void", { method: "POST", ...act }),
    "listen": () => new Promise((resolve, reject) => {
      const socket = new WebSocket(`${till.replace("http", "ws")}/api/v1/live?token=${"0".repeat(64)}`)
      Object.assign(socket, { onopen: resolve, onerror: reject })
    }),
    "load a script": () => new Promise((resolve, reject) => {
      const script = Object.assign(document.createElement("script"), { ...module, onload: resolve, onerror: reject })
      document.head.append(script)
    }),
    "reach into a window": async () => {
      const opened = window.open(`${till}/`)
      while (opened.document.URL === "about:blank") await fetch(`${till}/health`).catch(() => 0)
      return opened.document.documentElement.outerHTML
    },
  }
  const gained = []
  for (const [name, way] of Object.entries(ways)) await way().then(() => gained.push(name), () => undefined)
  return gained
}
"""
BLIND: Final = """
async ([till, many]) => {
  const ask = (path, how) => fetch(`${till}${path}`, { mode: "no-cors", credentials: "include", ...how }).catch(() => 0)
  const post = { method: "POST", body: JSON.stringify({ command_id: "x" }) }
  const times = (what) => Promise.all(Array.from({ length: 20 }, what))
  const acts = ["sale/void", "sale/complete", "sale/next", "sign-off", "session/close"]
  try { document.cookie = `till_client=${"0".repeat(32)}; path=/api` } catch { }
  for (const act of acts) await ask(`/api/v1/${act}`, post)
  for (let asked = 0; asked < many; asked += 20) {
    await times(() => ask("/api/v1/tokens", { method: "POST", body: "{}" }))
    await times(() => ask("/"))
  }
}
"""
FORM: Final = """
(till) => {
  const form = document.createElement("form")
  Object.assign(form, { method: "post", enctype: "text/plain", action: `${till}/api/v1/sale/void`, target: "sink" })
  const sink = document.createElement("iframe")
  sink.name = "sink"
  document.body.append(sink, form)
  form.submit()
}
"""
FRAME: Final = """
(till) => new Promise((resolve) => {
  const frame = document.createElement("iframe")
  frame.onload = () => resolve(null)
  frame.src = `${till}/`
  document.body.append(frame)
})
"""


@pytest.fixture
async def elsewhere() -> AsyncIterator[str]:
    """A page of another origin on the same machine, so of the same site."""

    async def page(request: web.Request) -> web.Response:
        sandbox = {"Content-Security-Policy": "sandbox allow-scripts allow-forms allow-popups"}
        return web.Response(text=PRIZE, content_type="text/html", headers=sandbox if request.path == "/alone" else {})

    app = web.Application()
    app.router.add_get("/{path:.*}", page)
    runner, port = web.AppRunner(app, shutdown_timeout=0.2), free_port()
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    yield f"http://127.0.0.1:{port}/"
    await runner.cleanup()


@pytest.fixture
async def kiosk(chromium: Browser) -> AsyncIterator[Kiosk]:
    async with open_kiosk(chromium, FakeRegister().sign_on()) as kiosk:
        kiosk.register.scan(COFFEE)
        await kiosk.sees(".line", "Ground coffee")
        yield kiosk


async def attack(kiosk: Kiosk, address: str) -> list[str]:
    """Open a hostile page beside the kiosk's and let it try everything; return what it gained."""
    till, context = kiosk.address, kiosk.page.context
    page = await context.new_page()
    await page.goto(address)
    gained: list[str] = await page.evaluate(ATTACK, till)
    others = [other for other in context.pages if other is not kiosk.page]
    gained += [f"a window of {other.url}" for other in others if await shows_till(other)]
    await page.evaluate(BLIND, [till, MANY])
    await page.evaluate(FORM, till)
    await page.evaluate(FRAME, till)
    gained += [f"a frame of {frame.url}" for frame in page.frames if await shows_till(frame)]
    await page.close()
    return gained


async def shows_till(where: Any) -> bool:  # noqa: ANN401  # a page or a frame
    """Return whether a page or a frame has the kiosk's page in it."""
    return bool(await where.evaluate("Boolean(document.querySelector('till-status, meta[name=till-token]'))"))


ORIGINS: Final[dict[str, Callable[[Path, str], str]]] = {
    "another port": lambda _, elsewhere: elsewhere,
    "a file": lambda folder, _: (folder / "prize.html").as_uri(),
    "no origin": lambda _, elsewhere: f"{elsewhere}alone",
}


@pytest.mark.parametrize("origin", ORIGINS)
async def test_a_page_of_another_origin_gains_nothing_and_the_kiosk_goes_on_with_its_token(
    kiosk: Kiosk, tmp_path: Path, elsewhere: str, origin: str
) -> None:
    (tmp_path / "prize.html").write_text(PRIZE)
    renewed: list[str] = []
    kiosk.page.on("request", lambda request: renewed.append(request.url) if "/tokens" in request.url else None)

    gained = await attack(kiosk, ORIGINS[origin](tmp_path, elsewhere))

    assert gained == []
    asked = [asked for asked in kiosk.asked if not asked.is_own]
    assert {"/", "/api/v1/tokens", "/api/v1/sale/void", "/api/v1/live"} <= {one.path for one in asked}
    assert len(asked) > 2 * MANY
    assert {one.status for one in asked} == {403}
    assert kiosk.register.submitted == []
    await kiosk.tap(".pay")
    await kiosk.tap(".exact")
    await kiosk.screen("done")
    kiosk.register.scan(BREAD)
    await kiosk.sees(".line", "Farmhouse bread")
    assert renewed == []
