"""`kill -9` of the recorder in the middle of a lesson: `recorder.session`, `archive`, `mending`."""

from __future__ import annotations

from pathlib import Path

import pytest

from recorder.reading import ArchiveReader
from recorder.verify import verify
from tests.recorder.kills import TRACKS, holes_ms, lesson_with_kills, strokes_in
from tests.recorder.media import decode_video
from tests.recorder.world import world

KILLS = 5


@pytest.mark.timeout(120)
async def test_recorder_killed_five_times_loses_no_stroke_and_says_where_media_is_missing(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        kills, strokes = await lesson_with_kills(w, tmp_path / "recorder.log", KILLS, seed=11)
    for kill in kills:
        # What the killed process left plays as it is.
        assert kill.playable == kill.files > 0
        assert set(kill.ends) == TRACKS
    assert strokes_in(w.folder) == strokes
    # A hole for each of the tracks and each of the kills, from the end of one file to the beginning of the next.
    assert len(holes_ms(w.folder)) == KILLS * len(TRACKS)
    with ArchiveReader(w.folder) as archive:
        assert archive.meta["run"] == KILLS + 1
        tracks = archive.tracks()
        sql = "select session_id, kind, from_ms, to_ms from coverage where cause = 'recorder' and kind != 'board'"
        for number, kind, from_ms, to_ms in archive.rows("coverage", sql):
            own = [track for track in tracks if (track.session.number, track.kind) == (number, kind)]
            assert any(abs(track.end_ms - from_ms) <= 1 for track in own)
            assert any(abs(track.start_ms - to_ms) <= 1 for track in own)
        for track in tracks:
            if track.kind == "video":
                assert len(list(decode_video(track.path))) == track.frames
    assert verify(w.folder, w.school.jwks).errors == []
