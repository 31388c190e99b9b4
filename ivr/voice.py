"""The voice engine port and its default, espeak-ng from the wheel `espeakng-loader`.

Another engine (piper, sherpa-onnx with a model the city brings) is a class with the same two
members, given to `ivr.prompts.build`.
"""

import ctypes
from collections.abc import Mapping
from importlib.metadata import version
from threading import Lock
from typing import Any, Protocol

import espeakng_loader
import numpy as np

from ivr.sound import Samples
from rexian.kernel.errors import RexianError

_SYNCHRONOUS = 0x02  # AUDIO_OUTPUT_SYNCHRONOUS in speak_lib.h
_NO_EXIT = 0x8000  # espeakINITIALIZE_DONT_EXIT
_UTF8 = 1  # espeakCHARS_UTF8
_POSITION_CHARACTER = 1
_RATE, _PITCH, _RANGE, _GAP = 1, 3, 4, 7  # espeak_PARAMETER

_Callback = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p
)


class VoiceError(RexianError):
    """The voice engine cannot speak."""

    code = "voice"
    status = 500
    default_sentence = "语音合成不可用，请检查 espeakng-loader 是否完整安装。"


class Voice(Protocol):
    """Something that speaks."""

    @property
    def name(self) -> str:
        """Engine, voice and its parameters: part of the key that decides on a rebuild."""
        ...

    def speak(self, text: str) -> tuple[Samples, int]:
        """Samples in -1…1 of the spoken text, and their rate in Hz."""
        ...


class _Library:
    """The one engine of this process: espeak-ng keeps its voice and settings in global variables.

    So whoever speaks holds the lock and sets everything that matters first.
    """

    def __init__(self) -> None:
        self.lock = Lock()
        self.rate = 0
        self._library: Any = None
        self._heard: list[bytes] = []
        self._callback: Any = _Callback(self._hear)  # kept: C holds only a pointer to it

    def speak(self, text: str, voice: str, parameters: Mapping[int, int]) -> bytes:
        """16-bit samples at `rate` Hz. Raises `VoiceError`."""
        with self.lock:
            library = self._loaded()
            if library.espeak_SetVoiceByName(voice.encode()) != 0:
                raise VoiceError(voice=voice)
            for parameter, value in parameters.items():
                library.espeak_SetParameter(parameter, value, 0)
            self._heard.clear()
            content = text.encode()
            size = ctypes.c_size_t(len(content) + 1)
            result = library.espeak_Synth(
                content, size, 0, _POSITION_CHARACTER, 0, _UTF8, None, None
            )
            if result != 0 or not self._heard:
                raise VoiceError(characters=len(text), result=result)
            return b"".join(self._heard)

    def _loaded(self) -> Any:
        if self._library is not None:
            return self._library
        try:
            library = ctypes.CDLL(str(espeakng_loader.get_library_path()))
        except OSError as error:
            raise VoiceError(problem=str(error)) from error
        data = str(espeakng_loader.get_data_path()).encode()
        self.rate = library.espeak_Initialize(_SYNCHRONOUS, 0, data, _NO_EXIT)
        if self.rate <= 0:
            raise VoiceError(rate=self.rate)
        library.espeak_SetSynthCallback(self._callback)
        self._library = library
        return library

    def _hear(self, wave: Any, count: int, _events: Any) -> int:
        if wave and count > 0:
            self._heard.append(ctypes.string_at(wave, count * 2))
        return 0


_ENGINE = _Library()


class Espeak:
    """espeak-ng, Mandarin, in this process through ctypes. The library is loaded when it speaks."""

    def __init__(self, *, voice: str = "cmn", words_a_minute: int = 195, pitch: int = 48) -> None:
        """Choose the voice; nothing is loaded yet."""
        release = version("espeakng-loader")
        self.name = f"espeak-ng {release}/{voice}/{words_a_minute}/{pitch}"
        self._voice = voice
        self._parameters = {_RATE: words_a_minute, _PITCH: pitch, _RANGE: 55, _GAP: 1}

    def speak(self, text: str) -> tuple[Samples, int]:
        """Samples of the spoken text. Raises `VoiceError` when the engine gives none."""
        content = _ENGINE.speak(text, self._voice, self._parameters)
        samples = np.frombuffer(content, dtype=np.int16).astype(np.float64) / 32768
        return samples, _ENGINE.rate
