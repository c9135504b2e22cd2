from __future__ import annotations

import pytest

from whiteboard_crdt.order import key_after, later_key


def test_keys_grow() -> None:
    keys = [key_after("")]
    for _ in range(200):
        keys.append(key_after(keys[-1]))
    assert keys[0] == "a0"
    assert keys == sorted(set(keys))


@pytest.mark.parametrize("hostile", ["", "!", "a", "b0", "a00", "é", "z" * 70, "a0\n", "~~~", "Zz0"])
def test_keys_that_others_made_up_are_passed_over_or_followed_by_a_good_one(hostile: str) -> None:
    key = key_after(later_key("a5", hostile))
    assert key > "a5"
    assert len(key) < 80


def test_higher_good_key_wins() -> None:
    assert later_key("a5", "a7") == "a7"
    assert later_key("a5", "a3") == "a5"
    assert later_key("", "a0") == "a0"
