"""A file that only a key opens, written and read as a stream: AES-256-GCM in numbered pieces (STREAM, Hoang et al.
2015). A piece that is missing, doubled, out of order or changed is noticed, and so is an end that was cut off.
"""

import os
from typing import IO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from whiteboard_crdt.errors import SetupError

_MAGIC = b"chalkmesh-sealed-1\n"
_SALT_BYTES = 16
_PIECE_BYTES = 1024 * 1024
_TAG_BYTES = 16
_LAST = b"last"
_MORE = b"more"


def _cipher(passphrase: str, salt: bytes) -> AESGCM:
    # 64 MiB and a tenth of a second: the passphrase is an operator's, not a machine's.
    return AESGCM(Scrypt(salt=salt, length=32, n=2**16, r=8, p=1).derive(passphrase.encode()))


def _nonce(number: int) -> bytes:
    return number.to_bytes(12, "big")


class SealedWriter:
    """Encrypts what is written. `finish` ends the file; without it, it is no whole one."""

    def __init__(self, file: IO[bytes], passphrase: str) -> None:
        salt = os.urandom(_SALT_BYTES)
        self._cipher = _cipher(passphrase, salt)
        self._file = file
        self._buffer = bytearray()
        self._number = 0
        file.write(_MAGIC + salt)

    def write(self, content: bytes) -> int:
        """Takes bytes in; pieces go out as they fill."""
        self._buffer += content
        # One piece stays behind: only at the end is it known which is the last.
        while len(self._buffer) > _PIECE_BYTES:
            self._put(bytes(self._buffer[:_PIECE_BYTES]), _MORE)
            del self._buffer[:_PIECE_BYTES]
        return len(content)

    def finish(self) -> None:
        """Writes the last piece."""
        self._put(bytes(self._buffer), _LAST)

    def _put(self, piece: bytes, which: bytes) -> None:
        self._file.write(self._cipher.encrypt(_nonce(self._number), piece, which))
        self._number += 1


class SealedReader:
    """Decrypts a file of SealedWriter's. Raises SetupError for a wrong key or a file that is not whole."""

    def __init__(self, file: IO[bytes], passphrase: str) -> None:
        if file.read(len(_MAGIC)) != _MAGIC:
            raise SetupError("This is no backup of chalkmesh.")
        self._cipher = _cipher(passphrase, file.read(_SALT_BYTES))
        self._file = file
        self._ahead = file.read(_PIECE_BYTES + _TAG_BYTES)
        self._number = 0
        self._buffer = b""
        self._done = False

    def read(self, size: int = -1) -> bytes:
        """At most `size` bytes, all that is left for -1; empty at the end."""
        while not self._done and (size < 0 or len(self._buffer) < size):
            self._buffer += self._next()
        taken = self._buffer if size < 0 else self._buffer[:size]
        self._buffer = self._buffer[len(taken) :]
        return taken

    def _next(self) -> bytes:
        sealed, self._ahead = self._ahead, self._file.read(_PIECE_BYTES + _TAG_BYTES)
        self._done = not self._ahead
        try:
            piece = self._cipher.decrypt(_nonce(self._number), sealed, _LAST if self._done else _MORE)
        except InvalidTag as error:
            where = "The key does not fit" if self._number == 0 else "The backup is damaged or was cut off"
            raise SetupError(f"{where}; nothing was restored.") from error
        self._number += 1
        return piece
