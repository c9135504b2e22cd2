"""Makes a finished recording out of a script: played on a virtual clock, written with the recorder's own archive."""

import contextlib
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from portal.showcase.avatar import Look
from portal.showcase.cast import Ensemble, Participant, Person, Signer
from portal.showcase.pointers import Pointer, pointers
from portal.showcase.script import MAIN, Action, Draw, Point, RaiseHand, Script, TurnTo, Write
from portal.showcase.tracks import encode_camera, encode_voice, write_track
from portal.showcase.voice import syllables
from recorder.archive import Archive, LessonInfo, open_archive
from recorder.seal import write_hashes
from whiteboard_crdt.ids import MAIN_PAGE, RoomId
from whiteboard_crdt.spec import load_spec
from whiteboard_crdt.stage import StageState
from whiteboard_crdt.ticket import Ticket

LIVE_MS: Final = 9000
"""Room time at which the lesson goes live; until then people come in."""
_ARRIVALS_MS: Final = (0, 3200, 5400, 6100, 6900)
_MAKING: Final = ".making"
_NETWORK_MS: Final = 24
"""From an author's hand to the recorder."""
_AFTERWARDS_MS: Final = 1500
_COLOURS: Final[tuple[str, ...]] = tuple(load_spec("palette")["participants"])
_PITCHES_HZ: Final = (196.0, 232.0, 262.0, 218.0, 246.0)


@dataclass(frozen=True, slots=True)
class Attendance:
    """Somebody who was there: the ticket, and room time of coming and going."""

    ticket: Ticket
    joined_ms: int
    left_ms: int


@dataclass(frozen=True, slots=True)
class MadeRecording:
    """What was made. Times are room time; `room_epoch_at_ms` is the unix time of room time 0."""

    room_epoch_at_ms: int
    start_ms: int
    end_ms: int
    attendance: tuple[Attendance, ...]

    @property
    def duration_ms(self) -> int:
        """Length of what can be watched."""
        return self.end_ms - self.start_ms


def make_recording(
    folder: Path,
    lesson: LessonInfo,
    script: Script,
    people: Mapping[str, Person],
    signer: Signer,
    live_at_ms: int,
    checkpoint: Callable[[], None] = lambda: None,
) -> MadeRecording:
    """Writes the recording of a lesson that went live at `live_at_ms` (unix ms) into a new folder, and seals it.

    The folder appears under its name only when it is complete. `checkpoint` is called several times a second and may
    raise to give up. Raises FileExistsError if the folder is there, and OSError.
    """
    if folder.exists():
        raise FileExistsError(folder)
    # One level deeper than recordings lie, so that nobody takes it for one.
    beside = folder.parent / _MAKING / folder.name
    # Left by a process that was killed.
    shutil.rmtree(beside, ignore_errors=True)
    beside.mkdir(parents=True)
    with contextlib.ExitStack() as undo:
        undo.callback(shutil.rmtree, beside, ignore_errors=True)
        archive = open_archive(beside, lesson)
        try:
            made = _Maker(archive, RoomId(lesson.room), script, people, signer, live_at_ms - LIVE_MS, checkpoint).make()
            archive.seal(made.end_ms)
        finally:
            archive.close()
        write_hashes(beside, lesson.lesson)
        beside.rename(folder)
        undo.pop_all()
    with contextlib.suppress(OSError):  # Another recording is being made beside.
        beside.parent.rmdir()
    return made


