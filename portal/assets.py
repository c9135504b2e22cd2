"""The built web client: which hashed files a page loads, read from Vite's manifest."""

from dataclasses import dataclass
from pathlib import Path

import msgspec

STYLES_ENTRY = "src/styles/main.css"
CLASSROOM_ENTRY = "src/classroom/main.tsx"
PLAYER_ENTRY = "src/player/main.tsx"
ALERTS_ENTRY = "src/alerts/main.ts"
OPERATION_ENTRY = "src/operation/main.ts"
PASSKEYS_ENTRY = "src/passkeys/main.ts"
LEAVING_ENTRY = "src/leaving/main.ts"


class _Chunk(msgspec.Struct):
    """One entry of Vite's manifest (https://vite.dev/guide/backend-integration)."""

    file: str
    css: list[str] = []
    imports: list[str] = []


class NotBuilt(Exception):
    """The web client was never built, or its manifest cannot be read."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """What one entry needs, as addresses: its module, the modules to preload, its style sheets."""

    script: str
    preload: tuple[str, ...]
    styles: tuple[str, ...]


class Assets:
    """Looks entries up; a new build is picked up without a restart."""

    def __init__(self, dist: Path, style_sources: Path, base: str = "/static/") -> None:
        self.dist = dist
        self.style_sources = style_sources
        self._base = base
        self._manifest_path = dist / "manifest.json"
        self._read_mtime_ns = -1
        self._chunks: dict[str, _Chunk] = {}

    def page_styles(self) -> tuple[str, ...]:
        """The style sheet of ordinary pages; from a checkout without a build, its source."""
        try:
            chunks = self._load()
        except NotBuilt:
            return ("/styles/main.css",)
        chunk = chunks.get(STYLES_ENTRY)
        return (self._base + chunk.file,) if chunk is not None else ("/styles/main.css",)

    def script(self, entry: str) -> str:
        """The address of an entry's module; "" without a build: the pages that have one work without it."""
        try:
            return self.bundle(entry).script
        except NotBuilt:
            return ""

    def bundle(self, entry: str) -> Bundle:
        """Everything that an entry of the client needs. Raises NotBuilt."""
        chunks = self._load()
        if entry not in chunks:
            raise NotBuilt(f"the build has no {entry}")
        seen: dict[str, _Chunk] = {}
        self._collect(chunks, entry, seen)
        needed = [chunk for name, chunk in seen.items() if name != entry]
        styles = [*self.page_styles(), *(self._base + css for chunk in seen.values() for css in chunk.css)]
        return Bundle(
            script=self._base + chunks[entry].file,
            preload=tuple(self._base + chunk.file for chunk in needed if chunk.file.endswith(".js")),
            styles=tuple(dict.fromkeys(styles)),
        )

    def _collect(self, chunks: dict[str, _Chunk], name: str, seen: dict[str, _Chunk]) -> None:
        chunk = chunks.get(name)
        if chunk is None or name in seen:
            return
        seen[name] = chunk
        for imported in chunk.imports:
            self._collect(chunks, imported, seen)

    def _load(self) -> dict[str, _Chunk]:
        try:
            mtime_ns = self._manifest_path.stat().st_mtime_ns
            if mtime_ns != self._read_mtime_ns:
                self._chunks = msgspec.json.decode(self._manifest_path.read_bytes(), type=dict[str, _Chunk])
                self._read_mtime_ns = mtime_ns
        except (OSError, msgspec.DecodeError) as error:
            raise NotBuilt(f"{self._manifest_path.name} cannot be read") from error
        return self._chunks


def inside(folder: Path, relative: str) -> Path | None:
    """The regular file at a relative path inside a folder, or None: no way out of it, no hidden files, no links out."""
    if "\x00" in relative or "\\" in relative:
        return None
    parts = relative.split("/")
    if any(part in ("", ".", "..") or part.startswith(".") for part in parts):
        return None
    root = folder.resolve()
    path = root.joinpath(*parts).resolve()
    return path if path.is_relative_to(root) and path.is_file() else None
