"""The page of whoever runs the service: what goes on now, in figures and small plots."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from aiohttp import web

from portal.assets import OPERATION_ENTRY, NotBuilt
from portal.authorize import Action
from portal.context import person_of, portal_of
from portal.operation import QUEUE_WRITES, Look, Overview
from portal.routing import RouteTable, may
from portal.sparklines import Sparkline, sparkline

routes = RouteTable()

_SCARCE = 0.1
_SLOW_MS = 100.0


@dataclass(frozen=True, slots=True)
class Plot:
    """One figure with its half hour. `unit` follows the number; `bad` says that it wants somebody's eyes."""

    name: str
    value: str
    unit: str
    line: Sparkline
    bad: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the service, and whether it works."""

    name: str
    ok: bool
    words: str


@routes.get("/operation", may(Action.READ_OPERATION))
async def operation_page(request: web.Request) -> web.Response:
    """Looked at again every few seconds by its script; without one the browser loads it anew."""
    portal, person = portal_of(request), person_of(request)
    overview = await portal.operation.overview(person.actor.school)
    last = overview.last
    try:
        script = portal.assets.bundle(OPERATION_ENTRY).script
    except NotBuilt:
        script = ""
    refused = last.relay.refusals if last.relay is not None else {}
    closed = last.relay.closes if last.relay is not None else {}
    return portal.pages.respond(
        request,
        "operation.html",
        script=script,
        overview=overview,
        last=last,
        parts=_parts(overview),
        plots=_plots(overview.looks),
        span=_span(last.at_ms - overview.looks[0].at_ms),
        refusals=sorted(refused.items(), key=lambda item: -item[1]),
        closes=sorted(closed.items(), key=lambda item: -item[1]),
    )


def _parts(overview: Overview) -> list[Part]:
    last, relay = overview.last, overview.last.relay
    if not overview.relay_known:
        words = "The portal has no address of its own for it."
    elif relay is None:
        words = "It does not answer."
    else:
        words = relay.log_detail or "It stores every edit."
    disk = last.disk
    return [
        Part("Portal", last.database_ok, "Its database answers." if last.database_ok else "Its database is away."),
        Part("Relay", not overview.relay_known or (relay is not None and relay.log_ok), words),
        Part(
            "Recorder",
            last.held.recorder_follows,
            "It waits for lessons." if last.held.recorder_follows else "None asks for lessons.",
        ),
        Part("Disk", disk.free_share >= _SCARCE, f"{_gigabytes(disk.free_bytes)} free, {disk.free_share:.0%}."),
    ]


def _plots(looks: Sequence[Look]) -> list[Plot]:
    last = looks[-1]

    def drawn(value: Callable[[Look], float | None], least_top: float) -> Sparkline:
        return sparkline([value(each) for each in looks], least_top)

    queue = last.relay.queue_writes if last.relay is not None else 0
    return [
        Plot("Rooms in use", str(_rooms(last)), "", drawn(_rooms, 1)),
        Plot("People in rooms", str(last.people), "", drawn(lambda each: each.people, 1)),
        Plot("Edits a second", _number(last.edits_s), "", drawn(lambda each: each.edits_s, 1)),
        Plot(
            "95 % saved within",
            _number(last.ack_p95_ms),
            "ms" if last.ack_p95_ms is not None else "",
            drawn(lambda each: each.ack_p95_ms, 10),
            bad=(last.ack_p95_ms or 0) > _SLOW_MS,
        ),
        Plot(
            "Waiting for the log",
            str(queue),
            "edits",
            drawn(lambda each: each.relay.queue_writes if each.relay is not None else None, 16),
            bad=queue > QUEUE_WRITES // 4,
        ),
        Plot(
            "Live lessons recorded",
            f"{last.held.coverage:.0%}",
            "",
            drawn(lambda each: 100 * each.held.coverage, 100),
            bad=last.held.coverage < 1,
        ),
        Plot("Films to make", str(last.films_waiting), "", drawn(lambda each: each.films_waiting, 1)),
        Plot(
            "Mails not sent",
            str(sum(last.held.mails.values())),
            "",
            drawn(lambda each: sum(each.held.mails.values()), 1),
            bad=last.held.mails.get("failed", 0) > 0,
        ),
    ]


def _span(length_ms: int) -> str:
    minutes = round(length_ms / 60_000)
    return f"last {minutes} min" if minutes else "since just now"


def _rooms(each: Look) -> int:
    return len(each.relay.rooms) if each.relay is not None else 0


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f}" if value < 10 else f"{value:.0f}"


def _gigabytes(size_bytes: int) -> str:
    return f"{size_bytes / 1e9:.1f} GB"
