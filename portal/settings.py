"""What an operator may set about the portal process."""

from dataclasses import dataclass, field
from pathlib import Path

WEB_DIST = Path(__file__).resolve().parent / "web" / "dist"
STYLE_SOURCES = Path(__file__).resolve().parent / "web" / "src" / "styles"


def explained(explain: str, unit: str) -> dict[str, str]:
    """What the documentation and `--help` say of a setting."""
    return {"help": explain, "unit": unit}


@dataclass(frozen=True, slots=True)
class PortalSettings:
    """Settings of `chalkmesh portal`; precedence flag > environment > file > default (portal/configuration.py)."""

    host: str = field(default="127.0.0.1", metadata=explained("Address to listen on.", "address"))
    port: int = field(default=8080, metadata=explained("Port of the portal.", "TCP port"))
    data: Path = field(
        default=Path("data"), metadata=explained("Folder that holds keys, databases and recordings.", "folder")
    )
    relay_port: int = field(
        default=8081, metadata=explained("Port of the relay, as browsers reach it on this host.", "TCP port")
    )
    relay_public_url: str | None = field(
        default=None,
        metadata=explained("The relay's session socket for browsers, as wss://relay.school.example/v1/session.", "URL"),
    )
    relay_internal_url: str | None = field(
        default=None,
        metadata=explained("Address of the relay for the portal itself, such as http://127.0.0.1:8081.", "URL"),
    )
    database_url: str | None = field(
        default=None,
        metadata=explained("Database; without it, DATA/portal.sqlite. postgresql://… is understood.", "SQLAlchemy URL"),
    )
    demo: bool = field(
        default=False, metadata=explained("Fill an empty database with a demonstration school.", "yes or no")
    )
    tls_certificate: Path | None = field(
        default=None, metadata=explained("Certificate chain to serve HTTPS with.", "PEM file")
    )
    tls_key: Path | None = field(default=None, metadata=explained("Private key of the certificate.", "PEM file"))
    behind_tls: bool = field(
        default=False,
        metadata=explained("A reverse proxy in front speaks HTTPS: cookies are Secure, HSTS is sent.", "yes or no"),
    )
    proxy_hops: int = field(
        default=0,
        metadata=explained(
            "Trusted reverse proxies in front; that many X-Forwarded-For entries are believed.", "proxies"
        ),
    )
    internal_port: int | None = field(
        default=None,
        metadata=explained("Loopback port that serves only /internal/ and /healthz, always without TLS.", "TCP port"),
    )
    turn_urls: str = field(
        default="",
        metadata=explained(
            "TURN servers for lessons behind strict firewalls, separated by spaces or commas, as"
            " turn:turn.school.example:3478?transport=udp turns:turn.school.example:443?transport=tcp.",
            "URLs",
        ),
    )
    turn_secret: str = field(
        default="",
        repr=False,
        metadata=explained(
            "The secret that the TURN server shares with the portal (coturn: static-auth-secret)."
            " Give it by file or environment: a command line is readable by all users of the host.",
            "text",
        ),
    )
    public_url: str = field(
        default="",
        metadata=explained("The portal as people open it, for links in mails; https://lessons.school.example.", "URL"),
    )
    orientation_url: str = field(
        default="", metadata=explained("A film that shows how a lesson works, for the Welcome Letter.", "URL")
    )
    program_pace: int = field(
        default=10,
        metadata=explained("Requests of one program that are answered; ten times as many at once.", "per second"),
    )
    webhooks_inside: bool = field(
        default=False,
        metadata=explained("Webhooks may call addresses of the own network, also without TLS.", "yes or no"),
    )
    smtp_host: str = field(
        default="", metadata=explained("Mail server; without one, mails wait in the outbox.", "host name")
    )
    smtp_port: int = field(default=587, metadata=explained("Port of the mail server.", "TCP port"))
    smtp_security: str = field(
        default="starttls",
        metadata=explained("How the connection is protected: starttls, tls (from the first byte) or none.", "word"),
    )
    smtp_user: str = field(default="", metadata=explained("Account at the mail server, where it asks for one.", "text"))
    smtp_password: str = field(
        default="", repr=False, metadata=explained("Its password. Give it by file or environment.", "text")
    )
    mail_from: str = field(
        default="", metadata=explained("Sender of every mail; without it, chalkmesh@ the mail server.", "mail address")
    )
    web_dist: Path = field(default=WEB_DIST, metadata=explained("The built web client.", "folder"))
    login_hours: int = field(default=12, metadata=explained("A log-in ends after this time.", "hours"))
    login_idle_hours: int = field(
        default=4, metadata=explained("A log-in ends after this time without a request.", "hours")
    )
    proof_minutes: int = field(
        default=10,
        metadata=explained(
            "Exports, erasures, new roles and new links ask for the password or the second step again after this.",
            "minutes",
        ),
    )
    amendment_days: int = field(
        default=45,
        metadata=explained("Within so many days a request to amend a record is to be decided.", "days"),
    )
    storage_region: str = field(
        default="",
        metadata=explained(
            "Where this host and its disks and backups stand, for the privacy report, such as: Ohio, USA.", "text"
        ),
    )
    warn_records_read: int = field(
        default=100,
        metadata=explained(
            "A warning is given when one person opens records of so many students in an hour.", "students"
        ),
    )
    warn_records_listed: int = field(
        default=2_000,
        metadata=explained("The same for names that stand in the lists that one person opens in an hour.", "students"),
    )
    warn_exports: int = field(
        default=10, metadata=explained("The same for exports of whole records in an hour.", "students")
    )
    warn_account_failures: int = field(
        default=20,
        metadata=explained("A warning is given when so many sign-ins at one account fail in ten minutes.", "sign-ins"),
    )
    warn_login_failures: int = field(
        default=100,
        metadata=explained("The same for all accounts of a school, and for names that nobody has.", "sign-ins"),
    )
    crisis_again_minutes: int = field(
        default=3,
        metadata=explained("A crisis alert that nobody has in hand is told to the next person after this.", "minutes"),
    )
    heartbeat_limit_s: float = field(
        default=5.0, metadata=explained("A recorder that is silent for longer does not count as recording.", "seconds")
    )

    least_free_mb: int = field(
        default=500, metadata=explained("With less than this free on the disk of the data, /readyz says so.", "MB")
    )

    @property
    def tls(self) -> bool:
        """Whether this process itself serves HTTPS."""
        return self.tls_certificate is not None

    @property
    def secure(self) -> bool:
        """Whether browsers reach the portal over HTTPS."""
        return self.tls or self.behind_tls

    @property
    def relay_beside(self) -> str | None:
        """Where the portal itself finds the relay: as set, or on this host; None where only browsers can know."""
        if self.relay_internal_url is not None:
            return self.relay_internal_url.rstrip("/")
        if self.relay_public_url is not None or self.secure:
            return None
        host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(self.host, self.host)
        return f"http://{host}:{self.relay_port}"

    @property
    def portal_url(self) -> str:
        """The portal as people open it, with a slash at the end."""
        address = self.public_url or f"{'https' if self.secure else 'http'}://localhost:{self.port}"
        return address.rstrip("/") + "/"

    @property
    def materials(self) -> Path:
        """The folder that holds lesson material, each file under the hash of its bytes."""
        return self.data / "materials"

    @property
    def recordings(self) -> Path:
        """The folder that holds one folder per recorded lesson."""
        return self.data / "recordings"
