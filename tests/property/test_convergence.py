from __future__ import annotations

import os

import pytest

from tests.property.network import Network, content

SEEDS = range(int(os.environ.get("CHALKMESH_SEEDS", "12")))


@pytest.mark.parametrize("seed", SEEDS)
def test_replicas_end_equal_whatever_the_network_does(seed: int) -> None:
    network = Network(seed, nodes=3)
    for _ in range(250):
        network.step()
    network.settle()
    first, *others = network.contents()
    assert all(other == first for other in others), network.replay()


@pytest.mark.parametrize("seed", SEEDS)
def test_late_joiner_with_a_snapshot_and_the_rest_equals_the_others_P8(seed: int) -> None:
    network = Network(seed, nodes=2)
    for _ in range(120):
        network.step()
    network.settle()
    holder = network.nodes[0].peer.replica
    snapshots = [holder.snapshot(ref) for ref in holder.documents]
    for _ in range(60):
        network.step()
    network.settle()
    holder = network.nodes[0].peer.replica
    late = network.room.reader()
    for snapshot in snapshots:
        network.check(late.apply_snapshot(snapshot))
    for envelope in holder.missing_for(late.heads(), max_bytes=1 << 30)[1]:
        network.check(late.receive(envelope, now_ms=network.now_ms))
    assert late.heads() == holder.heads(), network.replay()
    assert content(late) == content(holder), network.replay()
