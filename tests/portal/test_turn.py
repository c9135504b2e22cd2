"""Ephemeral TURN credentials: portal/turn.py. The vector was made with OpenSSL."""

import pytest

from portal.turn import ice_servers, turn_credentials

NOW_MS = 1_795_442_700_000
SESSION = "00000000000000a1"


def test_the_user_is_expiry_and_session_and_the_password_its_hmac() -> None:
    username, credential = turn_credentials("north", SESSION, NOW_MS)
    assert (username, credential) == ("1795449900:00000000000000a1", "xYrAdIwrP8Olr8goXgYjlxBNbMM=")


def test_a_later_ticket_has_other_credentials_and_so_has_another_session() -> None:
    first = turn_credentials("north", SESSION, NOW_MS)
    assert first != turn_credentials("north", SESSION, NOW_MS + 60_000)
    assert first != turn_credentials("north", "00000000000000a2", NOW_MS)


def test_urls_are_separated_by_spaces_or_commas() -> None:
    (server,) = ice_servers("turn:a:3478, turn:a:3478?transport=tcp\n turns:a:443", "north", SESSION, NOW_MS)
    assert server["urls"] == ["turn:a:3478", "turn:a:3478?transport=tcp", "turns:a:443"]


@pytest.mark.parametrize(("urls", "secret"), [("", "north"), (" ,", "north"), ("turn:a:3478", "")])
def test_without_servers_or_secret_there_are_none(urls: str, secret: str) -> None:
    assert ice_servers(urls, secret, SESSION, NOW_MS) == []
