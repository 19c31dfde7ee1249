"""Sends mail. A message carries its own id as ``Message-ID``: sent twice after a kill, it is one to whoever gets it."""

from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import format_datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from central.jobs.values import TryAgainError
from central.jobs.work import Work
from central.outbox.messages import get_message, mark_refused, mark_sent
from commerce.errors import RuleError

if TYPE_CHECKING:
    from sqlalchemy import Row

_TIMEOUT_S = 60
_LONGEST_ANSWER = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class MailServer:
    """Who takes our mail. ``security``: TLS from the start, by STARTTLS, or none at all on a machine of one's own."""

    host: str
    port: int
    sender: str
    security: Literal["tls", "starttls", "none"] = "starttls"
    user: str | None = None
    password: str | None = None
    timeout_s: int = _TIMEOUT_S


async def send_mail(work: Work, server: MailServer) -> None:
    """Send the message that a job is about (the handler of ``MAIL``).

    TryAgainError ``mail.away`` for what may pass, RuleError ``mail.refused`` for a no that stays one.
    """
    message = await work.database.read(partial(get_message, message=work.input["message"]))
    if message.state == "waiting":
        try:
            answer = await _send(server, _letter(server, message))
        except RuleError as error:
            await work.step(partial(mark_refused, message=message.id, answer=str(error.values["answer"])))
            raise
        await work.step(partial(mark_sent, message=message.id, answer=answer))


async def _send(server: MailServer, letter: EmailMessage) -> str:
    import aiosmtplib  # central starts without it

    try:
        _, answer = await aiosmtplib.send(
            letter,
            hostname=server.host,
            port=server.port,
            username=server.user,
            password=server.password,
            use_tls=server.security == "tls",
            start_tls=server.security == "starttls",
            timeout=server.timeout_s,
        )
    except aiosmtplib.SMTPRecipientsRefused as error:
        raise _refusal(letter, error.recipients[0]) from error
    except aiosmtplib.SMTPResponseException as error:
        raise _refusal(letter, error) from error
    except (aiosmtplib.SMTPException, OSError) as error:
        raise TryAgainError("mail.away", server=server.host, reason=str(error)[:_LONGEST_ANSWER]) from error
    return answer[:_LONGEST_ANSWER]


def _refusal(letter: EmailMessage, error: Any) -> RuleError | TryAgainError:  # noqa: ANN401 - aiosmtplib is not loaded yet
    """A server says 5xx for good and 4xx for now; of ourselves, when the password is wrong, it says so for good too."""
    import aiosmtplib

    answer = f"{error.code} {error.message}"[:_LONGEST_ANSWER]
    for_now = error.code < 500 or isinstance(error, aiosmtplib.SMTPAuthenticationError | aiosmtplib.SMTPSenderRefused)
    if for_now:
        return TryAgainError("mail.away", server="", reason=answer)
    return RuleError("mail.refused", address=str(letter["To"]), answer=answer)


def _letter(server: MailServer, message: "Row[Any]") -> EmailMessage:
    letter = EmailMessage()
    letter["From"], letter["To"], letter["Subject"] = server.sender, message.address, message.subject
    letter["Date"] = format_datetime(message.put_at)
    letter["Message-ID"] = f"<{message.id}@{server.sender.rpartition('@')[2].rstrip('>')}>"
    letter["Auto-Submitted"] = "auto-generated"
    letter.set_content(message.content["text"])
    if message.content["html"]:
        letter.add_alternative(message.content["html"], subtype="html")
    return letter
