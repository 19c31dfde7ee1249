"""Passwords that guessers try first are refused; words that do not belong together are not."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest
from argon2 import extract_parameters
from argon2.profiles import RFC_9106_LOW_MEMORY

from central.identity.passwords import hash_password
from central.identity.people import COMMAND_LINE, Role
from central.identity.service import NewUser, Visit, add_user, change_own_password, find_actor, set_password, sign_in
from central.identity.strength import check_strength
from commerce.errors import BadInputError
from tests.shared_data import PROJECT

if TYPE_CHECKING:
    from tests.central.office import Office

GOOD = "una password lunga"


@pytest.mark.parametrize(
    "password",
    ["1234567890", "qwertyuiop", "password123", "Password2026!", "P@ssw0rd123", "aaaaaaaaaaaaaaaa", "abcabcabcabc",
     "ciaociao123", "juventus2024", "napoli1926!", "forzainter10", "cassaforte2026", "19850412199", "annarossi1985",
     "Anna Rossi 85"],
)  # fmt: skip
def test_a_password_that_is_soon_guessed_is_refused(password: str) -> None:
    with pytest.raises(BadInputError, match=r"password\.common"):
        check_strength(password, ("anna", "Anna Rossi"))


@pytest.mark.parametrize(
    "password", [GOOD, "tre gatti sul tetto", "correct horse battery", "Xk7!pq92mz", "ruota blu 3 sedie"]
)
def test_a_password_that_nobody_guesses_is_taken(password: str) -> None:
    check_strength(password, ("anna", "Anna Rossi"))


def test_one_call_does_not_weigh_with_the_words_of_another() -> None:
    wrong: list[str] = []

    def weigh(name: str, *, good: bool) -> None:
        for _ in range(30):
            try:
                check_strength("zorblaxonia77", (name,))
                wrong.extend([name] if not good else [])
            except BadInputError:
                wrong.extend([name] if good else [])

    threads = [
        threading.Thread(target=weigh, args=("zorblaxonia",), kwargs={"good": False}),
        threading.Thread(target=weigh, args=("bruno",), kwargs={"good": True}),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert wrong == []


async def test_every_way_to_set_a_password_refuses_a_common_one(office: Office) -> None:
    database, at = office.database, office.clock()
    for role, name in ((Role.ADMIN, "anna"), (Role.VIEWER, "bruno")):
        await add_user(database, NewUser(name, GOOD, role, display_name=name.title()), at)
    cookie = await sign_in(database, "anna", GOOD, Visit("10.0.0.1", "a browser"), at)
    actor = await find_actor(database, cookie, at)
    assert actor
    assert actor.id

    for attempt in (
        add_user(database, NewUser("carlo", "juventus2024"), at),
        set_password(database, COMMAND_LINE, actor.id, "juventus2024", at),
        change_own_password(database, actor, GOOD, "juventus2024", at),
    ):
        with pytest.raises(BadInputError, match=r"password\.common"):
            await attempt


async def test_the_loop_turns_while_a_password_is_weighed() -> None:
    turns = 0

    async def turn() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    turning = asyncio.ensure_future(turn())
    with pytest.raises(BadInputError):
        await hash_password("abcabc" * 80)
    turning.cancel()

    assert turns > 3


def test_a_password_costs_what_is_recommended_where_nobody_says_otherwise() -> None:
    program = "import asyncio; from central.identity.passwords import hash_password as h; print(asyncio.run(h(%r)))"
    made = subprocess.run(
        [sys.executable, "-c", program % GOOD], capture_output=True, text=True, check=True, cwd=PROJECT
    )

    assert extract_parameters(made.stdout.strip()) == RFC_9106_LOW_MEMORY
