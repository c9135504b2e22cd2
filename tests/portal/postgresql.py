"""A PostgreSQL server of the tests' own, on a socket in a folder of theirs: started, filled, and stopped again."""

import os
import pwd
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import asyncpg
from sqlalchemy.engine import make_url

_TEMPLATE = "migrated"
_START_S = 30
# Nothing of a test must outlive it: what costs time only to survive a power cut is off.
_FAST = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off -c listen_addresses= -c max_connections=60"


def binaries() -> Path | None:
    """Where Debian keeps the newest server, or None where there is none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    return found[-1].parent if found else None


class Cluster:
    """A running server. Databases are copies of one that has gone through every migration."""

    def __init__(self, socket_folder: Path) -> None:
        self._folder = socket_folder
        self._number = 0

    def url(self, name: str) -> str:
        """The URL of a database, as an operator would write it."""
        return f"postgresql://postgres@/{name}?host={self._folder}"

    async def new_database(self, *, migrated: bool = True) -> str:
        """Makes a database; returns its URL."""
        self._number += 1
        name = f"test{self._number}"
        await self._run(f"CREATE DATABASE {name} TEMPLATE {_TEMPLATE if migrated else 'template0'}")
        return self.url(name)

    async def drop(self, url: str) -> None:
        """Removes a database that `new_database` made."""
        name = make_url(url).database
        await self._run(f"DROP DATABASE {name} WITH (FORCE)")

    async def make_template(self) -> str:
        """Makes the empty database to migrate; returns its URL."""
        await self._run(f"CREATE DATABASE {_TEMPLATE} TEMPLATE template0")
        return self.url(_TEMPLATE)

    async def _run(self, statement: str) -> None:
        connection = await asyncpg.connect(user="postgres", database="postgres", host=str(self._folder))
        try:
            await connection.execute(statement)
        finally:
            await connection.close()


@contextmanager
def cluster() -> Iterator[Cluster]:
    """A server for as long as the block runs. Raises FileNotFoundError where PostgreSQL is not installed."""
    folder = binaries()
    if folder is None:
        raise FileNotFoundError("PostgreSQL is not installed: apt-get install postgresql")
    # A short path: the name of a socket has about a hundred characters.
    with TemporaryDirectory(prefix="pg-", dir="/tmp") as place:
        home = Path(place)
        demoted = _for_postgres(home)
        data, log = home / "data", home / "log"
        _call([folder / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync"], demoted)
        start = [folder / "pg_ctl", "-D", data, "-l", log, "-w", "-t", _START_S, "-o", f"{_FAST} -k {home}", "start"]
        _call(start, demoted)
        try:
            yield Cluster(home)
        finally:
            _call([folder / "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop"], demoted)


def _for_postgres(home: Path) -> dict[str, int]:
    """PostgreSQL refuses to run as root; Debian's package has made a user for it."""
    if os.getuid() != 0:
        return {}
    user = pwd.getpwnam("postgres")
    os.chown(home, user.pw_uid, user.pw_gid)
    return {"user": user.pw_uid, "group": user.pw_gid}


def _call(words: list[object], demoted: dict[str, int]) -> None:
    done = subprocess.run(
        [str(word) for word in words],
        cwd="/",
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
        check=False,
        user=demoted.get("user"),
        group=demoted.get("group"),
        extra_groups=[] if demoted else None,
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
