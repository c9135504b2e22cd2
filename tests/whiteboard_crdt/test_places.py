from __future__ import annotations

from whiteboard_crdt.places import UNKNOWN, Item, Places


def test_items_beside_each_other_stand_in_one_place() -> None:
    places = Places()
    places.add([
        Item(1, 0, 1, root="shapes", key="a"),
        Item(1, 1, 3, parent=(1, 0), key="text"),
        Item(1, 4, 2, origin=(1, 2)),
        Item(1, 6, 1, right=(1, 5)),
        Item(1, 7, 1, parent=(1, 0), key="x"),
    ])  # fmt: skip
    assert places.of((1, 3)) == places.of((1, 5)) == places.of((1, 6)) != UNKNOWN
    assert len({places.of((1, 0)), places.of((1, 1)), places.of((1, 7))}) == 3


def test_neighbours_in_two_places_are_apart_P1() -> None:
    base = Places()
    base.add([Item(1, 0, 1, root="meta", key="a"), Item(1, 1, 1, root="meta", key="b"), Item(1, 2, 1, origin=(1, 0))])
    fresh = [Item(2, 0, 1, origin=(1, 0), right=(1, 1))]
    overlay = Places(base)
    overlay.add(fresh)
    assert overlay.apart(fresh)
    good = [Item(2, 0, 1, origin=(1, 0), right=(1, 2))]
    overlay = Places(base)
    overlay.add(good)
    assert not overlay.apart(good)


def test_neighbour_that_comes_later_in_a_state_is_found_P8() -> None:
    places = Places()
    early = [Item(9, 0, 1, origin=(8, 0)), Item(9, 1, 1, origin=(8, 1))]
    places.add([*early, Item(8, 0, 1, parent=(7, 0)), Item(8, 1, 1, origin=(9, 0))])
    assert places.of((9, 1)) == places.of((8, 0)) == places.of((9, 0)) != UNKNOWN


def test_garbage_and_rings_stand_nowhere() -> None:
    places = Places()
    places.add(
        [Item(1, 0, 5), Item(1, 5, 1, origin=(1, 3)), Item(2, 0, 1, origin=(3, 0)), Item(3, 0, 1, origin=(2, 0))]
    )
    assert [places.of(item) for item in ((1, 2), (1, 5), (2, 0), (3, 0), (4, 0))] == [UNKNOWN] * 5


def test_what_is_there_already_is_passed_over() -> None:
    places = Places()
    places.add([Item(1, 0, 4, root="meta", key="a")])
    places.add([Item(1, 0, 6, root="meta", key="a"), Item(1, 6, 1, root="meta", key="b")])
    assert places.of((1, 5)) == places.of((1, 0)) != places.of((1, 6))
