"""What leaves the house is put down in the transaction that wants it, and goes out by a job once that stands."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, select, update

from central.db.bulk import insert_new
from central.db.clock import database_now
from central.jobs.queue import ask_for
from central.jobs.values import ALL_COMPANIES, Asked, JobKind
from central.outbox.tables import outbox_message
from commerce.errors import BadInputError
from commerce.ids import new_id
from commerce.mail import LONGEST, is_address
from commerce.texts import N_

# A server that is away for a weekend loses nothing: the tries go on for two days and more.
MAIL = JobKind(name="outbox.mail", title=N_("Sending an e-mail"), listed=False, tries=24, first_pause_s=60,
               longest_pause_s=4 * 3600)  # fmt: skip
_LONGEST_SUBJECT = 250


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """A message to one person; ``html`` is the same for programs that show it."""

    to: str
    subject: str
    text: str
    html: str = ""


def post_mail(connection: Connection, mail: Mail, *, company: str | None, key: str | None = None) -> str:
    """Have a mail sent once this transaction commits; with a key once, however often it is posted.

    Returns its id, or that of the one with the key. BadInputError ``mail.address`` or ``mail.subject``.
    """
    _check(mail)
    content = {"text": mail.text, "html": mail.html}
    place = {"company": company or ALL_COMPANIES, "channel": "mail", "key": key or new_id()}
    message = _put(connection, place, mail.to, mail.subject, content)
    asked = Asked(company=company, input={"message": message}, key=message, label=f"{mail.to}: {mail.subject}")
    ask_for(connection, MAIL, asked)
    return message


def get_message(connection: Connection, message: str) -> Row[Any]:
    """Return a message."""
    return connection.execute(select(outbox_message).where(outbox_message.c.id == message)).one()


def mark_sent(connection: Connection, message: str, answer: str) -> None:
    """Note that the other side has it, and what it said."""
    values = {"state": "sent", "answer": answer, "sent_at": database_now(connection)}
    connection.execute(update(outbox_message).where(outbox_message.c.id == message).values(**values))


def mark_refused(connection: Connection, message: str, answer: str) -> None:
    """Note that the other side does not want it."""
    refused = update(outbox_message).where(outbox_message.c.id == message).values(state="refused", answer=answer)
    connection.execute(refused)


def _check(mail: Mail) -> None:
    if not is_address(mail.to):
        raise BadInputError("mail.address", address=mail.to[:LONGEST])
    if not mail.subject.isprintable() or len(mail.subject) > _LONGEST_SUBJECT:
        raise BadInputError("mail.subject")


def _put(
    connection: Connection, place: Mapping[str, str], address: str, subject: str, content: Mapping[str, str]
) -> str:
    values = {"id": new_id(), **place, "address": address, "subject": subject, "content": content, "state": "waiting",
              "answer": "", "put_at": database_now(connection)}  # fmt: skip
    if insert_new(connection, outbox_message, values):
        return str(values["id"])
    same = (outbox_message.c[name] == value for name, value in place.items())
    return str(connection.execute(select(outbox_message.c.id).where(*same)).scalar_one())
