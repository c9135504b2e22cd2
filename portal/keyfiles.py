"""The portal's secrets in DATA/keys: the key that signs tickets, its public half, the bearer of internal calls, and
the key under which one-use links are made."""

import hashlib
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from whiteboard_crdt.errors import SetupError
from whiteboard_crdt.keys import dump_jwks, dump_point, encode_base64url

TICKET_KEY = Path("keys/ticket.pem")
TICKET_KEYS_PUBLIC = Path("keys/ticket.pub.json")
INTERNAL_SECRET = Path("keys/internal.secret")
LINK_SECRET = Path("keys/links.secret")
METRICS_SECRET = Path("keys/metrics.secret")


@dataclass(frozen=True, slots=True)
class Keyring:
    """What the portal signs and trusts with. `jwks` is the public key set as JSON bytes."""

    private_key: ec.EllipticCurvePrivateKey
    kid: str
    jwks: bytes
    internal_secret: str
    link_secret: str


def prepare_data(data: Path) -> Keyring:
    """Loads the secrets of a data folder, making folder and secrets on the first start. Raises SetupError."""
    try:
        if not data.exists():
            data.mkdir(mode=0o700, parents=True)  # children's work; a folder that an operator made stays as it is
        (data / "keys").mkdir(exist_ok=True)
        (data / "keys").chmod(0o700)
        (data / "recordings").mkdir(exist_ok=True)
        _make_key(data / TICKET_KEY)
        _make_secret(data / INTERNAL_SECRET)
        _make_secret(data / LINK_SECRET)
        _make_secret(data / METRICS_SECRET)
        keyring = load_keyring(data)
        public = data / TICKET_KEYS_PUBLIC
        if not public.is_file() or public.read_bytes() != keyring.jwks:
            _write_whole(public, keyring.jwks, mode=0o644)
    except OSError as error:
        raise SetupError(f"The data folder {data} cannot be used: {error.strerror or error}.") from error
    return keyring


def load_keyring(data: Path) -> Keyring:
    """The secrets of a data folder that the portal has prepared. Raises SetupError."""
    try:
        private_key = _load_key(data / TICKET_KEY)
        secret = _load_secret(data / INTERNAL_SECRET)
        # Absent only where the portal itself has not started since an older version; it makes the file when it does.
        links = _load_secret(data / LINK_SECRET) if (data / LINK_SECRET).exists() else ""
    except OSError as error:
        raise SetupError(f"{data} holds no readable keys; was the portal ever started there?") from error
    kid = encode_base64url(hashlib.sha256(dump_point(private_key.public_key())).digest()[:12])
    return Keyring(private_key, kid, dump_jwks({kid: private_key.public_key()}), secret, links)


def _make_key(path: Path) -> None:
    if not path.exists():
        made = ec.generate_private_key(ec.SECP256R1())
        pem = made.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        _write_whole(path, pem, mode=0o600)


def _load_key(path: Path) -> ec.EllipticCurvePrivateKey:
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except (ValueError, TypeError) as error:
        raise SetupError(f"{path} does not hold a private key.") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise SetupError(f"{path} does not hold a P-256 key.")
    return key


def _make_secret(path: Path) -> None:
    if not path.exists():
        made = encode_base64url(secrets.token_bytes(32))
        _write_whole(path, f"{made}\n".encode(), mode=0o600)


def _load_secret(path: Path) -> str:
    secret = path.read_text(encoding="ascii", errors="replace").strip()
    if len(secret) < 32:
        raise SetupError(f"{path} is too short to be a secret.")
    return secret


def _write_whole(path: Path, content: bytes, *, mode: int) -> None:
    """Writes a file so that it is there whole or not at all, and never readable too widely for a moment."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
