"""Tells by mail, once a till and day, that a till waits for a person: a durable reader of events."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import Connection, select

from central.db.events import Event
from central.organisation.directory import tills
from central.organisation.service import get_company, get_shop
from central.outbox.messages import Mail, post_mail
from central.tills.tables import till_alarm
from commerce.texts import translator

NEWS = frozenset({"till.alarm", "till.forked", "till.set_aside"})


def tell_by_mail(connection: Connection, events: Sequence[Event], addresses: Sequence[str]) -> None:
    """Put down what is to be mailed about events (the effect of a ``Reader``), in the language of the till's shop.

    That somebody has seen an alarm is an event too: where no alarm is left there is nothing to tell.
    """
    if not addresses:
        return
    news = {(event.key.partition("/")[0], event.at.date(), event.kind == "till.alarm") for event in events}
    for till, day, alarm in sorted(news):
        if not alarm or _has_open_alarm(connection, till):
            _tell(connection, till, day, addresses)


def _has_open_alarm(connection: Connection, till: str) -> bool:
    query = select(till_alarm.c.seq).where(till_alarm.c.till == till, till_alarm.c.state == "open").limit(1)
    return connection.execute(query).first() is not None


def _tell(connection: Connection, till: str, day: date, addresses: Sequence[str]) -> None:
    row = connection.execute(select(tills).where(tills.c.id == till)).first()
    if row is None:
        return
    shop, company = get_shop(connection, row.shop), get_company(connection, row.company)
    t = translator(shop.languages[0]).t
    subject = t("Till {code} waits for somebody", code=row.code)
    text = t(
        "Till {code} of {shop} ({company}) waits for somebody: it raised an alarm, or sent entries that central set"
        " aside. “Tills” in head office says what to do. There is one e-mail a day for each till.",
        code=row.code, shop=shop.name, company=company.name,
    )  # fmt: skip
    for address in addresses:
        mail = Mail(to=address, subject=subject, text=text)
        post_mail(connection, mail, company=row.company, key=f"till waits {till} {day} {address}")
