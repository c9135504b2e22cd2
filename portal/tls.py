"""A self-signed certificate for a trial in one's own network; browsers warn once, and give the camera after."""

import datetime
import ipaddress
import os
import socket
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from whiteboard_crdt.errors import SetupError

_CERTIFICATE = "tls-self-signed.pem"
_KEY = "tls-self-signed.key"
# Browsers refuse server certificates that hold for longer.
_VALID_DAYS = 397
_RENEW_DAYS = 14


def self_signed(data: Path) -> tuple[Path, Path]:
    """Certificate and key in DATA/keys, made when missing, nearly over, or for other addresses. Raises SetupError."""
    certificate, key = data / "keys" / _CERTIFICATE, data / "keys" / _KEY
    try:
        certificate.parent.mkdir(parents=True, exist_ok=True)
        if not (key.is_file() and _still_good(certificate)):
            _make(certificate, key)
    except OSError as error:
        raise SetupError(f"The certificate {certificate} cannot be made: {error.strerror or error}.") from error
    return certificate, key


def own_addresses() -> list[str]:
    """Addresses at which this machine is reached: loopback, and the one that leads out of it."""
    found = ["127.0.0.1", "::1"]
    for family, beyond in ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1")):
        try:
            with socket.socket(family, socket.SOCK_DGRAM) as probe:
                # Connecting a datagram socket sends nothing; it only chooses the route.
                probe.connect((beyond, 9))
                found.append(probe.getsockname()[0])
        except OSError:
            continue  # No route in this family: nobody can come that way either.
    return list(dict.fromkeys(found))


def _names() -> list[x509.GeneralName]:
    hosts = dict.fromkeys(["localhost", socket.gethostname(), f"{socket.gethostname()}.local"])
    return [
        *(x509.DNSName(host) for host in hosts if host.isascii()),
        *(x509.IPAddress(ipaddress.ip_address(address)) for address in own_addresses()),
    ]


def _still_good(path: Path) -> bool:
    if not path.is_file():
        return False
    try:
        certificate = x509.load_pem_x509_certificate(path.read_bytes())
        held = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (ValueError, x509.ExtensionNotFound):
        return False
    soon = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=_RENEW_DAYS)
    return certificate.not_valid_after_utc > soon and set(_names()) <= set(held)


def _make(certificate_path: Path, key_path: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Chalkmesh trial")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=_VALID_DAYS))
        .add_extension(x509.SubjectAlternativeName(_names()), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    with os.fdopen(os.open(key_path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(pem)
    certificate_path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
