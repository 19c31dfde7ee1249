"""`make demo` as a person runs it."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import signal
import socket
from typing import TYPE_CHECKING

import aiohttp
import pytest

from tests.central.head_office import Visitor
from tests.central.pages.test_nonsense import key
from tests.crash.processes import wait_until
from tests.e2e.demo_run import DemoRun
from tests.prerequisites import missing
from tests.shared_data import PROJECT
from tools.demo_items import ean8
from tools.demo_shop import PASSWORD, USER

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.xdist_group("demo")
COFFEE, MILK, NEWSPAPER = ean8(1), ean8(3), ean8(39)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoRun]:
    run = DemoRun(tmp_path_factory.mktemp("demo"))
    run.start()
    yield run
    run.stop()


async def test_every_address_it_prints_can_be_opened(demo: DemoRun) -> None:
    addresses = set(re.findall(r"http://[0-9.:]+/\w*", demo.said))

    async with aiohttp.ClientSession() as session:
        statuses = {}
        for address in addresses:
            async with session.get(address) as response:
                statuses[address] = response.status

    assert len(addresses) == 5
    assert set(statuses.values()) == {200}


async def test_a_scanned_and_paid_sale_is_on_paper_and_at_head_office(demo: DemoRun) -> None:
    done = demo.sell(COFFEE, MILK)

    async with aiohttp.ClientSession(demo.central, cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        visitor = Visitor(session)
        assert (await visitor.sign_in(USER, PASSWORD)).status == 200
        texts: list[str] = []
        for _ in range(100):
            texts.append((await visitor.get("/sales")).text)
            if done["formatted"] in texts[-1]:
                break
        async with session.get(f"{demo.till_url}/paper") as response:
            paper = await response.text()

    assert done["formatted"] in texts[-1]
    assert done["formatted"] in paper
    assert done["total"] == "€5.38"


def test_an_item_without_price_asks_for_one(demo: DemoRun) -> None:
    demo.open_session()

    demo.scan(NEWSPAPER)

    wait_until(lambda: bool(demo.till.state()["notices"]), "the question")
    assert demo.till.state()["notices"][-1]["kind"] == "price"


def test_a_card_goes_through_the_reader_which_does_as_it_is_told(demo: DemoRun) -> None:
    demo.tell_card_reader("decline")
    demo.pay("pos", COFFEE)
    wait_until(lambda: demo.till.state()["sale"]["tenders"][0]["text"] == "declined", "the card to be declined")
    (tender,) = demo.till.state()["sale"]["tenders"]

    assert demo.act(f"sale/tenders/{tender['id']}/retry", sale=demo.till.state()["sale"]["id"]).status == 200

    wait_until(lambda: demo.till.state()["sale"] is None, "the card to be approved")
    assert demo.till.state()["done"]["total"] == "€3.49"
    shown = {one["name"]: (one["kind"], one["availability"]) for one in demo.till.state()["devices"]}
    assert shown["POS"] == ("card_reader", "ready")


def test_with_central_paused_the_till_sells_on_and_everything_arrives_afterwards(demo: DemoRun) -> None:
    central = int(re.findall(r"kill -STOP (\d+)", demo.said)[-1])
    os.kill(central, signal.SIGSTOP)
    try:
        done = demo.sell(COFFEE)
        unsent = demo.till.state()["network"]["unsent"]
    finally:
        os.kill(central, signal.SIGCONT)
    wait_until(lambda: demo.till.state()["network"]["unsent"] == 0, "everything to arrive", 60)

    assert done["total"] == "€3.49"
    assert unsent > 0


def test_a_killed_till_comes_back_with_its_half_scanned_basket(demo: DemoRun) -> None:
    demo.open_session()
    demo.scan(COFFEE, MILK)
    wait_until(lambda: len((demo.till.state()["sale"] or {"lines": ()})["lines"]) == 2, "both lines")
    before, killed = demo.till.state()["sale"], demo.till_pid

    os.kill(killed, signal.SIGKILL)
    wait_until(lambda: demo.till_pid != killed, "the till to be started again", 60)
    demo.till.forget()

    assert "till 1 was ended by SIGKILL" in demo.said
    assert demo.till.state()["sale"] == before
    assert demo.act("sale/void", sale=before["id"]).status == 200


def test_ctrl_c_stops_everything_and_the_next_start_finds_what_was_sold(tmp_path: Path) -> None:
    demo = DemoRun(tmp_path)
    try:
        demo.start()
        first = demo.sell(COFFEE)
        children = demo.processes()
        status = demo.stop(signal.SIGINT)
        left, said = demo.processes(), demo.said
        second_start = demo.start()
        second = demo.sell(COFFEE)
    finally:
        demo.stop(signal.SIGTERM)

    assert len(children) == 3
    assert (status, left) == (0, [])
    assert "All stopped in" in said
    assert "Traceback" not in said
    assert "with everything that was sold before" in second_start
    assert (first["formatted"][-6:], second["formatted"][-6:]) == ("000001", "000002")


def test_a_taken_port_is_a_plain_sentence_and_nothing_is_made(tmp_path: Path) -> None:
    demo = DemoRun(tmp_path)
    with socket.create_server(("127.0.0.1", demo.ports["TILL2_PORT"])):
        status = demo.launch().wait(60)

    assert status == 1
    assert demo.said.count("\n") == 1
    assert f"port {demo.ports['TILL2_PORT']} is in use" in demo.said
    assert "TILL2_PORT=" in demo.said
    assert not demo.folder.exists()


def test_a_set_up_that_was_broken_off_is_begun_anew(tmp_path: Path) -> None:
    demo = DemoRun(tmp_path)
    process = demo.launch()
    wait_until(lambda: "starting central" in demo.said or process.poll() is not None, "the set-up to begin", 60)
    interrupted = demo.stop(signal.SIGINT)
    try:
        second_start = demo.start()
        done = demo.sell(MILK)
    finally:
        demo.stop()

    assert interrupted == 0
    assert "Making the demo shop" in second_start
    assert done["formatted"].endswith("000001")


def examples(*sections: str) -> str:
    """The indented lines under headings of the page on the APIs."""
    text = (PROJECT / "docs" / "api.md").read_text(encoding="utf-8")
    parts = [text.split(f"## {section}\n", 1)[1].split("\n## ", 1)[0] for section in sections]
    return "\n".join(line[4:] for part in parts for line in part.splitlines() if line.startswith("    "))


async def test_the_examples_of_the_api_do_what_they_say(demo: DemoRun) -> None:
    if shutil.which("jq") is None or shutil.which("curl") is None:
        missing("curl and jq", "install the packages curl and jq")
    async with aiohttp.ClientSession(demo.central, cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        visitor = Visitor(session)
        await visitor.sign_in(USER, PASSWORD)
        bearer = await key(visitor)
    script = examples("The till", "Central, for programs")
    for name, port in (("CENTRAL_PORT", "8400"), ("TILL2_PORT", "8402")):
        assert f":{port}" in script
        script = script.replace(f":{port}", f":{demo.ports[name]}")
    environment = {**os.environ, "KEY": bearer, "no_proxy": "127.0.0.1"}

    process = await asyncio.create_subprocess_exec(
        "bash", "-euo", "pipefail", "-c", script, env=environment, stdout=asyncio.subprocess.PIPE
    )
    said, _ = await asyncio.wait_for(process.communicate(), 60)

    lines = said.decode().splitlines()
    answers = [json.loads(line) for line in lines if line.startswith("{")]
    assert process.returncode == 0, lines
    assert [answer.get("code") for answer in answers] == [None] * 4, answers
    assert [line for line in lines if line.startswith(("T1", "T2"))][:1] == [answers[-1]["document"]["formatted"]]
    assert {"T1", "T2"} <= set(lines)
    text = (PROJECT / "docs" / "api.md").read_text(encoding="utf-8")
    told = text.split("These lines say ", 1)[1].split(":\n", 1)[0]
    assert lines[-6:] == re.findall(r"`([^`]+)`", told)
