"""The rows of `make faults` about what stands around the relay: a tab, portal, TURN server, crisis button."""

from __future__ import annotations

from pathlib import Path

from loadtests.netlab.turnserver import NoTurnServer
from tests.faults.crisis import press_often
from tests.faults.portal_kills import kill_portals
from tests.faults.report import Row
from tests.faults.tab import crash_tabs
from tests.faults.turn import kill_turn

__all__ = ["crisis_row", "portal_row", "tab_row", "turn_row"]

_CRISIS_LIMIT_S = 2.0
_PORTAL_BACK_S = 3.0
# Of the supervisor: doubled with each death.
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.2, 5.0


async def portal_row(folder: Path, kills: int, seed: int) -> Row:
    result = await kill_portals(folder, kills, seed)
    pauses = [min(_LONGEST_PAUSE_S, _FIRST_PAUSE_S * 2**kill) for kill in range(kills)]
    starts = [back - pause for back, pause in zip(result.back_s, pauses, strict=True)]
    if result.recorded != result.strokes:
        result.faults.append(f"{result.recorded} of {result.strokes} strokes recorded")
    return Row(
        "kills-portal",
        f"{kills} × kill -9 of the portal in a recorded lesson, while three people draw and three fetch tickets",
        f"the lesson and its recording go on; another portal serves within {_PORTAL_BACK_S:.0f} s of the supervisor's "
        "pause; what was answered is there, once; log-ins stay good; the audit chain holds",
        f"serves {starts[0]:.1f} s after the pause, {max(starts):.1f} s at most; {result.meanwhile:,} of "
        f"{result.strokes:,} strokes saved while there was none, {result.recorded:,} recorded; {result.answered:,} "
        f"tickets; {result.faults[0] if result.faults else '0 faults'}",
        not result.faults and result.meanwhile > 0 and max(starts) <= _PORTAL_BACK_S,
        f"seed {seed}",
    )


async def tab_row(folder: Path, crashes: int) -> Row:
    result = await crash_tabs(folder, crashes)
    return Row(
        "tab",
        f"a browser tab dies {crashes} times in a lesson, just after pen-up: SIGKILL to its renderer, `Page.crash`",
        "every stroke is there when its owner comes back, once, and on everybody's board",
        f"{result.held} of {result.drawn} strokes, the board back within {result.back_s:.1f} s, equal: "
        f"{'yes' if result.equal else '**no**'}",
        result.held == result.drawn and result.equal,
    )


async def turn_row(folder: Path) -> Row:
    done = "kill -9 of the TURN server in a lesson whose links all go through it, and another one after a while"
    expected = "the board goes on over the relay, links come back by themselves, nothing lost"
    try:
        result = await kill_turn(folder)
    except NoTurnServer as error:
        return Row("turn", done, expected, f"not done: {error}", False)
    return Row(
        "turn",
        done,
        expected,
        f"{result.seen_meanwhile} strokes seen meanwhile, noticed after {result.noticed_s:.1f} s, linked again "
        f"{result.back_s:.1f} s after the next server, equal: {'yes' if result.equal else '**no**'}",
        result.equal and result.seen_meanwhile > 0,
    )


async def crisis_row(folder: Path, presses: int) -> Row:
    result = await press_often(folder, presses)
    page_s, mail_s = sorted(result.page_s), sorted(result.mail_s)
    middle = presses // 2
    return Row(
        "crisis",
        f"the crisis button is pressed {presses} times while the mail server holds an ordinary mail",
        "on the page and in the mail box of whoever is on call within 2 s",
        f"page {page_s[middle] * 1000:.0f} ms (most {page_s[-1] * 1000:.0f} ms), "
        f"mail {mail_s[middle] * 1000:.0f} ms (most {mail_s[-1] * 1000:.0f} ms)",
        result.stalled and len(mail_s) == presses and max(page_s[-1], mail_s[-1]) <= _CRISIS_LIMIT_S,
    )
