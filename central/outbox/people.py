"""Tells people by mail what somebody else did to their account: a durable reader of events."""

from collections.abc import Sequence

from sqlalchemy import Connection

from central.db.events import Event
from central.db.readers import Reader
from central.identity.second_steps import TAKEN_AWAY, whom_to_tell
from central.outbox.messages import Mail, post_mail
from commerce.texts import translator


def tell_people(connection: Connection, events: Sequence[Event]) -> None:
    """Put down what is to be mailed about events, for whoever has an address, in their language."""
    for event in events:
        told = whom_to_tell(connection, event.key)
        if told is None:
            continue
        address, language = told
        t = translator(language).t
        text = t(
            "Somebody who manages the users of head office took your sign-in with a code away: your password alone"
            " lets you in. If you did not ask for it, tell them, and change your password. You set the code up again"
            " under “My account”."
        )
        mail = Mail(to=address, subject=t("Your sign-in with a code was taken away"), text=text)
        post_mail(connection, mail, company=event.company or None)


TELL_PEOPLE = Reader("outbox.people", tell_people, frozenset({TAKEN_AWAY}))
