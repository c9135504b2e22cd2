"""What the recorder hears from the portal, however long it is."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from recorder.portal_client import Feed, PortalAway, PortalClient, WantedLesson
from tests.signaling.pieces import serving

FEED = Feed(1, [WantedLesson(f"lesson-{n}", f"room-{n}", "Fractions" * 20, "live", "riverside") for n in range(2_000)])


async def test_the_recorder_hears_of_every_lesson_of_a_long_list(tmp_path: Path) -> None:
    secret = tmp_path / "internal.secret"
    secret.write_text("secret")
    async with serving(msgspec.json.encode(FEED), 8_192) as url, PortalClient(url, secret) as portal:
        assert await portal.wanted(0, 0) == FEED


async def test_an_answer_that_never_ends_means_that_the_portal_is_away(tmp_path: Path) -> None:
    secret = tmp_path / "internal.secret"
    secret.write_text("secret")
    async with serving(bytes(5 << 20), 1 << 16) as url, PortalClient(url, secret) as portal:
        with pytest.raises(PortalAway, match="ProtocolError"):
            await portal.wanted(0, 0)
