"""Opens the zip of an upload without believing anything that it says about itself."""

import io
import stat
import zipfile
import zlib

MAX_FILES = 64
MAX_BYTES = 64 * 1024 * 1024
# Rosters compress about tenfold; a bomb a thousandfold.
MAX_RATIO = 200
_RATIO_FROM_BYTES = 1024 * 1024
_CHUNK = 64 * 1024


class BundleRefused(Exception):
    """The zip is not one that we open; the message is for people."""


def is_zip(content: bytes) -> bool:
    """Whether the bytes begin as a zip does."""
    return content[:4] in (b"PK\x03\x04", b"PK\x05\x06")


def open_bundle(content: bytes) -> dict[str, bytes]:
    """The CSV files of a zip by their lower-case name, all from one folder. Raises BundleRefused."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as bundle:
            return _read_all(bundle)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, ValueError, RuntimeError) as error:
        raise BundleRefused("The zip is damaged, or of a kind that is not supported.") from error


def _read_all(bundle: zipfile.ZipFile) -> dict[str, bytes]:
    members = [info for info in bundle.infolist() if not info.is_dir()]
    if len(members) > MAX_FILES:
        raise BundleRefused(f"The zip holds more than {MAX_FILES} files.")
    files: dict[str, bytes] = {}
    folders: set[str] = set()
    left = MAX_BYTES
    for info in members:
        _check_member(info)
        folder, _, name = info.filename.rpartition("/")
        if folder.split("/")[0] == "__MACOSX" or name.startswith("."):
            continue  # what macOS adds by itself
        if not name.lower().endswith(".csv"):
            raise BundleRefused(f"The zip holds {_shown(name)}, which is not a CSV file.")
        folders.add(folder)
        if len(folders) > 1:
            raise BundleRefused("The CSV files lie in different folders of the zip. Put them side by side.")
        if name.lower() in files:
            raise BundleRefused(f"The zip holds {_shown(name)} twice.")
        files[name.lower()] = _read(bundle, info, left)
        left -= len(files[name.lower()])
    if not files:
        raise BundleRefused("The zip holds no CSV file.")
    return files


def _check_member(info: zipfile.ZipInfo) -> None:
    parts = info.filename.split("/")
    if info.filename.startswith("/") or ".." in parts or "\\" in info.filename or ":" in info.filename:
        raise BundleRefused("The zip holds a file whose name leads out of it.")
    if info.flag_bits & 0x1:
        raise BundleRefused("The zip is protected by a password.")
    if stat.S_ISLNK(info.external_attr >> 16):
        raise BundleRefused("The zip holds a link in place of a file.")


def _read(bundle: zipfile.ZipFile, info: zipfile.ZipInfo, left: int) -> bytes:
    """The member's bytes, counted while they are unpacked: the size in its heading may lie."""
    limit = min(left, max(_RATIO_FROM_BYTES, info.compress_size * MAX_RATIO))
    pieces: list[bytes] = []
    size = 0
    with bundle.open(info) as stream:
        while piece := stream.read(_CHUNK):
            size += len(piece)
            if size > limit:
                raise BundleRefused("The zip unpacks to far more than a roster can be.")
            pieces.append(piece)
    return b"".join(pieces)


def _shown(name: str) -> str:
    return repr("".join(letter for letter in name if letter.isprintable())[:60])
