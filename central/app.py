"""Builds every part of central from its settings: the one place that knows them all."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Literal

from aiohttp import web

from central.config import CentralConfig, ListenSection
from central.db.engine import Database, open_database
from central.db.lasting import Condition
from central.db.marker import EpochMarker
from central.db.readers import Reader
from central.identity.manifest import IDENTITY
from central.jobs.manifest import WORK
from central.jobs.runner import Handler, Runner
from central.jobs.scheduling import Schedule
from central.jobs.values import JobKind
from central.kit.files.manifest import files_of
from central.kit.kinds import Kinds
from central.kit.routes import add_kinds
from central.organisation.manifest import ORGANISATION
from central.outbox.mail import MailServer, send_mail
from central.outbox.manifest import OUTBOX
from central.outbox.messages import MAIL
from central.registry.manifest import REGISTRY
from central.sales.manifest import SELLING
from central.sales.projection import SalesProjection
from central.tills import api as tills_api
from central.tills.alarms import AlarmProjection
from central.tills.fleet import Fleet
from central.tills.manifest import TELLING, TILLS
from central.tills.pace import Pace
from central.tills.projections import Projections
from central.tills.projector import Projector
from central.tills.service import TillService, load_sealing_key, load_signer
from central.tills.snapshots import Snapshots
from central.tills.telling import NEWS, tell_by_mail
from central.web import shell
from central.web.api import Answer, describe_also
from central.web.guards import MAX_FORM_BYTES
from central.web.keys import CLOCK, DATABASE
from central.web.manifest import declare, handlers_of, readers_of, schedules_of
from central.web.settings import WebSettings
from commerce.apis.operations import JSON_TYPE, Operation
from commerce.dates import utc_text
from commerce.errors import BadInputError
from commerce.texts import N_

AREAS = (IDENTITY, REGISTRY, ORGANISATION, SELLING, TILLS, WORK, OUTBOX)
KINDS = Kinds(kind for area in AREAS for kind in area.kinds)
SERVED = (*AREAS, files_of(KINDS))  # each kind has jobs for its files


class Failing(Answer):
    """What fails: since when, and why."""

    since: str
    why: str


class HealthAnswer(Answer):
    """How this process is; ``away`` (503) while its database is, ``degraded`` while anything else is."""

    status: Literal["away", "degraded", "ok"]
    failing: dict[str, Failing]


HEALTH = Operation(method="GET", path="/health", summary=N_("A sign of life"), tag="health", answer=HealthAnswer,
                   others={503: HealthAnswer})  # fmt: skip
CONDITION = web.AppKey("condition", Condition)


@dataclass(frozen=True, slots=True)
class Central:
    """The parts that the runtime runs and the command line calls."""

    config: CentralConfig
    database: Database
    projector: Projector
    tills: TillService
    fleet: Fleet
    marker: EpochMarker
    condition: Condition
    runners: tuple[Runner, ...]
    readers: tuple[Reader, ...]
    web: web.Application
    schedules: tuple[Schedule, ...] = schedules_of(SERVED)

    @property
    def listen(self) -> ListenSection:
        """Return where the server is to be reached."""
        return self.config.listen


def build(config: CentralConfig, now: Callable[[], datetime]) -> Central:
    """Build everything; nothing is opened or started yet but central's key is read (made at the first start)."""
    database = open_database(config.database_url)
    projection = Projections(SalesProjection(), AlarmProjection())
    fleet = Fleet(database, now)
    modes = tuple(config.projection.modes)
    tills = TillService(database, load_signer(config.signing_key), now, fleet, projection, modes)
    tills.pace = Pace(config.pace.burst, config.pace.per_minute)
    projector = Projector(database, projection, now, modes, tills.handover)
    marker = EpochMarker(database, config.data_dir / "feed-epoch.json")
    condition = Condition(now)
    application = _web(config, database, tills, now)
    application[CONDITION] = condition
    runners = _runners(database, _handlers(config), config.jobs.beside)
    return Central(config, database, projector, tills, fleet, marker, condition, runners, _readers(config), application)


def _readers(config: CentralConfig) -> tuple[Reader, ...]:
    """Return who reads of what happened. A reader has its place in the database: without settings too it reads on."""
    telling = Reader(TELLING, partial(tell_by_mail, addresses=config.mail.tell_of_tills), NEWS)
    return (*readers_of(AREAS), telling)


def _runners(database: Database, handlers: Mapping[JobKind, Handler], beside: int) -> tuple[Runner, ...]:
    """Return who does jobs: what people wait for never waits behind ten thousand mails, nor these behind a report."""
    of_people = {kind: handler for kind, handler in handlers.items() if kind.listed}
    quiet = {kind: handler for kind, handler in handlers.items() if not kind.listed}
    return (*[Runner(database, of_people)] * (beside if of_people else 0), Runner(database, quiet))


def _handlers(config: CentralConfig) -> dict[JobKind, Handler]:
    """Return who does which jobs; what nobody here does waits for a process that does."""
    handlers = handlers_of(SERVED)
    if config.mail.host:
        handlers[MAIL] = partial(send_mail, server=_mail_server(config))
    return handlers


def _mail_server(config: CentralConfig) -> MailServer:
    mail = config.mail
    try:
        password = mail.password_file.read_text(encoding="utf-8").strip() if mail.password_file else None
    except OSError as error:
        raise BadInputError("config.missing", path=str(mail.password_file), reason=error.strerror) from error
    return MailServer(host=mail.host or "", port=mail.port, sender=mail.sender, security=mail.security, user=mail.user,
                      password=password)  # fmt: skip


def _web(config: CentralConfig, database: Database, tills: TillService, now: Callable[[], datetime]) -> web.Application:
    app = web.Application(client_max_size=MAX_FORM_BYTES)
    app[DATABASE], app[CLOCK] = database, now
    app[tills_api.TILLS] = tills
    app[tills_api.SNAPSHOTS] = Snapshots(database, config.data_dir / "snapshots")
    hosts = frozenset(config.listen.allowed_hosts)
    secure, proxies = config.listen.certificate is not None, config.listen.proxy_networks
    shell.install(app, WebSettings(hosts=hosts, secure=secure, trusted_proxies=proxies,
                                   sealing_key=load_sealing_key(config.signing_key)))  # fmt: skip
    app.router.add_get("/health", health)
    describe_also(app, HEALTH)
    serve_areas(app)
    return app


def serve_areas(app: web.Application) -> None:
    """Serve all that the areas declare."""
    declare(app, SERVED)
    add_kinds(app, KINDS)


async def health(request: web.Request) -> web.Response:
    """Say how this process is: 503 while its database is away; what else fails is named and served without."""
    failing = request.app[CONDITION].failing
    status: Literal["away", "degraded", "ok"] = "away" if "database" in failing else "degraded" if failing else "ok"
    named = {name: Failing(since=utc_text(one.since), why=one.why) for name, one in failing.items()}
    answer = HealthAnswer(status=status, failing=named).model_dump_json().encode()
    return web.Response(body=answer, status=503 if status == "away" else 200, content_type=JSON_TYPE)
