"""Text out of a stream of bytes, piece by piece: UTF-8, and never too much for one object."""

from __future__ import annotations

import codecs
from typing import IO, Final

PIECE: Final = 1 << 16

MOST_OF_AN_OBJECT: Final = 8 << 20
"""Characters. etcd refuses an object above 1.5 MiB of JSON; as YAML it is thrice as long."""

_MAGIC: Final = {
    b"PK\x03\x04": "it is a zip archive; name it as a file: lbdoctor scan --from FILE.zip",
    b"\x1f\x8b": "it is compressed with gzip",
}


class TextError(ValueError):
    """The text is neither YAML nor JSON, or not to be read safely; the message says where."""


class Text:
    """The text of a stream; ``read`` gives a piece of it, and nothing at the end.

    Whoever reads calls ``mark`` after each object: too much without a mark is refused.
    """

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")()
        self._pushed = ""
        self._since_mark = 0
        self._is_begun = False
        self._is_ended = False

    def read(self, _size: int = -1) -> str:
        """Return some characters, as many as come; empty at the end.

        Raises:
            TextError: It is not UTF-8, or one object is too long.
        """
        found, self._pushed = self._pushed, ""
        while not found and not self._is_ended:
            found = self._decoded()
        self._since_mark += len(found)
        if self._since_mark > MOST_OF_AN_OBJECT:
            raise TextError(
                f"more than {MOST_OF_AN_OBJECT >> 20} MiB in one object, which Kubernetes never has"
            )
        return found

    def mark(self) -> None:
        """Say that an object was read to its end."""
        self._since_mark = 0

    def first_character(self) -> str:
        """Return the first character that is no space, and take nothing away."""
        seen, first = [], ""
        while not first and (piece := self.read()):
            seen.append(piece)
            first = piece.lstrip(" \t\r\n")[:1]
        self._pushed, self._since_mark = "".join(seen), 0
        return first

    def _decoded(self) -> str:
        # Ctrl-C between two pieces of one long read would be lost.
        data: bytes = getattr(self._stream, "read1", self._stream.read)(PIECE)
        if not self._is_begun:
            self._is_begun = True
            for magic, what in _MAGIC.items():
                if data.startswith(magic):
                    raise TextError(what)
        self._is_ended = not data
        try:
            return self._decoder.decode(data, final=self._is_ended)
        except UnicodeDecodeError as error:
            raise TextError("it is not UTF-8 text") from error
