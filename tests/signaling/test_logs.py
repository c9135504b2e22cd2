"""What a relay and its peers log of a whole lesson, down to debug: ids, and nothing that anybody is called or wrote."""

from __future__ import annotations

import logging

import pytest

from signaling.server import Relay
from tests.signaling.conftest import session_url
from tests.signaling.drawing import draw
from tests.signaling.school import School
from whiteboard_crdt.ids import Role

WORDS = "Zyxwvut qponmlk"


async def test_a_lesson_leaves_no_name_and_no_word_in_the_logs(
    school: School, relay: Relay, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    url = session_url(relay)
    ann, bob = school.person("Zyxwvut-ann", Role.TUTOR), school.person("Zyxwvut-bob")
    async with school.peer(ann, url) as tutor, school.peer(bob, url) as student:
        tutor.set_presence({"page": "main", "title": WORDS})
        draw(tutor, 3)
        student.chat.post(WORDS, student.now_ms())
        await tutor.wait_for(lambda: len(tutor.chat.messages()) == 1)
        await tutor.saved()
        await student.saved()
        # What goes wrong is what is logged.
        student.cut(relay=True)
        await student.wait_for(lambda: not student.connected)
        student.cut(relay=False)
        await student.wait_for(lambda: student.synced)
    await relay.stop()
    said = [record.getMessage() for record in caplog.records if record.name.startswith("chalkmesh")]
    assert said
    assert not [line for line in said if "Zyxwvut" in line or "qponmlk" in line]
