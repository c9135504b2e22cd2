"""The secrets of the data folder: portal/keyfiles.py, portal/tls.py."""

import stat
from pathlib import Path

import pytest

from portal.keyfiles import load_keyring, prepare_data
from portal.tls import self_signed
from whiteboard_crdt.errors import SetupError
from whiteboard_crdt.keys import load_jwks


def test_first_start_makes_secrets_that_only_the_owner_reads(tmp_path: Path) -> None:
    keyring = prepare_data(tmp_path / "data")
    for name in ("ticket.pem", "internal.secret"):
        assert stat.S_IMODE((tmp_path / "data" / "keys" / name).stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700
    assert len(keyring.internal_secret) == 43
    public = load_jwks((tmp_path / "data" / "keys" / "ticket.pub.json").read_bytes())
    assert list(public) == [keyring.kid]
    assert public[keyring.kid] == keyring.private_key.public_key()


def test_second_start_keeps_them(tmp_path: Path) -> None:
    first, second = prepare_data(tmp_path), prepare_data(tmp_path)
    assert (first.kid, first.jwks, first.internal_secret) == (second.kid, second.jwks, second.internal_secret)


@pytest.mark.parametrize(
    ("name", "content"), [("ticket.pem", b"no key"), ("internal.secret", b"short"), ("internal.secret", b"\xff" * 8)]
)
def test_secret_that_is_none_is_one_sentence(tmp_path: Path, name: str, content: bytes) -> None:
    prepare_data(tmp_path)
    (tmp_path / "keys" / name).write_bytes(content)
    with pytest.raises(SetupError, match=name):
        prepare_data(tmp_path)


def test_data_folder_that_is_a_file_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("x")
    with pytest.raises(SetupError, match="cannot be used"):
        prepare_data(tmp_path / "data")


def test_keys_that_were_never_made_are_said_so(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="was the portal ever started there"):
        load_keyring(tmp_path)


def test_self_signed_certificate_is_made_once_and_again_when_broken(tmp_path: Path) -> None:
    certificate, key = self_signed(tmp_path)
    before = certificate.read_bytes()
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert self_signed(tmp_path) == (certificate, key)
    assert certificate.read_bytes() == before
    certificate.write_bytes(b"nonsense")
    self_signed(tmp_path)
    assert certificate.read_bytes().startswith(b"-----BEGIN CERTIFICATE")