class _Maker:
    def __init__(
        self,
        archive: Archive,
        room: RoomId,
        script: Script,
        people: Mapping[str, Person],
        signer: Signer,
        epoch_at_ms: int,
        checkpoint: Callable[[], None],
    ) -> None:
        self._archive = archive
        self._script = script
        self._epoch_at_ms = epoch_at_ms
        self._checkpoint = checkpoint
        self._ensemble = Ensemble(room, script, people, signer, epoch_at_ms)
        self._end_ms = LIVE_MS + script.length_ms
        self._jobs: list[tuple[int, Callable[[int], None]]] = []

    def make(self) -> MadeRecording:
        archive = self._archive
        archive.meta("room_epoch_at", self._epoch_at_ms)
        archive.event("recorder", None, {"run": archive.run, "what": "start"}, 0)
        attendance = [self._attend(*each) for each in enumerate(self._ensemble.members.values())]
        tutor = self._script.tutor
        self._at(LIVE_MS, partial(self._state, tutor, StageState.LIVE))
        self._at(self._end_ms, partial(self._state, tutor, StageState.ENDED))
        for pointer in pointers(self._script):
            self._at(LIVE_MS + pointer.at_ms, partial(self._move, pointer))
        for action in self._script.actions:
            done_ms = action.up_ms if isinstance(action, Draw) else action.at_ms
            self._at(LIVE_MS + done_ms, partial(self._act, action))
        for room_ms, job in sorted(self._jobs, key=lambda each: each[0]):
            self._checkpoint()
            job(room_ms)
        archive.flush()
        for number, actor in enumerate(self._script.actors):
            self._media(number, actor)
        archive.covered(None, "board", 0, self._end_ms)
        archive.event("recorder", None, {"run": archive.run, "what": "stop"}, self._end_ms + _AFTERWARDS_MS)
        return MadeRecording(self._epoch_at_ms, LIVE_MS, self._end_ms, tuple(attendance))

    def _at(self, room_ms: int, job: Callable[[int], None]) -> None:
        self._jobs.append((room_ms, job))

    def _member(self, actor: str) -> Participant:
        return self._ensemble.members[actor]

    def _attend(self, number: int, member: Participant) -> Attendance:
        joined_ms, left_ms = _ARRIVALS_MS[number % len(_ARRIVALS_MS)], self._end_ms + 300 * (number + 1)

        self._at(joined_ms, partial(self._join, member))
        self._at(left_ms, partial(self._archive.event, "leave", member.session, {"reason": "left"}))
        return Attendance(member.ticket, joined_ms, left_ms)

    def _join(self, member: Participant, room_ms: int) -> None:
        self._archive.session(member.ticket, member.token, room_ms)
        self._archive.event("join", member.session, {}, room_ms)

    def _state(self, actor: str, state: StageState, room_ms: int) -> None:
        archive, member = self._archive, self._member(actor)
        archive.event("state", member.session, {"state": state.value}, room_ms)
        if state is StageState.LIVE:
            member.stage.set(state=state, page=MAIN_PAGE, started_ms=self._epoch_at_ms + room_ms)
            archive.meta("start_ms", room_ms)
            self._turned(actor, MAIN, self._script.title, room_ms)
        else:
            member.stage.set(state=state)
        self._exchange(actor, room_ms)

    def _move(self, pointer: Pointer, room_ms: int) -> None:
        session, page = self._member(pointer.actor).session, self._ensemble.page(pointer.page)
        self._archive.cursor(session, page, round(pointer.x * 10), round(pointer.y * 10), room_ms)

    def _act(self, action: Action, room_ms: int) -> None:
        member = self._member(action.actor)
        if isinstance(action, RaiseHand):
            self._archive.event("hand", member.session, {"up": action.up}, room_ms)
        elif not isinstance(action, Point):
            self._ensemble.act(action, self._epoch_at_ms + room_ms)
            if isinstance(action, TurnTo):
                self._turned(action.actor, action.page, action.title, room_ms)
            self._exchange(action.actor, room_ms)
            if isinstance(action, Write):
                message = member.chat.messages()[-1]
                self._archive.chat(message.id, message.author, message.text, message.at_ms, room_ms + _NETWORK_MS)

    def _turned(self, actor: str, page: str, title: str, room_ms: int) -> None:
        page_id = self._ensemble.page(page)
        self._archive.event("page", self._member(actor).session, {"page": page_id}, room_ms)
        self._archive.chapter(title, "page", page_id, room_ms)

    def _exchange(self, actor: str, room_ms: int) -> None:
        for envelope in self._ensemble.exchange(actor, self._epoch_at_ms + room_ms):
            self._archive.envelope(envelope, room_ms + _NETWORK_MS)

    def _media(self, number: int, actor: str) -> None:
        member, script = self._member(actor), self._script
        stretches = [(speech.from_ms, speech.to_ms) for speech in script.speeches if speech.actor == actor]
        spoken = syllables(stretches, _PITCHES_HZ[number % len(_PITCHES_HZ)], seed=number)
        # In order of first appearance, as player and film colour them.
        look = Look(_initials(member.person.name), _COLOURS[number % len(_COLOURS)], number)
        start_ms = float(LIVE_MS)
        voice = encode_voice(spoken, script.length_ms, seed=number)
        camera = encode_camera(look, spoken, script.length_ms)
        write_track(self._archive, member.session, "audio", voice, start_ms, self._checkpoint)
        write_track(self._archive, member.session, "video", camera, start_ms, self._checkpoint)


def _initials(name: str) -> str:
    words = name.split()
    return "".join(word[0] for word in (words[0], *words[1:][-1:])).upper()
