"""The recorder's own small server: `recorder.metrics`."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import pytest

from recorder.metrics import LessonFigures, status_server
from whiteboard_crdt.errors import SetupError

TOKEN = "a-token-of-this-test"


@dataclass
class State:
    wanted: int = 4
    films_waiting: int = 2
    portal_heard_s: float = 0.0
    lesson_figures: list[LessonFigures] = field(
        default_factory=lambda: [
            LessonFigures("recording", 4),
            LessonFigures("joined", 1),
            LessonFigures("connecting", 0),
        ]
    )


async def ask(port: int | None, path: str, token: str = TOKEN) -> tuple[int, str]:
    headers = {"Authorization": f"Bearer {token}"}
    async with (
        aiohttp.ClientSession() as http,
        http.get(f"http://127.0.0.1:{port}{path}", headers=headers) as answer,
    ):
        return answer.status, await answer.text()


async def test_figures_name_states_links_coverage_and_films(tmp_path: Path) -> None:
    secret = tmp_path / "metrics.secret"
    secret.write_text(TOKEN)
    async with status_server(State(), 0, secret, tmp_path) as port:
        assert (await ask(port, "/metrics", "wrong"))[0] == 401
        status, text = await ask(port, "/metrics")
    assert status == 200
    for line in (
        'chalkmesh_recorder_lessons{state="recording"} 1.0',
        "chalkmesh_recorder_links 5.0",
        "chalkmesh_recorder_coverage 0.5",
        "chalkmesh_recorder_export_queue 2.0",
    ):
        assert line in text


async def test_recorder_is_ready_only_while_the_portal_answers(tmp_path: Path) -> None:
    state = State()
    async with status_server(state, 0, tmp_path / "none", tmp_path) as port:
        assert (await ask(port, "/healthz"))[0] == 200
        assert (await ask(port, "/readyz"))[0] == 503
        state.portal_heard_s = time.monotonic()
        assert (await ask(port, "/readyz"))[0] == 200
        state.portal_heard_s -= 100
        assert (await ask(port, "/readyz"))[0] == 503


async def test_recorder_with_a_disk_nearly_full_is_healthy_and_not_ready(tmp_path: Path) -> None:
    state = State(portal_heard_s=time.monotonic())
    async with status_server(state, 0, tmp_path / "none", tmp_path, least_free_mb=10**9) as port:
        assert (await ask(port, "/healthz"))[0] == 200
        status, text = await ask(port, "/readyz")
    assert (status, "nearly full" in text) == (503, True)


async def test_recorder_that_cannot_write_is_not_healthy(tmp_path: Path) -> None:
    async with status_server(State(portal_heard_s=time.monotonic()), 0, tmp_path / "none", tmp_path / "gone") as port:
        assert [(await ask(port, path))[0] for path in ("/healthz", "/readyz")] == [503, 503]


async def test_no_port_serves_nothing_and_a_taken_one_is_one_sentence(tmp_path: Path) -> None:
    async with status_server(State(), None, tmp_path, tmp_path) as port:
        assert port is None
    async with status_server(State(), 0, tmp_path, tmp_path) as port:
        with pytest.raises(SetupError, match="cannot listen"):
            async with status_server(State(), port, tmp_path, tmp_path):
                pass
