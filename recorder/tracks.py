"""One participant's audio or video on its way into files.

Begins and ends files, fills holes, keeps the account of what was lost.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Protocol

from recorder.clock import ClockFit, RoomClock, SenderClock, TrackClock
from recorder.frames import (
    OPUS_SILENCE,
    OPUS_SILENCE_TICKS,
    EncodedFrame,
    Kind,
    clock_hz,
    h264_parameter_sets,
    h264_private,
    h264_to_avc,
    opus_duration,
    vp8_size,
)
from recorder.h264_sps import sps_size
from recorder.matroska import MatroskaWriter, TrackHeader
from recorder.red import MalformedPayload

# A longer silence ends the file (docs/recording.md, The folder).
LONGEST_HOLE_S = 2.0
_VIDEO_FRAME_S = 0.04
# A line through all that was heard costs a millisecond after two hours. So that of a growing file is drawn anew after a
# second, and later after a hundredth of the file; that of a closed one is always the best.
_FIT_EVERY_S = 1.0
_FIT_SHARE = 0.01
# More unwritten media than this means that the disk does not keep up; then media stops, the board goes on.
MAX_PENDING_BYTES = 16 << 20


DiskJob = Callable[[], None]
"""Waits for the disk. Raises OSError."""


@dataclass(frozen=True, slots=True)
class TrackState:
    """One row of the table `tracks`, apart from its number and session."""

    kind: Kind
    codec: str
    file: str
    epoch: int
    start_ms: float
    rate: float
    fit_n: int
    fit_error_ms: float
    end_ms: float
    frames: int
    keyframes: int
    bytes: int
    lost: int
    width: int | None
    height: int | None
    closed: bool


class TrackJournal(Protocol):
    """Where tracks are accounted for; the archive."""

    def next_epoch(self, session: str, kind: Kind) -> int:
        """The number of the next file of that session and kind, from 1."""

    def hole(self, session: str, kind: Kind, from_ms: float, to_ms: float, cause: str) -> None:
        """Something is missing there (table `coverage`)."""

    def track(self, session: str, state: TrackState) -> None:
        """The present state of a file; called for every flush and at its end."""


@dataclass(slots=True)
class _File:
    writer: MatroskaWriter
    codec: str
    ssrc: int
    clock: TrackClock
    epoch: int
    generation: int
    first_ts: int
    last_ts: int
    end_ts: int
    private: bytes
    width: int | None
    height: int | None
    fit: ClockFit | None = None
    frames: int = 0
    keyframes: int = 0
    lost: int = 0
    fitted_ts: int = 0


class TrackRecorder:
    """Takes the frames of one receiver (a `FrameSink`) and writes them while `recording` is on.

    Everything runs on the event loop, except the jobs that `take` and `take_end` give: they wait for the disk and are
    to be run in order. `ask_keyframe` asks the sender for a picture to begin with.
    """

    def __init__(
        self,
        *,
        session: str,
        kind: Kind,
        media: Path,
        journal: TrackJournal,
        room: RoomClock,
        sender: SenderClock,
        ask_keyframe: Callable[[], None],
    ) -> None:
        self.session = session
        self.kind: Kind = kind
        self._media = media
        self._journal = journal
        self._room = room
        self._sender = sender
        self._clock = TrackClock(sender, clock_hz(kind))
        self._source: tuple[int, int, float] | None = None
        self._hz = clock_hz(kind)
        self._ask_keyframe = ask_keyframe
        self._recording = False
        self._file: _File | None = None
        self._done: list[tuple[_File, TrackState]] = []
        self._jobs: list[DiskJob] = []
        # Where the last frame stands on its clock; a moment only when somebody asks, because fitting costs time.
        self._last: tuple[TrackClock, int] | None = None
        self.disk_failed = False
        self._failed_at_ms: float | None = None

    def start(self) -> None:
        """The lesson is live: what comes from now on is kept."""
        self._recording = True
        if self.kind == "video":
            self._ask_keyframe()

    def report(self, timestamp: int, ntp: int, arrival_s: float) -> None:
        """A sender report arrived."""
        self._clock.add_report(timestamp, ntp, arrival_s * 1000.0)

    def ended(self) -> None:
        """The connection ended; the file is closed by whoever owns this (`take_end`)."""

    def frame(self, frame: EncodedFrame) -> None:
        """A frame arrived. Raises OSError only where a new file cannot be made; the owner stops media then."""
        self._keep_time(frame)
        if not self._recording or self.disk_failed:
            return
        file = self._file
        cause = "" if file is None else self._why_new_file(file, frame)
        if file is not None and cause:
            self._close_file()
            if cause == "paused" and self._last is not None and (since := self._last[0].fit(self._last[1])) is not None:
                since_ms = self._room.place(since).start_ms
                self._journal.hole(self.session, self.kind, since_ms, self._room_time(frame), cause)
            file = None
        if file is None:
            if not frame.keyframe:
                self._ask_keyframe()
                return
            file = self._open(frame)
            if file is None:
                return
            if self._failed_at_ms is not None:
                since_ms, self._failed_at_ms = self._failed_at_ms, None
                self._journal.hole(self.session, self.kind, since_ms, self._room_time(frame), "disk")
        self._write(file, frame)
        self._last = (self._clock, frame.timestamp)
        if file.writer.pending_bytes > MAX_PENDING_BYTES:
            self.fail()

    def take(self) -> list[DiskJob]:
        """Jobs that write what came since the last call, and the account of it to the journal."""
        file = self._file
        if file is not None:
            piece = file.writer.take()
            if piece.data:
                self._jobs.append(partial(file.writer.write, piece))
                self._journal.track(self.session, self._state(file, closed=False))
        jobs, self._jobs = self._jobs, []
        return jobs

    def take_end(self, cause: str = "") -> list[DiskJob]:
        """As `take`, and the present file ends, with cues and duration. Nothing is recorded afterwards.

        `cause`: why a hole begins here, though the sender goes on; whoever continues finds out how long it is.
        """
        self._recording = False
        ends_here = self._file is not None
        self._close_file()
        done, self._done = self._done, []
        for file, state in done:
            # What was learnt of the clocks since then also holds for the files before.
            fit = self._fit(file)
            end_ms = fit.start_ms + fit.rate * (file.end_ts - file.first_ts) * 1000.0 / self._hz
            better = replace(state, start_ms=fit.start_ms, rate=fit.rate, end_ms=end_ms, fit_n=fit.reports)
            self._journal.track(self.session, better)
            if cause and ends_here and file is done[-1][0]:
                self._journal.hole(self.session, self.kind, end_ms, end_ms, cause)
        return self.take()

    def fail(self) -> None:
        """The disk does not take the media: leave the file as it is, note the hole, take nothing until `resume`."""
        file, self._file = self._file, None
        self._jobs.clear()
        self.disk_failed = True
        if file is not None:
            self._journal.track(self.session, self._state(file, closed=False))
            end = self._fit(file).start_ms + (file.end_ts - file.first_ts) * 1000.0 / self._hz
            self._journal.hole(self.session, self.kind, end, end, "disk")
            self._failed_at_ms = end
            file.writer.abandon()

    def resume(self) -> None:
        """The disk has room again: what comes from now on is kept, in a new file."""
        if self.disk_failed:
            self.disk_failed = False
            if self._recording and self.kind == "video":
                self._ask_keyframe()

    def _keep_time(self, frame: EncodedFrame) -> None:
        """Show the frame to the clock; another source, or one whose timestamps jumped, gets a clock of its own."""
        if self._source is not None:
            ssrc, timestamp, arrival_s = self._source
            step_s = (frame.timestamp - timestamp) / self._hz
            jumped = step_s < 0 or abs(step_s - (frame.arrival_s - arrival_s)) > LONGEST_HOLE_S
            if frame.ssrc != ssrc or jumped:
                self._clock = TrackClock(self._sender, self._hz)
        self._source = (frame.ssrc, frame.timestamp, frame.arrival_s)
        lasts_ms = opus_duration(frame.data) * 1000.0 / self._hz if self.kind == "audio" else 0.0
        self._clock.add_frame(frame.timestamp, frame.arrival_s * 1000.0, lasts_ms)

    def _why_new_file(self, file: _File, frame: EncodedFrame) -> str:
        if frame.codec != file.codec or frame.ssrc != file.ssrc or self._clock.generation != file.generation:
            return "stream"
        if file.clock is not self._clock:
            return "stream"
        if (frame.timestamp - file.last_ts) / self._hz > LONGEST_HOLE_S:
            return "paused"
        if frame.codec == "h264" and frame.keyframe:
            sets = h264_parameter_sets(frame.data)
            if sets is not None and h264_private(*sets) != file.private:
                return "stream"
        return ""

    def _open(self, frame: EncodedFrame) -> _File | None:
        header = _header(frame)
        if header is None:
            return None
        epoch = self._journal.next_epoch(self.session, self.kind)
        path = self._media / f"{self.session}-{self.kind}-{epoch}{header.suffix}"
        file = _File(
            writer=MatroskaWriter(path, header),
            codec=frame.codec,
            ssrc=frame.ssrc,
            clock=self._clock,
            epoch=epoch,
            generation=self._clock.generation,
            first_ts=frame.timestamp,
            last_ts=frame.timestamp,
            end_ts=frame.timestamp,
            private=header.private,
            width=header.width_px or None,
            height=header.height_px or None,
        )
        self._file = file
        return file

    def _write(self, file: _File, frame: EncodedFrame) -> None:
        data = h264_to_avc(frame.data) if frame.codec == "h264" else frame.data
        if self.kind == "audio":
            duration = opus_duration(frame.data) or OPUS_SILENCE_TICKS
            missing = (frame.timestamp - file.end_ts) // OPUS_SILENCE_TICKS
            for index in range(missing):
                at = file.end_ts + index * OPUS_SILENCE_TICKS
                file.writer.block(self._t_ms(file, at), OPUS_SILENCE, keyframe=True, duration_ms=20.0)
                file.frames += 1
        else:
            duration = round(_VIDEO_FRAME_S * self._hz)
        if frame.gap or frame.lost:
            file.lost += max(1, frame.lost)
            if file.frames:
                fit = self._fit(file)
                hole_from = fit.start_ms + (file.end_ts - file.first_ts) * 1000.0 / self._hz
                hole_to = fit.start_ms + (frame.timestamp - file.first_ts) * 1000.0 / self._hz
                if hole_to > hole_from:
                    self._journal.hole(self.session, self.kind, hole_from, hole_to, "lost")
        keyframe = frame.keyframe
        file.writer.block(
            self._t_ms(file, frame.timestamp), data, keyframe=keyframe, duration_ms=duration * 1000.0 / self._hz
        )
        file.frames += 1
        file.keyframes += keyframe
        file.last_ts = frame.timestamp
        file.end_ts = max(file.end_ts, frame.timestamp + duration)

    def _t_ms(self, file: _File, timestamp: int) -> int:
        return math.floor((timestamp - file.first_ts) * 1000 / self._hz + 0.5)

    def _room_time(self, frame: EncodedFrame) -> float:
        fit = self._clock.fit(frame.timestamp)
        return self._room.place(fit).start_ms if fit is not None else self._room.at(frame.arrival_s)

    def _fit(self, file: _File) -> ClockFit:
        """The file's line in room time as far as both clocks are known now."""
        # Once the sender's clock was set or its source slipped, the line before is the one that this file is on.
        if file.fit is None or file.clock.generation == file.generation:
            file.fit = file.clock.fit(file.first_ts)
            file.fitted_ts = file.end_ts
        assert file.fit is not None, "a frame was added before"
        return self._room.place(file.fit)

    def _state(self, file: _File, *, closed: bool) -> TrackState:
        fit = None if file.fit is None else self._room.place(file.fit)
        aged_s = (file.end_ts - file.fitted_ts) / self._hz
        if fit is None or closed or aged_s > max(_FIT_EVERY_S, _FIT_SHARE * (file.end_ts - file.first_ts) / self._hz):
            fit = self._fit(file)
        length_ms = (file.end_ts - file.first_ts) * 1000.0 / self._hz
        return TrackState(
            kind=self.kind,
            codec=file.codec,
            file=file.writer.path.name,
            epoch=file.epoch,
            start_ms=fit.start_ms,
            rate=fit.rate,
            fit_n=fit.reports,
            fit_error_ms=fit.error_ms,
            end_ms=fit.start_ms + fit.rate * length_ms,
            frames=file.frames,
            keyframes=file.keyframes,
            bytes=file.writer.size_bytes,
            lost=file.lost,
            width=file.width,
            height=file.height,
            closed=closed,
        )

    def _close_file(self) -> None:
        file, self._file = self._file, None
        if file is None:
            return
        self._jobs.append(partial(file.writer.write_end, file.writer.take_end()))
        state = self._state(file, closed=True)
        self._done.append((file, state))
        self._journal.track(self.session, state)


def _header(frame: EncodedFrame) -> TrackHeader | None:
    if frame.codec == "opus":
        return TrackHeader("opus")
    if frame.codec == "vp8":
        return TrackHeader("vp8", *vp8_size(frame.data))
    sets = h264_parameter_sets(frame.data)
    if sets is None:
        return None
    try:
        width, height = sps_size(sets[0])
    except MalformedPayload:
        return None
    return TrackHeader("h264", width, height, h264_private(*sets))
