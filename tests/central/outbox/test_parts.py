"""What belongs to the outbox besides sending: its settings, and what it forgets."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select, update

from central.app import build
from central.config import read_config
from central.db.clock import database_now
from central.outbox.housekeeping import KEPT, trim_messages
from central.outbox.messages import MAIL, Mail, post_mail
from central.outbox.tables import outbox_message
from commerce.errors import BadInputError
from tests.central.office import Clock

if TYPE_CHECKING:
    from pathlib import Path

    from central.db.engine import Database

MAIL_SETTINGS = '[mail]\nhost = "mail.example"\nsender = "Bottega <posta@bottega.example>"\n'


async def kinds_done(folder: Path, text: str) -> list[str]:
    """Return what a process with these settings does."""
    path = folder / "central.toml"
    path.write_text(f'data_dir = "data"\n{text}', encoding="utf-8")
    central = build(read_config(path), Clock())
    await central.database.close()
    return [kind.name for runner in central.runners for kind in runner.handlers]


async def test_mail_is_sent_by_a_process_that_has_a_server_for_it(tmp_path: Path) -> None:
    assert MAIL.name not in await kinds_done(tmp_path, "")
    assert MAIL.name in await kinds_done(tmp_path, MAIL_SETTINGS)


async def test_a_password_file_that_is_not_there_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match=r"config\.missing"):
        await kinds_done(tmp_path, f'{MAIL_SETTINGS}password_file = "{tmp_path}/nothing"\n')


async def test_what_was_put_down_long_ago_is_forgotten(central_database: Database) -> None:
    mail = Mail(to="anna@example.com", subject="x", text="x")
    old, new = [await central_database.write(partial(post_mail, mail=mail, company=None)) for _ in range(2)]
    long_ago = await central_database.read(database_now) - KEPT - timedelta(days=1)
    aged = update(outbox_message).where(outbox_message.c.id == old).values(put_at=long_ago)
    await central_database.write(lambda conn: conn.execute(aged).rowcount)

    assert [await central_database.write(trim_messages) for _ in range(2)] == [1, 0]
    ids = select(outbox_message.c.id)
    assert await central_database.read(lambda conn: list(conn.execute(ids).scalars())) == [new]
