"""Mail that leaves by the outbox: put down with the change that wants it, sent once, kept with what the server said."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from datetime import timedelta
from email import message_from_bytes, policy
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from aiosmtpd.smtp import SMTP
from sqlalchemy import select, update

from central.db.clock import database_now
from central.identity.people import COMMAND_LINE
from central.jobs import results
from central.jobs.runner import Runner
from central.jobs.tables import job
from central.jobs.values import State
from central.outbox.mail import MailServer, send_mail
from central.outbox.messages import MAIL, Mail, get_message, post_mail
from central.outbox.tables import outbox_message
from commerce.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from email.message import EmailMessage

    from aiosmtpd.smtp import Envelope, Session
    from sqlalchemy import Connection, Row

    from central.db.engine import Database

HELLO = Mail(to="anna@example.com", subject="Offerta n. 12 è pronta", text="Buongiorno,\nè qui.\n", html="<p>è qui</p>")


class PostOffice:
    """A mail server that answers what it is told to, and keeps what it took."""

    def __init__(self) -> None:
        self.letters: list[EmailMessage] = []
        self.recipient_answer = self.letter_answer = "250 OK"
        self.port = 0

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _: SMTP, __: Session, envelope: Envelope, address: str, ___: list[str]
    ) -> str:
        envelope.rcpt_tos.append(address)
        return self.recipient_answer

    async def handle_DATA(self, _: SMTP, __: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        assert isinstance(envelope.content, bytes)
        if self.letter_answer.startswith("250"):
            self.letters.append(message_from_bytes(envelope.content, policy=policy.default))
        return self.letter_answer

    def server(self, **values: Any) -> MailServer:  # noqa: ANN401 - of MailServer
        ours = {"host": "127.0.0.1", "port": self.port, "sender": "Bottega <posta@bottega.example>", "security": "none"}
        return MailServer(**{**ours, **values})


@asynccontextmanager
async def opened(office: PostOffice) -> AsyncIterator[None]:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(office, loop=loop, enable_SMTPUTF8=True), "127.0.0.1", 0)
    office.port = server.sockets[0].getsockname()[1]
    yield
    server.close()
    await server.wait_closed()


@pytest.fixture
async def post_office() -> AsyncIterator[PostOffice]:
    office = PostOffice()
    async with opened(office):
        yield office


async def post(database: Database, mail: Mail = HELLO, key: str | None = None) -> str:
    return await database.write(partial(post_mail, mail=mail, company="c1", key=key))


async def deliver(database: Database, server: MailServer) -> bool:
    return await Runner(database, {MAIL: partial(send_mail, server=server)}).step()


async def standing(database: Database, message: str) -> tuple[Row[Any], Row[Any]]:
    """Return the message and its job."""
    return await database.read(
        lambda conn: (get_message(conn, message), conn.execute(select(job).where(job.c.key == message)).one())
    )


def make_due(connection: Connection) -> None:
    past = database_now(connection) - timedelta(minutes=1)
    connection.execute(update(job).where(job.c.state == State.WAITING).values(free_at=past))


async def test_a_mail_arrives_with_its_accents_and_both_bodies(
    central_database: Database, post_office: PostOffice
) -> None:
    message = await post(central_database)
    assert await deliver(central_database, post_office.server())

    [letter] = post_office.letters
    assert (letter["To"], letter["Subject"]) == ("anna@example.com", "Offerta n. 12 è pronta")
    assert (letter["From"], letter["Message-ID"]) == (
        "Bottega <posta@bottega.example>", f"<{message}@bottega.example>"
    )  # fmt: skip
    plain, html = letter.get_body(("plain",)), letter.get_body(("html",))
    assert plain is not None
    assert html is not None
    assert plain.get_content().splitlines() == ["Buongiorno,", "è qui."]
    assert "<p>è qui</p>" in html.get_content()
    sent, did = await standing(central_database, message)
    assert (sent.state, did.state, did.listed) == ("sent", State.DONE, False)
    assert sent.sent_at is not None


async def test_a_mail_leaves_only_if_the_change_that_wants_it_stands(central_database: Database) -> None:
    def fails(connection: Connection) -> None:
        post_mail(connection, HELLO, company="c1")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await central_database.write(fails)

    assert await central_database.read(lambda conn: conn.execute(select(outbox_message)).all()) == []
    assert await central_database.read(lambda conn: conn.execute(select(job)).all()) == []


async def test_a_mail_posted_twice_under_a_key_is_one(central_database: Database, post_office: PostOffice) -> None:
    assert await post(central_database, key="offer 12") == await post(central_database, key="offer 12")
    assert await deliver(central_database, post_office.server())

    assert not await deliver(central_database, post_office.server())
    assert len(post_office.letters) == 1


async def test_what_was_sent_is_not_sent_again_when_its_job_is(
    central_database: Database, post_office: PostOffice
) -> None:
    message = await post(central_database)
    await deliver(central_database, post_office.server())
    await central_database.write(lambda conn: conn.execute(update(job).values(state=State.WAITING)).rowcount)
    await central_database.write(make_due)
    assert await deliver(central_database, post_office.server())

    assert len(post_office.letters) == 1
    assert (await standing(central_database, message))[1].state == State.DONE


@pytest.mark.parametrize("at", ["recipient", "letter"])
async def test_a_no_for_good_is_kept_and_listed_with_the_servers_words(
    central_database: Database, post_office: PostOffice, at: str
) -> None:
    setattr(post_office, f"{at}_answer", "550 5.1.1 No such user here")
    message = await post(central_database)
    await deliver(central_database, post_office.server())

    refused, failed = await standing(central_database, message)
    assert (refused.state, refused.answer) == ("refused", "550 5.1.1 No such user here")
    assert (failed.state, failed.reason, failed.listed) == (State.FAILED, "mail.refused", True)
    assert failed.reason_values == {"address": "anna@example.com", "answer": "550 5.1.1 No such user here"}
    listed = partial(results.list_jobs, actor=COMMAND_LINE, before=None, limit=9)
    assert [row.label for row in await central_database.read(listed)] == ["anna@example.com: Offerta n. 12 è pronta"]


@pytest.mark.parametrize("at", ["recipient", "letter"])
async def test_a_no_for_now_is_tried_again(central_database: Database, post_office: PostOffice, at: str) -> None:
    setattr(post_office, f"{at}_answer", "451 4.7.1 Greylisted")
    message = await post(central_database)
    await deliver(central_database, post_office.server())
    waiting, put_off = await standing(central_database, message)
    assert (waiting.state, put_off.state, put_off.reason) == ("waiting", State.WAITING, "mail.away")

    post_office.recipient_answer = post_office.letter_answer = "250 OK"
    await central_database.write(make_due)
    await deliver(central_database, post_office.server())

    assert (await standing(central_database, message))[0].state == "sent"


async def test_a_server_that_is_not_there_is_waited_for(central_database: Database) -> None:
    gone = PostOffice()
    async with opened(gone):
        pass
    message = await post(central_database)
    await deliver(central_database, gone.server())

    assert [(row.state, row.answer) for row in [(await standing(central_database, message))[0]]] == [("waiting", "")]
    assert (await standing(central_database, message))[1].reason == "mail.away"


async def test_a_server_that_says_nothing_is_not_waited_for_long(central_database: Database) -> None:
    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    silent = await asyncio.start_server(say_nothing, "127.0.0.1", 0)
    server = MailServer(host="127.0.0.1", port=silent.sockets[0].getsockname()[1], sender="a@b.example",
                        security="none", timeout_s=1)  # fmt: skip
    message = await post(central_database)
    await deliver(central_database, server)
    silent.close()

    assert (await standing(central_database, message))[1].reason == "mail.away"


async def test_a_server_without_tls_gets_nothing_where_tls_is_wanted(
    central_database: Database, post_office: PostOffice
) -> None:
    message = await post(central_database)
    await deliver(central_database, post_office.server(security="starttls"))

    assert post_office.letters == []
    assert (await standing(central_database, message))[1].reason == "mail.away"


@pytest.mark.parametrize(
    ("mail", "code"),
    [
        (Mail(to="anna", subject="x", text=""), "mail.address"),
        (Mail(to="anna@example.com\nBcc: eva@example.com", subject="x", text=""), "mail.address"),
        (Mail(to="anna@example.com, eva@example.com", subject="x", text=""), "mail.address"),
        (Mail(to="a" * 300 + "@example.com", subject="x", text=""), "mail.address"),
        (Mail(to="anna@example.com", subject="x\nBcc: eva@example.com", text=""), "mail.subject"),
        (Mail(to="anna@example.com", subject="x" * 251, text=""), "mail.subject"),
    ],
)
async def test_what_is_no_address_or_no_subject_is_not_put_down(
    central_database: Database, mail: Mail, code: str
) -> None:
    with pytest.raises(BadInputError, match=code.replace(".", r"\.")):
        await post(central_database, mail)
