"""What a viewer is given of an archive (`docs/recording.md`, Projections): the manifest, and with it the timeline."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from recorder.ciphered import plain_size
from recorder.ebml import MalformedMedia
from recorder.matroska_read import scan
from recorder.reading import ArchiveReader, SessionRow, TrackRow
from recorder.schema import EXPORT_FOLDER, FILM, POSTER
from recorder.silence import FILE as SILENCE
from recorder.silence import load_silences
from recorder.storyboard import load_storyboard
from recorder.timeline import PUBLIC, Viewer, encode_timeline, may_see
from whiteboard_crdt.colours import person_colour
from whiteboard_crdt.ids import Role
from whiteboard_crdt.ticket import stored_colour

__all__ = [
    "PUBLIC", "Viewer", "encode_timeline", "load_manifest", "person_colours",
]  # fmt: skip

_MIME = {"opus": "audio/webm", "vp8": "video/webm", "h264": "video/x-matroska"}


def load_manifest(folder: Path, viewer: Viewer, base_url: str) -> dict[str, Any]:
    """The manifest JSON. Raises SetupError where there is no readable archive. `Any`: it goes out as JSON."""
    with ArchiveReader(folder) as archive:
        start, end = archive.span()
        epoch_at = archive.meta.get("room_epoch_at")
        people = [row for row in archive.sessions.values() if row.role != Role.RECORDER]
        tracks = archive.tracks()
        storyboard = load_storyboard(folder / EXPORT_FOLDER)
        manifest = {
            "version": 1,
            "lesson": archive.meta.get("lesson", folder.name),
            "room": archive.meta.get("room", ""),
            "title": archive.meta.get("title", ""),
            "start_ms": start,
            "end_ms": end,
            "duration_ms": end - start,
            "started_at": epoch_at + start if isinstance(epoch_at, int) else 0,
            "participants": _participants(archive, people, end),
            "tracks": [entry for track in tracks if (entry := _track(archive, track, base_url)) is not None],
            "chapters": [
                {"t_ms": t_ms, "title": title, "kind": kind, "page": page}
                for t_ms, title, kind, page in archive.rows(
                    "chapters", "select room_ms, title, kind, page from chapters order by room_ms, id"
                )
            ],
            "coverage": [*_coverage(archive, tracks), *_missing(archive, viewer, end)],
            "timeline": f"{base_url}/timeline",
            "assets": f"{base_url}/assets",
            "export": f"{base_url}/export.mp4" if (folder / EXPORT_FOLDER / FILM).is_file() else None,
            "poster": f"{base_url}/poster.jpg" if (folder / EXPORT_FOLDER / POSTER).is_file() else None,
            "storyboard": None if storyboard is None else {"url": f"{base_url}/storyboard.jpg", **storyboard},
            "late": archive.meta.get("late"),
            "silences": load_silences(folder / EXPORT_FOLDER / SILENCE),
        }
        # Reading the envelopes here would cost a second on a long lesson; their damage shows in the timeline and in
        # `verify`.
        state = "damaged" if archive.problems else "sealed" if archive.sealed else "recording"
        return {**manifest, "state": state, "problems": archive.problems}


def _missing(archive: ArchiveReader, viewer: Viewer, end: int) -> list[dict[str, Any]]:
    """The pictures that a document which the viewer may see names, and that never came."""
    found = []
    for row in archive.assets():
        if row.held_ms is None and may_see(viewer, row.doc):
            place = {"session": None, "kind": "picture", "from_ms": row.room_ms, "to_ms": max(row.room_ms, end)}
            found.append({**place, "cause": "missing", "asset": row.asset})
    return found


def person_colours(people: list[SessionRow]) -> dict[str, str]:
    """Colour by user, in order of first appearance: the one that the lesson showed."""
    numbers: dict[str, int | None] = {}
    for row in people:
        if numbers.get(row.user) is None:
            numbers[row.user] = stored_colour(row.ticket)
    return {user: person_colour(user, number) for user, number in numbers.items()}


def _participants(archive: ArchiveReader, people: list[SessionRow], end: int) -> list[dict[str, Any]]:
    present: dict[int, list[list[int]]] = {}
    sql = "select room_ms, kind, session_id from events where kind in ('join', 'leave') order by room_ms, id"
    for room_ms, kind, number in archive.rows("events", sql):
        spans = present.setdefault(number, [])
        if kind == "join" and not (spans and spans[-1][1] < 0):
            spans.append([room_ms, -1])
        elif kind == "leave" and spans and spans[-1][1] < 0:
            spans[-1][1] = room_ms
    colours = person_colours(people)
    return [
        {
            "session": row.session,
            "user": row.user,
            "name": row.name,
            "role": row.role,
            "colour": colours[row.user],
            "present": [[a, b if b >= 0 else max(a, end)] for a, b in present.get(row.number, [])],
        }
        for row in people
    ]


def _track(archive: ArchiveReader, track: TrackRow, base_url: str) -> dict[str, Any] | None:
    try:
        size = plain_size(track.path)
    except OSError:
        archive.problems.append(f"the file {track.path.name} is missing")
        return None
    if archive.sealed and size != track.bytes:
        archive.problems.append(f"the file {track.path.name} has {size} bytes where {track.bytes} were written")
        try:
            scan(track.path)
        except (OSError, MalformedMedia):
            return None
    gaps = [
        [from_ms, to_ms, cause]
        for from_ms, to_ms, cause in archive.rows(
            "coverage",
            "select from_ms, to_ms, cause from coverage where session_id = ? and kind = ? and cause != ''"
            " and to_ms >= ? and from_ms <= ? order by from_ms",
            [track.session.number, track.kind, int(track.start_ms), int(track.end_ms) + 1],
        )
    ]
    return {
        "id": track.number,
        "session": track.session.session,
        "user": track.session.user,
        "kind": track.kind,
        "codec": track.codec,
        "mime": f'{_MIME.get(track.codec, "application/octet-stream")}; codecs="{track.codec}"',
        "url": f"{base_url}/media/{track.path.name}",
        "bytes": size,
        "start_ms": track.start_ms,
        "rate": track.rate,
        "end_ms": track.end_ms,
        "width": track.width,
        "height": track.height,
        "closed": track.closed,
        "gaps": gaps,
    }


def _coverage(archive: ArchiveReader, tracks: list[TrackRow]) -> list[dict[str, Any]]:
    found = [
        {
            "session": archive.sessions[number].session if number in archive.sessions else None,
            "kind": kind,
            "from_ms": from_ms,
            "to_ms": to_ms,
            "cause": cause,
        }
        for number, kind, from_ms, to_ms, cause in archive.rows(
            "coverage", "select session_id, kind, from_ms, to_ms, cause from coverage order by from_ms, id"
        )
    ]
    if not archive.sealed:
        found += [
            {
                "session": track.session.session,
                "kind": track.kind,
                "from_ms": round(track.start_ms),
                "to_ms": round(track.end_ms),
                "cause": "",
            }
            for track in tracks
        ]
    return found
