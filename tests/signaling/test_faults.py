"""A seeded slice of `make faults`: real processes killed, frozen and starved, real files cut off. See tests/faults."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.faults.bits import flip_archive, flip_portal, flip_room_log
from tests.faults.clock import jump
from tests.faults.damage import damage_log
from tests.faults.disk_full import fill_disk, small_disk
from tests.faults.disk_trace import compiler
from tests.faults.frozen import freeze_relay, panic_relay
from tests.faults.kills import kill_relays
from tests.faults.messages import mangle_messages
from tests.faults.power_cut import cut_power, record_trace
from tests.faults.waiting import Stuck, within

SEED = 20
needs_compiler = pytest.mark.skipif(compiler() is None, reason="the disk tracer is C: needs cc")


@needs_compiler
@pytest.mark.timeout(180)
async def test_20_power_cuts_lose_nothing_that_was_acknowledged_B1(tmp_path: Path) -> None:
    result = await cut_power(tmp_path, await record_trace(tmp_path, SEED), 20, SEED)
    assert result.lost == []
    assert (result.cuts, result.acked > 500, result.with_snapshots > 0) == (20, True, True)


@needs_compiler
@pytest.mark.timeout(180)
async def test_the_simulation_bites_a_log_that_does_not_sync(tmp_path: Path) -> None:
    result = await cut_power(tmp_path, await record_trace(tmp_path, SEED, normal=True), 20, SEED)
    assert len(result.lost) >= 3


@pytest.mark.timeout(300)
async def test_a_relay_killed_ten_times_under_load_lost_and_doubled_nothing_B1(tmp_path: Path) -> None:
    result = await kill_relays(tmp_path, 10, SEED)
    assert result.lost == []
    assert result.unequal == ""
    assert result.kills == 10


@pytest.mark.timeout(180)
async def test_a_frozen_relay_is_replaced_from_the_log(tmp_path: Path) -> None:
    result = await freeze_relay(tmp_path)
    assert (result.restarts, result.strokes, result.held) == (1, 25, 25)


@pytest.mark.timeout(180)
async def test_a_relay_that_panics_ends_and_is_started_again(tmp_path: Path) -> None:
    result = await panic_relay(tmp_path)
    assert (result.restarts, result.strokes, result.held) == (1, 26, 26)


@pytest.mark.timeout(180)
async def test_on_a_full_disk_nothing_is_acknowledged_live_goes_on_and_it_heals_B1(tmp_path: Path) -> None:
    try:
        with small_disk(tmp_path / "disk") as disk:
            result = await fill_disk(disk)
    except PermissionError:
        pytest.skip("mounting a small disk needs root")
    assert result.acked_while_full == 0
    assert result.seen_while_full == result.drawn_while_full
    assert "full" in result.red
    assert (result.healed, result.saved, result.equal) == (True, True, True)


@pytest.mark.timeout(180)
@pytest.mark.parametrize(("snapshot", "alone"), [(True, 400), (False, 199)], ids=["snapshot", "no-snapshot"])
async def test_a_damaged_record_is_rebuilt_from_snapshot_or_peers(tmp_path: Path, snapshot: bool, alone: int) -> None:
    result = await damage_log(tmp_path, snapshot=snapshot)
    assert (result.quarantined, result.held_alone) == (1, alone)
    assert (result.held_after, result.equal, result.whole_again) == (result.strokes, True, True)


@pytest.mark.timeout(120)
@pytest.mark.parametrize("seconds", [3_600, -3_600], ids=["ahead", "back"])
async def test_relays_clock_set_in_a_lesson_moves_no_room_time_and_locks_nobody_out_T2(
    tmp_path: Path, seconds: int
) -> None:
    assert (await jump(tmp_path, seconds)).ok


@pytest.mark.timeout(120)
async def test_doubled_late_and_damaged_messages_change_no_board_E2_E5_E6(tmp_path: Path) -> None:
    result = await mangle_messages(tmp_path, 300, 30, SEED)
    assert result.wrong == ""
    assert all(result.counts[what] for what in ("twice", "late", "damaged"))
    assert result.refused.total() == 30


@pytest.mark.timeout(120)
async def test_flipped_bits_change_nothing_unnoticed(tmp_path: Path) -> None:
    for name in ("log", "portal", "archive"):
        (tmp_path / name).mkdir()
    assert (await flip_room_log(tmp_path / "log", 20, SEED)).bad == []
    assert (await flip_portal(tmp_path / "portal", 20, SEED)).bad == []
    assert flip_archive(tmp_path / "archive", 20, SEED).bad == []


async def test_who_waits_in_vain_says_who_and_for_what() -> None:
    with pytest.raises(Stuck, match="the peer waited 0 s in vain for its work; 3 of 4 are there"):
        async with within(0.01, "the peer", "its work", lambda: "3 of 4 are there"):
            await asyncio.Event().wait()
    with pytest.raises(TimeoutError):
        async with within(5, "the peer", "its work"), asyncio.timeout(0.01):
            await asyncio.Event().wait()
