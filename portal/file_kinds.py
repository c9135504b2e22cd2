"""What an uploaded file is, by its bytes and not by its name, and a form of it that is safe to hand on. Pure."""

import io
import re
import warnings
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from PIL import Image, ImageOps

# A page of a book at 600 dpi; more is a bomb.
MAX_PIXELS = 40_000_000
_PDF_END_WITHIN = 2048
# What runs, opens programs or carries files along, plain or with a letter written as #xx. An array after OpenAction is
# no action: it says which page is shown first (ISO 32000-1, 7.7.2), and many worksheets have one.
_ACTIVE = re.compile(
    rb"/(?:JavaScript|Launch|EmbeddedFiles?|RichMedia|Rendition|XFA|OpenAction\b(?!\s*\[)|SubmitForm|ImportData)\b"
)
# Three bytes are in every few megabytes of a scan by chance: these count where text stands around them.
_SHORT = re.compile(rb"/(?:JS|AA)\b")
_AROUND = 12
_TEXT = bytes((*range(32, 127), 9, 10, 13))
# Objects that are packed together (7.5.7), where no search would find a name.
_OBJECTS = re.compile(rb"\bstream\r?\n")
_DICTIONARY_BYTES = 1024
_MOST_STREAMS = 200_000
_UNREAD = "This PDF is protected or damaged. Print it into a new PDF and take that one."
_MAX_OBJECTS_BYTES = 64 * 1024 * 1024
_ESCAPED = re.compile(rb"#([0-9A-Fa-f]{2})")
_IMAGES = {b"\x89PNG\r\n\x1a\n": "PNG", b"\xff\xd8\xff": "JPEG"}
CONTENT_TYPES = {"pdf": "application/pdf", "png": "image/png", "jpeg": "image/jpeg"}


class FileRefused(Exception):
    """Not a file that we take; the message is for people."""


@dataclass(frozen=True, slots=True)
class SafeFile:
    """A file as it may be stored and handed on. `kind` is a key of CONTENT_TYPES."""

    kind: str
    content: bytes


def make_safe(content: bytes) -> SafeFile:
    """A PDF without anything active, or a picture written anew. Raises FileRefused."""
    if content.startswith(b"%PDF-"):
        return _pdf(content)
    for mark, kind in _IMAGES.items():
        if content.startswith(mark):
            return _picture(content, kind)
    raise FileRefused("This is no PDF, PNG or JPEG. The name of a file does not count, only what is in it.")


def _pdf(content: bytes) -> SafeFile:
    if b"%%EOF" not in content[-_PDF_END_WITHIN:]:
        raise FileRefused("This PDF is not whole.")
    if _is_active(content) or any(map(_is_active, _packed_objects(content))):
        raise FileRefused("This PDF holds scripts, attachments or forms. Print it into a new PDF and take that one.")
    return SafeFile("pdf", content)


def _is_active(content: bytes) -> bool:
    plain = _unescape(content)
    return any(_ACTIVE.search(text) or any(map(_is_in_text, _SHORT.finditer(text))) for text in {plain, content})


def _unescape(names: bytes) -> bytes:
    return _ESCAPED.sub(lambda found: bytes([int(found[1], 16)]), names)


def _is_in_text(found: re.Match[bytes]) -> bool:
    around = found.string[max(0, found.start() - _AROUND) : found.end() + _AROUND]
    return len(around.translate(None, _TEXT)) * 5 <= len(around)


def _packed_objects(content: bytes) -> Iterator[bytes]:
    """Object streams, unpacked. Raises FileRefused for one that cannot be, which is what a protected PDF has too."""
    left = _MAX_OBJECTS_BYTES
    for count, found in enumerate(_OBJECTS.finditer(content)):
        first = max(0, found.start() - _DICTIONARY_BYTES)
        begins = max(first, content.rfind(b"obj", first, found.start()))
        dictionary = content[begins : found.start()]
        if count < _MOST_STREAMS and b"/ObjStm" not in (_unescape(dictionary) if b"#" in dictionary else dictionary):
            continue
        reader, ends = zlib.decompressobj(), content.find(b"endstream", found.end())
        if count >= _MOST_STREAMS or ends < 0:
            raise FileRefused(_UNREAD)
        try:
            unpacked = reader.decompress(content[found.end() : ends], left)
        except zlib.error:
            unpacked = b""
        left -= len(unpacked)
        if not unpacked or left <= 0 or reader.unconsumed_tail:
            raise FileRefused(_UNREAD)
        yield unpacked


def _picture(content: bytes, kind: str) -> SafeFile:
    """Decoded and encoded again: whatever else was in the file, and where it was taken, stays behind."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content), formats=[kind]) as picture:
                if picture.width * picture.height > MAX_PIXELS:
                    raise FileRefused(f"This picture has more than {MAX_PIXELS // 1_000_000} million pixels.")
                upright = ImageOps.exif_transpose(picture)
                plain = upright.convert("RGBA" if kind == "PNG" and upright.has_transparency_data else "RGB")
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise FileRefused("This picture is damaged.") from error
    written = io.BytesIO()
    plain.save(written, kind, **({"quality": 90} if kind == "JPEG" else {}))
    return SafeFile(kind.lower(), written.getvalue())
