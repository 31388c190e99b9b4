"""The default voice: several voices in one process do not take each other's words."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from ivr.voice import Espeak


def test_two_voices_speak_in_turn_in_one_process():
    first, second = Espeak(pitch=62), Espeak(pitch=35)
    lengths = [len(voice.speak("您好")[0]) for voice in (first, second, first, second)]
    assert min(lengths) > 5_000


def test_voices_that_speak_at_the_same_time_each_say_their_own_words():
    slow, fast = Espeak(words_a_minute=150), Espeak(words_a_minute=260)
    sentences = {slow: "您好，我住花果园，我们这栋楼停水了。", fast: "您好。"}
    alone = {voice: len(voice.speak(text)[0]) for voice, text in sentences.items()}

    def said(number: int) -> float:
        voice = (slow, fast)[number % 2]
        return len(voice.speak(sentences[voice])[0]) / alone[voice]

    with ThreadPoolExecutor(8) as threads:
        shares = list(threads.map(said, range(24)))
    assert all(0.95 < share < 1.05 for share in shares), shares
