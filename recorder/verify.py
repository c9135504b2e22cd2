"""`chalkmesh verify`: whether an archive is whole, authentic, and playable.

Every finding is one sentence for a person.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import av

from recorder.ciphered import ChunkRefused, plain_size
from recorder.demux import open_media
from recorder.ebml import MalformedMedia
from recorder.matroska_read import scan
from recorder.pictures import load_picture
from recorder.reading import ArchiveReader, TrackRow
from recorder.redacted_copy import UNSIGNED, is_nameless, is_redacted
from recorder.schema import MANIFEST, UNNAMED
from recorder.seal import archive_files, sha256_file
from recorder.sound_rows import LARGE
from whiteboard_crdt.assets import sniff_mime
from whiteboard_crdt.envelope import FIRST_PREV, Envelope, decode_envelope, envelope_hash
from whiteboard_crdt.envelope import verify as verify_envelope
from whiteboard_crdt.errors import ProtocolError, SetupError, TicketError, UpdateRefused
from whiteboard_crdt.ids import DocKind, DocRef, RoomId
from whiteboard_crdt.keys import PublicKey, load_jwks, load_point
from whiteboard_crdt.policy import Ledger, check_update, missing_base
from whiteboard_crdt.ticket import Ticket, read_ticket
from whiteboard_crdt.yupdate import scan_update

# What the next one of a redacted copy follows on is not there any more.
UNKNOWN_PREV = b""
# Frames of each track that are decoded; the structure of the whole file is walked through.
_DECODED_FRAMES = 25
# After this many findings of one kind more of them say nothing new.
_MAX_FINDINGS = 20


@dataclass(slots=True)
class Report:
    """The outcome. `errors` make an archive bad; `notes` are worth knowing (still running, not hashed yet)."""

    errors: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    sessions: int = 0
    envelopes: int = 0
    tracks: int = 0
    assets: int = 0

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not self.errors


def verify(folder: Path, keys: Mapping[str, PublicKey] | None = None) -> Report:
    """Check everything that can be checked.

    `keys`: the school's ticket keys by kid; without them those that the archive states are taken, which shows damage
    but not a forgery of the whole. Raises SetupError where there is no archive that could be opened.
    """
    report = Report()
    with ArchiveReader(folder) as archive:
        if not archive.sealed:
            report.notes.append("the recording is not sealed: it still runs, or its recorder has not come back")
        _check_hashes(archive, report)
        _check_database(archive, report)
        if is_redacted(archive.meta):
            report.notes.append("this is a redacted copy: what was changed in it cannot be checked against signatures")
        tickets = _check_tickets(archive, keys, report)
        _check_envelopes(archive, tickets, report)
        for track in archive.tracks():
            report.tracks += 1
            _check_track(track, archive.sealed, report)
        _check_assets(archive, report)
        _check_coverage(archive, report)
        report.errors += archive.problems
    return report


def _check_hashes(archive: ArchiveReader, report: Report) -> None:
    path = archive.folder / MANIFEST
    if not path.is_file():
        if archive.sealed:
            report.notes.append(f"{MANIFEST} is not written yet, so the files were not compared with it")
        return
    try:
        stated = json.loads(path.read_bytes())["files"]
        expected = {str(name): (int(entry["bytes"]), str(entry["sha256"])) for name, entry in stated.items()}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        report.errors.append(f"{MANIFEST} is damaged")
        return
    present = {file.relative_to(archive.folder).as_posix(): file for file in archive_files(archive.folder)}
    for name, (size, digest) in expected.items():
        file = present.pop(name, None)
        if file is None:
            report.errors.append(f"{name} is missing")
        elif (found := plain_size(file)) != size:
            report.errors.append(f"{name} has {found} bytes where {size} were sealed")
        elif _digest(file) != digest:
            report.errors.append(f"{name} was changed after it was sealed")
    report.errors += [f"{name} was added after the recording was sealed" for name in present]


def _digest(path: Path) -> str:
    """Empty for an encrypted file that was changed: it has no plain content."""
    try:
        return sha256_file(path)
    except ChunkRefused:
        return ""


def _check_database(archive: ArchiveReader, report: Report) -> None:
    archive.leave_out(LARGE)
    for (text,) in archive.rows("meta", "pragma integrity_check(5)"):
        if text != "ok":
            report.errors.append(f"lesson.sqlite is damaged: {text}")


def _check_tickets(
    archive: ArchiveReader, keys: Mapping[str, PublicKey] | None, report: Report
) -> dict[str, tuple[Ticket, PublicKey]]:
    if keys is None:
        try:
            keys = load_jwks(json.dumps(archive.meta.get("keys")).encode())
        except SetupError:
            report.errors.append("the school's keys are not in the archive, so no ticket can be checked")
            keys = {}
    tickets: dict[str, tuple[Ticket, PublicKey]] = {}
    for row in archive.sessions.values():
        report.sessions += 1
        if is_redacted(archive.meta) and is_nameless(row.ticket):
            continue
        try:
            ticket = read_ticket(row.ticket, keys)
            if ticket.room != archive.meta.get("room"):
                raise TicketError("ticket of another room")
            name = UNNAMED if ticket.unrecorded else ticket.name
            if (ticket.session, ticket.user, name, ticket.role, ticket.client) != (
                row.session,
                row.user,
                row.name,
                row.role,
                row.client,
            ):
                raise TicketError("not what the table sessions says")
            tickets[row.session] = (ticket, load_point(ticket.key))
        except ProtocolError as error:
            report.errors.append(f"ticket of session {row.session}: {error.reason}")
    return tickets


def _check_envelopes(archive: ArchiveReader, tickets: dict[str, tuple[Ticket, PublicKey]], report: Report) -> None:
    room = RoomId(str(archive.meta.get("room", "")))
    ledgers: dict[DocRef, Ledger] = {}
    heads: dict[tuple[DocRef, str], tuple[int, bytes]] = {}
    sql = (
        "select e.id, t.doc, s.session, e.seq, e.authored_ms, e.envelope from envelopes e"
        " join streams t on t.id = e.stream join sessions s on s.id = t.session_id order by e.id"
    )
    findings: list[str] = []
    for number, doc, session, seq, authored_ms, raw in archive.rows("envelopes", sql):
        report.envelopes += 1
        if len(findings) >= _MAX_FINDINGS:
            continue
        try:
            envelope = decode_envelope(raw)
            if is_redacted(archive.meta) and (envelope.sig == UNSIGNED or session not in tickets):
                heads[envelope.doc, envelope.session] = (envelope.seq, UNKNOWN_PREV)
                ledgers.setdefault(envelope.doc, Ledger()).note(scan_update(envelope.update))
                continue
            if (envelope.doc.text, envelope.session, envelope.seq, envelope.authored_ms) != (
                doc,
                session,
                seq,
                authored_ms,
            ):
                raise ProtocolError("not what its row says")
            _check_envelope(room, envelope, tickets.get(session), heads)
            _check_rules(envelope, tickets[session][0], ledgers.setdefault(envelope.doc, Ledger()))
        except UpdateRefused as error:
            findings.append(f"envelope {number} of session {session}: breaks rule {error.rule}, {error.reason}")
        except (ProtocolError, TypeError) as error:
            reason = error.reason if isinstance(error, ProtocolError) else "is no envelope"
            findings.append(f"envelope {number} of session {session}: {reason}")
    (count,) = next(archive.rows("envelopes", "select count(*) from envelopes"), (report.envelopes,))
    if count != report.envelopes:
        findings.append(f"{count - report.envelopes} envelopes belong to no session")
    report.errors += findings


def _check_envelope(
    room: RoomId,
    envelope: Envelope,
    author: tuple[Ticket, PublicKey] | None,
    heads: dict[tuple[DocRef, str], tuple[int, bytes]],
) -> None:
    if author is None:
        raise ProtocolError("its session has no good ticket")
    if not verify_envelope(room, envelope, author[1]):
        raise ProtocolError("its signature does not hold")
    key = (envelope.doc, envelope.session)
    seq, digest = heads.get(key, (0, FIRST_PREV))
    if envelope.seq != seq + 1:
        raise ProtocolError(f"number {envelope.seq} follows on number {seq}")
    if digest != UNKNOWN_PREV and envelope.prev != digest:
        raise ProtocolError("does not follow on the one before")
    heads[key] = (envelope.seq, envelope_hash(room, envelope.body))


def _check_rules(envelope: Envelope, ticket: Ticket, ledger: Ledger) -> None:
    found = scan_update(envelope.update)
    if missing_base(found, ledger):
        raise ProtocolError("builds on something that is not there")
    check_update(found, envelope.doc, ticket, ledger)
    ledger.note(found)


def _check_track(track: TrackRow, sealed: bool, report: Report) -> None:
    name = f"media/{track.path.name}"
    try:
        found = scan(track.path)
    except FileNotFoundError:
        report.errors.append(f"{name} is missing")
        return
    except (OSError, MalformedMedia) as error:
        report.errors.append(f"{name} cannot be read: {error}")
        return
    if sealed and (found.truncated or not found.closed or found.size_bytes != track.bytes):
        report.errors.append(f"{name} is cut short or damaged: {found.good_bytes} of {track.bytes} bytes make sense")
        return
    if sealed and found.blocks != track.frames:
        report.errors.append(f"{name} holds {found.blocks} frames where {track.frames} were recorded")
    if found.header.codec != track.codec:
        report.errors.append(f"{name} holds {found.header.codec} where {track.codec} was recorded")
    if found.blocks and not _decodes(track):
        report.errors.append(f"{name} does not decode")


def _decodes(track: TrackRow) -> bool:
    try:
        with open_media(track.path) as container:
            stream = next(stream for stream in container.streams if stream.type == track.kind)
            frames = 0
            for packet in container.demux(stream):
                frames += len(packet.decode())
                if frames >= _DECODED_FRAMES:
                    break
            return frames > 0
    except (av.FFmpegError, OSError, StopIteration):
        return False


def _check_assets(archive: ArchiveReader, report: Report) -> None:
    findings: list[str] = []
    held = 0
    for row in archive.assets():
        name = f"assets/{row.asset}"
        if row.held_ms is None:
            report.notes.append(f"a picture on the {_place(row.doc)} never came: {row.asset}")
            continue
        held += 1
        if not row.path.is_file():
            findings.append(f"{name} is missing")
        elif (data := load_picture(archive.folder, row.asset)) is None:
            findings.append(f"{name} is not what its name says, or cannot be read")
        elif len(data) != row.bytes or (sniff_mime(data) or "application/octet-stream") != row.mime:
            findings.append(f"{name} is not what table assets says")
    report.assets = held
    report.errors += findings[:_MAX_FINDINGS]


def _place(doc: DocRef) -> str:
    return "board" if doc.kind is DocKind.BOARD else "private board of a student"


def _check_coverage(archive: ArchiveReader, report: Report) -> None:
    sql = "select session_id, kind, from_ms, to_ms, cause from coverage"
    recorded: set[tuple[object, str]] = set()
    for number, kind, from_ms, to_ms, cause in archive.rows("coverage", sql):
        if not (isinstance(from_ms, int) and isinstance(to_ms, int) and from_ms <= to_ms):
            report.errors.append("a row of table coverage makes no sense")
        elif not cause:
            recorded.add((number, str(kind)))
    if archive.sealed:
        missing = {(track.session.number, track.kind) for track in archive.tracks()} - recorded
        report.errors += [
            f"the {kind} of a session is recorded, but table coverage does not say so" for _, kind in missing
        ]


__all__ = ["Report", "verify"]
