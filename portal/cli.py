"""The command `chalkmesh`. A part is imported only by the command that runs it: a relay-only host has no database."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Literal

import typer

from portal.configuration import FILE_NAME, resolve_settings
from portal.logs import configure_logs
from portal.supervised import follow_supervisor
from whiteboard_crdt.errors import SetupError

app = typer.Typer(
    name="chalkmesh",
    help="A live tutoring classroom that you host yourself: shared board, voices, cameras, every lesson recorded.",
    epilog="Start here: chalkmesh serve --demo, then open the address that it prints.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

_EXIT_SETUP = 2

Data = Annotated[Path, typer.Option("--data", help="Folder that holds keys, databases and recordings.", envvar="DATA")]
Host = Annotated[str | None, typer.Option("--host", help="Address to listen on; 0.0.0.0 for the whole network.")]
Port = Annotated[int | None, typer.Option("--port", help="Port to listen on.", min=0, max=65535)]
Level = Annotated[
    Literal["debug", "info", "warning", "error"],
    typer.Option("--log-level", help="What is written to standard error, as JSON lines."),
]
Tls = Annotated[
    tuple[str, str] | None,
    typer.Option("--tls", metavar="CERT KEY", help="Serve HTTPS with this certificate and key; or: --tls self-signed."),
]


@app.command()
def serve(
    data: Data = Path("data"),
    host: Host = None,
    port: Port = None,
    relay_port: Annotated[
        int | None, typer.Option(help="Port of the relay; without it, the port after --port.", min=0, max=65535)
    ] = None,
    demo: Annotated[bool, typer.Option("--demo", help="Fill an empty database with a demonstration school.")] = False,
    tls: Tls = None,
    log_level: Level = "warning",
) -> None:
    """Run portal, relay and recorder.

    Three processes, each started again when it dies. Prints the address, and with --demo the log-ins.
    """
    with needs("portal"):
        from portal.serving import ServeSettings
        from portal.serving import serve as run
    configure_logs(log_level)
    flags: dict[str, object] = {"host": host, "port": port, "data": data, "relay_port": relay_port}
    flags |= {"demo": demo or None, "tls": tls, "log_level": log_level}
    settings = resolve_settings(ServeSettings, "serve", flags, os.environ, data / FILE_NAME)
    raise typer.Exit(run(settings, typer.echo))


@app.command()
def portal(
    data: Data = Path("data"),
    host: Host = None,
    port: Port = None,
    relay_port: Annotated[int | None, typer.Option(help="Port of the relay on this host.", min=1, max=65535)] = None,
    relay_public_url: Annotated[str | None, typer.Option(help="The relay's session socket, for browsers.")] = None,
    relay_internal_url: Annotated[str | None, typer.Option(help="The relay, for the portal itself.")] = None,
    database_url: Annotated[str | None, typer.Option(help="SQLAlchemy URL; without it, SQLite in --data.")] = None,
    demo: Annotated[bool, typer.Option("--demo", help="Fill an empty database with a demonstration school.")] = False,
    tls: Tls = None,
    behind_tls: Annotated[bool, typer.Option("--behind-tls", help="A proxy in front speaks HTTPS.")] = False,
    proxy_hops: Annotated[int | None, typer.Option(help="Trusted proxies in front.", min=0, max=8)] = None,
    internal_port: Annotated[int | None, typer.Option(help="Loopback port without TLS for relay and recorder.")] = None,
    log_level: Level = "info",
) -> None:
    """Run the portal alone.

    Accounts, lessons and recordings, as people see them in a browser.
    """
    with needs("portal"):
        from portal.server import main as run
        from portal.settings import PortalSettings
    certificate = _certificate(tls, data)
    flags: dict[str, object] = {
        "host": host,
        "port": port,
        "data": data,
        "relay_port": relay_port,
        "relay_public_url": relay_public_url,
        "relay_internal_url": relay_internal_url,
        "database_url": database_url,
        "demo": demo or None,
        "tls_certificate": certificate[0] if certificate else None,
        "tls_key": certificate[1] if certificate else None,
        "behind_tls": behind_tls or None,
        "proxy_hops": proxy_hops,
        "internal_port": internal_port,
    }
    _begin(log_level)
    raise typer.Exit(run(resolve_settings(PortalSettings, "portal", flags, os.environ, data / FILE_NAME)))


@app.command()
def relay(
    data: Data = Path("data"),
    host: Host = None,
    port: Port = None,
    open_rooms: Annotated[
        bool, typer.Option("--open", help="Also serve open rooms at /relay/{room} to any y-websocket client.")
    ] = False,
    deletes: Annotated[
        Literal["own", "any"] | None, typer.Option(help="Open rooms: whose items a client may delete.")
    ] = None,
    portal_url: Annotated[
        str | None, typer.Option(help="The portal, which is told who came and went; none: not told.")
    ] = None,
    log_level: Level = "info",
) -> None:
    """Run the relay alone.

    It connects the participants of a room, and keeps every edit on disk before it says so.
    """
    with needs("relay"):
        from signaling.server import main as run
        from signaling.settings import RelaySettings
    flags: dict[str, object] = {"host": host, "port": port, "data": data, "portal_url": portal_url}
    flags |= {"open_rooms": open_rooms or None, "deletes": deletes}
    _begin(log_level)
    raise typer.Exit(run(resolve_settings(RelaySettings, "relay", flags, os.environ, data / FILE_NAME)))


@app.command()
def recorder(
    data: Data = Path("data"),
    portal_url: Annotated[str | None, typer.Option(help="The portal, which says what to record.")] = None,
    relay_url: Annotated[
        str | None, typer.Option(help="The relay's session socket; without it, as the portal says.")
    ] = None,
    log_level: Level = "info",
) -> None:
    """Run the recorder alone.

    It joins every lesson, keeps board, voices and cameras, and renders the film afterwards.
    """
    from recorder.lease import let_the_other_begin

    let_the_other_begin(data / "recordings")
    with needs("recorder"):
        from recorder.service import main as run
        from recorder.settings import RecorderSettings
    flags = {"data": data, "portal_url": portal_url, "relay_url": relay_url}
    _begin(log_level)
    raise typer.Exit(run(resolve_settings(RecorderSettings, "recorder", flags, os.environ, data / FILE_NAME)))


@app.command()
def bots(
    data: Data = Path("data"),
    relay_url: Annotated[
        str | None, typer.Option(help="The relay on this host, such as http://127.0.0.1:8081.")
    ] = None,
    database_url: Annotated[str | None, typer.Option(help="SQLAlchemy URL; without it, SQLite in --data.")] = None,
    log_level: Level = "info",
) -> None:
    """Run the demo school's bots.

    They make its finished lesson, and draw with whoever comes into the demo room. Part of: serve --demo.
    """
    with needs("portal"):
        from portal.showcase.service import BotsSettings
        from portal.showcase.service import main as run
    flags: dict[str, object] = {"data": data, "relay_url": relay_url, "database_url": database_url}
    _begin(log_level)
    raise typer.Exit(run(resolve_settings(BotsSettings, "bots", flags, os.environ, data / FILE_NAME)))


@app.command()
def ticket(
    user: Annotated[str, typer.Option(help="Id of the user.")],
    key: Annotated[str, typer.Option(help="Public key: 65-byte uncompressed P-256 point, base64url.")],
    client: Annotated[int, typer.Option(help="Yjs client id, a fresh random number up to 4294967295.")],
    role: Annotated[str, typer.Option(help="tutor, student, coordinator, reviewer or bot.")] = "student",
    lesson: Annotated[str | None, typer.Option(help="The lesson whose room it is for.")] = None,
    room: Annotated[str | None, typer.Option(help="The room itself, in place of --lesson.")] = None,
    name: Annotated[str | None, typer.Option(help="The name that others see; without it, the user's id.")] = None,
    caps: Annotated[str | None, typer.Option(help="Capabilities, with commas; without it, those of the role.")] = None,
    lifetime_s: Annotated[
        int | None, typer.Option(help="Seconds in which the ticket admits; 300 without it.", min=1, max=86400)
    ] = None,
    data: Data = Path("data"),
) -> None:
    """Print a signed ticket into a room.

    For bots and tests. Needs the keys in --data.
    """
    with needs("portal"):
        from portal.ticket_command import make_ticket, room_of_lesson
    if (lesson is None) == (room is None):
        raise SetupError("Give either --lesson or --room.")
    if lesson is not None:
        room = room_of_lesson(data, os.environ.get("CHALKMESH_PORTAL_DATABASE_URL"), lesson)
    if room is None:
        raise AssertionError("one of the two was given")
    typer.echo(
        make_ticket(
            data,
            room=room,
            user=user,
            name=name or user,
            role=role,
            key=key,
            client=client,
            caps=caps,
            lifetime_s=lifetime_s,
        )
    )


@app.command()
def export(
    folder: Annotated[Path, typer.Argument(help="A lesson's folder: DATA/recordings/<lesson>.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The file to write: .mp4, .webm, or .html.")],
    height: Annotated[Literal["720", "1080"], typer.Option(help="Lines of the picture.")] = "720",
    layout: Annotated[
        Literal["tiles", "board", "speaker"],
        typer.Option(help="The board with the cameras beside it, alone, or with whoever speaks."),
    ] = "tiles",
    captions: Annotated[
        Literal["none", "soft", "burnt"], typer.Option(help="Where there are any: to be switched on, or painted in.")
    ] = "soft",
    pointers: Annotated[bool, typer.Option(help="Show where everybody points.")] = True,
    without: Annotated[
        list[str] | None,
        typer.Option(
            metavar="WHAT:USER",
            help="Leave out voice, video, ink, name or all of a user, by id; * is everybody. Can be given again.",
        ),
    ] = None,
) -> None:
    """Make a film or a page of a lesson.

    A film (.mp4, .webm) has the board with everyone's voice and camera; a page (.html) the board as vectors, the
    voices and the chat.
    """
    with needs("recorder"):
        from portal.archive_commands import run_export
        from recorder.captions_film import FilmCaptions
        from recorder.layouts import Layout
        from recorder.redaction import parse_redaction
        from recorder.render import FilmSettings
    settings = FilmSettings(
        height=1080 if height == "1080" else 720,
        layout=Layout(layout),
        captions=FilmCaptions(captions),
        pointers=pointers,
        redaction=parse_redaction(without or []),
    )
    raise typer.Exit(run_export(folder, output, typer.echo, settings))


@app.command()
def verify(
    folder: Annotated[Path, typer.Argument(help="A lesson's folder: DATA/recordings/<lesson>.")],
    keys: Annotated[
        Path | None, typer.Option(help="The school's key set; without it, DATA/keys/ticket.pub.json around the folder.")
    ] = None,
) -> None:
    """Check a recorded lesson.

    Hashes, signatures, authors, and that every track can be read. The exit code is 1 when something is wrong.
    """
    with needs("recorder"):
        from portal.archive_commands import run_verify
    raise typer.Exit(run_verify(folder, keys, typer.echo))


KeyFile = Annotated[Path, typer.Option("--key-file", help="A file with the passphrase of the backup.")]


@app.command()
def backup(
    output: Annotated[Path, typer.Argument(help="The file to write; it must not exist.")],
    key_file: KeyFile,
    data: Data = Path("data"),
) -> None:
    """Write the data folder into one encrypted file.

    Keys, databases, settings, pictures and recordings, in one consistent state, while the service runs.
    """
    with needs("portal"):
        from portal.backup import read_key, run_backup
    raise typer.Exit(run_backup(data, output, read_key(key_file), typer.echo))


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(help="A file that `chalkmesh backup` wrote.")],
    key_file: KeyFile,
    data: Data = Path("data"),
) -> None:
    """Put a backup into an empty data folder.

    All of it is checked first; a backup that is damaged or cut off leaves nothing behind.
    """
    with needs("portal"):
        from portal.backup import read_key, run_restore
    raise typer.Exit(run_restore(file, data, read_key(key_file), typer.echo))


@app.command()
def school(
    name: Annotated[str, typer.Argument(help="The school's name.")],
    coordinator: Annotated[tuple[str, str], typer.Option(metavar="NAME MAIL", help="Its first coordinator.")],
    time_zone: Annotated[str, typer.Option(help="Its time zone, such as America/New_York.")],
    district: Annotated[str | None, typer.Option(help="The district that it belongs to; made where it is new.")] = None,
    district_admin: Annotated[
        tuple[str, str] | None, typer.Option(metavar="NAME MAIL", help="An administrator of the district.")
    ] = None,
    data: Data = Path("data"),
    database_url: Annotated[str | None, typer.Option(help="SQLAlchemy URL; without it, SQLite in --data.")] = None,
) -> None:
    """Make a school with its first coordinator.

    Prints the addresses at which they choose their passwords; everybody else is added on the pages.
    """
    with needs("portal"):
        from portal.school_command import run_school
        from portal.settings import PortalSettings
    flags: dict[str, object] = {"data": data, "database_url": database_url}
    settings = resolve_settings(PortalSettings, "portal", flags, os.environ, data / FILE_NAME)
    found = (name, time_zone, coordinator, district, district_admin)
    raise typer.Exit(run_school(data, settings.database_url, *found, settings.portal_url, typer.echo))


@app.command()
def loadtest(
    scenario: Annotated[
        str, typer.Argument(help="Name of a scenario, a .toml file, or a recorded lesson's folder to play again.")
    ],
    duration: Annotated[float | None, typer.Option(help="Seconds, in place of the scenario's.", min=1)] = None,
    rooms: Annotated[int | None, typer.Option(help="Rooms, in place of the scenario's.", min=1)] = None,
    seed: Annotated[int | None, typer.Option(help="Another seed makes other edits; the same one the same.")] = None,
    report: Annotated[Path, typer.Option(help="Folder for report.json and report.html.")] = Path("loadtest-report"),
    relay_url: Annotated[str | None, typer.Option(help="A running relay's session socket; needs --data.")] = None,
    data: Annotated[Path | None, typer.Option(help="That relay's data folder, for its ticket key.")] = None,
    accounts: Annotated[Path | None, typer.Option(help="Accounts of a running portal, whose bots log in.")] = None,
    bot_processes: Annotated[
        int | None, typer.Option(help="Processes that the bots share; one for 150 without it.", min=1, max=64)
    ] = None,
    web: Annotated[int | None, typer.Option(help="Port of locust's web page, in place of one run.", min=1)] = None,
    copies: Annotated[int | None, typer.Option(help="Of a recorded lesson: how many at once.", min=1)] = None,
    speed: Annotated[float | None, typer.Option(help="Of a recorded lesson: how many times as fast.", min=0.01)] = None,
    network: Annotated[
        Literal["recorded"] | None,
        typer.Option(help="Of a recorded lesson: delays and broken connections as they were; without it, none."),
    ] = None,
) -> None:
    """Put load on a service, and say what it stood.

    Without an address it starts one of its own on the loopback. The exit code is 1 when something did not hold.
    """
    with needs("loadtest"):
        from portal.loadtest_command import run_loadtest
    options = {"duration": duration, "rooms": rooms, "seed": seed, "report": report, "relay-url": relay_url}
    options |= {"data": data, "accounts": accounts, "bot-processes": bot_processes, "web": web}
    options |= {"copies": copies, "speed": speed, "network": network}
    raise typer.Exit(run_loadtest(scenario, options))


recordings_app = typer.Typer(help="Look after recordings at rest.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(recordings_app, name="recordings")


@recordings_app.command("encrypt")
def recordings_encrypt(data: Data = Path("data")) -> None:
    """Encrypt every finished recording where it lies, each with a key of its own.

    The recorder does it by itself unless `encrypt` is off. The exit code is 1 when one could not be encrypted.
    """
    with needs("recorder"):
        from portal.recording_keys_command import run_encrypt
    raise typer.Exit(run_encrypt(data, typer.echo))


@recordings_app.command("decrypt")
def recordings_decrypt(
    folder: Annotated[Path, typer.Argument(help="A lesson's folder: DATA/recordings/<lesson>.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The folder to write; it must not exist.")],
) -> None:
    """Write a plain copy of a recording, for tools that read SQLite and WebM."""
    with needs("recorder"):
        from portal.recording_keys_command import run_decrypt
    raise typer.Exit(run_decrypt(folder, output, typer.echo))


@recordings_app.command("redact")
def recordings_redact(
    folder: Annotated[Path, typer.Argument(help="A lesson's folder: DATA/recordings/<lesson>.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The folder to write; it must not exist.")],
    without: Annotated[list[str], typer.Option(metavar="WHAT:USER", help="As for export. Can be given again.")],
) -> None:
    """Write a copy of a recording that does not hold what is left out, for films and pages of it."""
    with needs("recorder"):
        from portal.archive_commands import run_redact
    raise typer.Exit(run_redact(folder, output, without, typer.echo))


@recordings_app.command("rotate-key")
def recordings_rotate_key(data: Data = Path("data")) -> None:
    """Make a new school key and wrap the keys of all recordings with it.

    No recording is written anew. What is left of destroyed keys, on the disk or in copies of it, is worthless then.
    """
    with needs("recorder"):
        from portal.recording_keys_command import run_rotate
    raise typer.Exit(run_rotate(data, typer.echo))


audit_app = typer.Typer(help="Look after the audit log.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(audit_app, name="audit")


@audit_app.command("verify")
def audit_verify(
    data: Data = Path("data"),
    database_url: Annotated[str | None, typer.Option(help="SQLAlchemy URL; without it, SQLite in --data.")] = None,
) -> None:
    """Check that nothing in the audit log was changed or taken away.

    The exit code is 1 when something was.
    """
    with needs("portal"):
        from portal.audit_command import run_audit_verify
    setting = database_url or os.environ.get("CHALKMESH_PORTAL_DATABASE_URL")
    raise typer.Exit(run_audit_verify(data, setting, typer.echo))


@contextmanager
def needs(extra: str) -> Iterator[None]:
    """Says which extra to install when a library that the block imports is not there."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise SetupError(f"This command needs {error.name}: install chalkmesh[{extra}].") from error


def _begin(log_level: str) -> None:
    configure_logs(log_level)
    follow_supervisor()


def _certificate(tls: tuple[str, str] | None, data: Path) -> tuple[Path, Path] | None:
    if tls is None:
        return None
    if tls[0] == "self-signed":
        from portal.tls import self_signed

        return self_signed(data)
    return Path(tls[0]), Path(tls[1])


def expand_self_signed(arguments: list[str]) -> list[str]:
    """`--tls self-signed` with the second word that `--tls CERT KEY` has and this one lacks."""
    expanded: list[str] = []
    for before, word in zip(["", *arguments], arguments, strict=False):
        expanded.append(word)
        if before == "--tls" and word == "self-signed":
            expanded.append("-")
    return expanded


def main() -> None:
    """The entry point. What a person can put right is one line on standard error, and exit code 2."""
    try:
        app(args=expand_self_signed(sys.argv[1:]))
    except SetupError as error:
        typer.echo(f"chalkmesh: {' '.join(str(error).split())}", err=True)
        sys.exit(_EXIT_SETUP)


if __name__ == "__main__":
    main()
