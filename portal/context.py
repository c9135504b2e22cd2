"""What every handler can reach: the parts of the running portal, under typed keys."""

from dataclasses import dataclass

from aiohttp import web

from portal.accounts import Accounts, Person
from portal.assets import Assets
from portal.classroom import Classrooms
from portal.clock import Clock
from portal.crisis import CrisisDesk
from portal.database import Database
from portal.demo import DemoLogin
from portal.film_maker import FilmMaker
from portal.keyfiles import Keyring
from portal.lessons import Lesson
from portal.mails.sender import PostOffice
from portal.operation import Operation
from portal.page_imports import PageImports
from portal.pages import Pages
from portal.passwords import Passwords
from portal.pdf_pages import PdfPages
from portal.placement import Placement
from portal.playback import Playback
from portal.proofs import Proofs
from portal.questions import QuestionPace
from portal.recordings import RecordingDesk
from portal.redaction_maker import RedactionMaker
from portal.removals import Removals
from portal.request_keys import LESSON, PERSON
from portal.roster.desk import RosterDesk
from portal.safety import Watch
from portal.settings import PortalSettings
from portal.throttle import Throttle
from portal.tickets import TicketOffice
from portal.waiting import WaitingRoom
from portal.webhook_sender import WebhookSender


@dataclass(frozen=True, slots=True)
class Portal:
    """The running portal."""

    settings: PortalSettings
    clock: Clock
    keyring: Keyring
    database: Database
    accounts: Accounts
    passwords: Passwords
    proofs: Proofs
    question_pace: QuestionPace
    pace: Throttle  # of programs, by their ids
    watch: Watch
    webhooks: WebhookSender
    rosters: RosterDesk
    placement: Placement
    post_office: PostOffice
    desk: RecordingDesk
    classrooms: Classrooms
    tickets: TicketOffice
    removals: Removals
    crisis: CrisisDesk
    waiting: WaitingRoom
    playback: Playback
    operation: Operation
    films: FilmMaker
    redactions: RedactionMaker
    assets: Assets
    pages: Pages
    page_imports: PageImports
    pdf_pages: PdfPages
    demo_logins: tuple[DemoLogin, ...]


PORTAL = web.AppKey("portal", Portal)


def portal_of(request: web.Request) -> Portal:
    """The portal that serves this request."""
    return request.config_dict[PORTAL]


def person_of(request: web.Request) -> Person:
    """Whoever is logged in; only for routes whose access asks for a log-in."""
    return request[PERSON]


def lesson_of(request: web.Request) -> Lesson:
    """The lesson of the path, already authorized; only for routes whose access names a lesson action."""
    return request[LESSON]
