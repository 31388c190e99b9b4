"""A robot citizen walks a scenario on a real telephone and says what it heard."""

import asyncio
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from calls.asterisk_conf import SECRET_GROUP
from ivr import sound
from ivr.prompts import prompt_file
from ivr.texts import texts
from rexian.app.robots import audio
from rexian.app.robots.phone import Line, Phone, phone
from rexian.app.robots.scenario import (
    BadScenario,
    Caller,
    Dial,
    ExpectDigits,
    ExpectMusic,
    ExpectPrompt,
    ExpectVoice,
    HangUp,
    Press,
    PromptWanted,
    Say,
    Script,
    Step,
    VoiceWanted,
    Wait,
    WaitHangUp,
    filled,
)
from rexian.app.robots.speech import spoken
from rexian.app.robots.timeline import Timeline
from rexian.app.services.secrets import SecretStore
from rexian.kernel.errors import RexianError
from rexian.kernel.settings import Settings

WELL = 0.8
"""Median correlation from which a prompt counts as heard; another prompt stays below 0.3."""
MOST = 0.7
"""Share of its segments that must have been heard: a busy machine loses packets."""
LOOK_S = 0.3
LOOK_BACK_S = 8.0
"""How far back from now a prompt is looked for, besides its own length."""
MUSIC_S = 1.2
LOST = 0.25
"""Share of digits that lost packets may garble on a busy machine: 3 of 13; none may be wrong."""
DIGITS_WITHIN_S = 20.0
GAP_S = 0.15
"""Silence between two digits, at most on average."""


class NotHeard(RexianError):
    """The citizen did not hear what the scenario expects."""

    code = "not_heard"
    status = 504
    default_sentence = "机器人市民没有听到应有的声音。"


def trunk_line(settings: Settings, caller: Caller) -> Line:
    """A citizen's line: the carrier's side of the trunk with any number and name."""
    secrets = SecretStore(settings.file("secrets.toml"))
    return Line(
        server=f"127.0.0.1:{settings.ports.sip}",
        user="trunk",
        password=secrets.get(SECRET_GROUP, "trunk"),
        number=caller.number,
        name=caller.name,
    )


def seat_line(settings: Settings, account: str) -> Line:
    """The line of a seat (`seat-1012`) or of the duty phone (`duty`); it registers."""
    secrets = SecretStore(settings.file("secrets.toml"))
    return Line(
        server=f"127.0.0.1:{settings.ports.sip}",
        user=account,
        password=secrets.get(SECRET_GROUP, account),
        number=account,
        register=True,
    )


class Citizen:
    """Somebody with a telephone and a plan."""

    def __init__(self, settings: Settings, one: Phone, timeline: Timeline, line: str) -> None:
        """Act on an open phone; `line` is what `dial` dials when a step names nothing."""
        self._settings = settings
        self._phone = one
        self._timeline = timeline
        self._line = line
        self._listened = 0.0

    async def walk(self, steps: tuple[Step, ...], facts: Mapping[str, str]) -> None:
        """Do all steps. Raises `NotHeard`, `PhoneFailed`, `BadScenario`."""
        for step in steps:
            await self.do(step, facts)

    async def do(self, step: Step, facts: Mapping[str, str]) -> None:
        """Do one step."""
        match step:
            case Dial():
                await self._dial(step.dial or self._line)
            case ExpectPrompt():
                wanted = step.expect_prompt
                wanted = PromptWanted(prompt=wanted) if isinstance(wanted, str) else wanted
                name = filled(wanted.prompt, facts)
                await self.hear_prompt(wanted.model_copy(update={"prompt": name}))
            case ExpectDigits():
                wish = step.expect_digits
                within = DIGITS_WITHIN_S if isinstance(wish, str) else wish.within_s
                digits = wish if isinstance(wish, str) else wish.digits
                await self.hear_digits(filled(digits, facts), within)
            case ExpectVoice():
                said = step.expect_voice
                said = VoiceWanted(text=said) if isinstance(said, str) else said
                await self.hear_voice(said.model_copy(update={"text": filled(said.text, facts)}))
            case ExpectMusic():
                await self.hear_music(step.expect_music)
            case _:
                await self._act(step, facts)

    async def _act(self, step: Step, facts: Mapping[str, str]) -> None:
        match step:
            case Press():
                keys = filled(step.press, facts)
                await self._phone.press(keys)
                self._timeline.note("市民", f"按键 {keys}")
            case Say():
                text = filled(step.say, facts)
                await self._phone.say(spoken("citizen", text))
                self._timeline.note("市民", f"说：{text}")
            case Wait():
                await asyncio.sleep(step.wait)
            case WaitHangUp():
                await self._phone.hung_up(seconds=step.wait_hang_up)
                self._timeline.note("市民", "对方已挂机")
            case HangUp():
                await self._phone.hang_up()
                self._timeline.note("市民", "挂机")

    async def _dial(self, number: str) -> None:
        self._timeline.note("市民", f"拨打 {number}")
        self._listened = 0.0
        await self._phone.dial(number)
        self._timeline.note("市民", "已接通")

    async def hear_prompt(self, wanted: PromptWanted) -> audio.Match:
        """Wait until a prompt has been heard. Raises `NotHeard` with the best match."""
        file = prompt_file(self._settings, wanted.prompt)
        if not file.exists():
            raise BadScenario(f"没有提示音“{wanted.prompt}”，请先 rexian prompts build。")
        prompt, _ = sound.from_wav(file)
        if wanted.first_s:
            prompt = prompt[: int(wanted.first_s * audio.RATE)]
        text = texts()[wanted.prompt]
        found = await self._hear(prompt, wanted.within_s, text)
        self._timeline.note("市民", f"听到：{text}", f"相关 {found.correlation:.3f}")
        return found

    async def hear_voice(self, wanted: VoiceWanted) -> audio.Match:
        """Wait until a robot seat has said a sentence. Raises `NotHeard`."""
        prompt, _ = sound.from_wav(spoken("seat", wanted.text))
        found = await self._hear(prompt, wanted.within_s, wanted.text)
        self._timeline.note("市民", f"听到话务员：{wanted.text}", f"相关 {found.correlation:.3f}")
        return found

    async def hear_digits(self, digits: str, within_s: float) -> None:
        """Wait until these digits, one by one, followed the last prompt. Raises `NotHeard`."""
        sounds = {
            f"digit-{digit}": sound.from_wav(prompt_file(self._settings, f"digit-{digit}"))[0]
            for digit in range(10)
        }
        wanted = [f"digit-{digit}" for digit in digits]
        said: list[str] = []
        most_s = sum(len(sounds[name]) for name in wanted) / audio.RATE + GAP_S * len(wanted)

        def heard() -> bool:
            now = self._phone.heard()
            said[:] = audio.recognised(sounds, now, begin=self._listened, most_s=most_s)
            if said == wanted:
                return True
            if len(now) / audio.RATE < self._listened + most_s:
                return False
            clear = audio.recognised(
                sounds, now, begin=self._listened, most_s=most_s, least=audio.CLEAR
            )
            return audio.lacks_only(clear, wanted, int(len(wanted) * LOST))

        if not await until_holds(heard, within_s):
            got = "".join(name[-1:] for name in said)
            raise NotHeard(f"应听到逐位报读 {digits}，实际听到 {got or '无'}。", heard=got)
        self._listened += sum(len(sounds[name]) for name in wanted) / audio.RATE
        self._timeline.note("市民", f"听到逐位报读 {digits}", f"{len(digits)} 位相符")

    async def hear_music(self, within_s: float) -> None:
        """Wait until what is heard is a piece of the queue's music. Raises `NotHeard`."""
        folder = self._settings.home / "asterisk"
        pieces = [sound.from_wav(file)[0] for file in sorted(folder.rglob("music/*.wav"))]
        length = int(MUSIC_S * audio.RATE)
        best = 0.0

        def heard() -> bool:
            nonlocal best
            latest = self._phone.heard()[-length:]
            matches = [audio.match(latest, piece).correlation for piece in pieces]
            best = max([best, *matches])
            return best >= WELL

        if not await until_holds(heard, within_s):
            raise NotHeard(f"没有听到等候音乐（相关 {best:.2f}）。", correlation=best)
        self._timeline.note("市民", "听到等候音乐", f"相关 {best:.3f}")

    async def _hear(self, prompt: audio.Samples, within_s: float, text: str) -> audio.Match:
        found, length = audio.NOTHING, len(prompt) / audio.RATE

        def heard() -> bool:
            nonlocal found
            sound_so_far = self._phone.heard()
            seconds = len(sound_so_far) / audio.RATE
            if seconds - self._listened < MOST * length:
                return False
            begin = max(self._listened, seconds - length - LOOK_BACK_S)
            now = audio.match(prompt, sound_so_far, begin=begin)
            found = max(found, now, key=lambda one: (one.share, one.correlation))
            return found.correlation >= WELL and found.share >= MOST

        if not await until_holds(heard, within_s):
            raise NotHeard(
                f"{within_s:g} 秒内没有听到“{text}”（相关 {found.correlation:.2f}）。",
                correlation=round(found.correlation, 3),
            )
        # known when MOST of it has come: a key pressed now may cut the rest off
        self._listened = found.at + MOST * len(prompt) / audio.RATE
        return found


async def until_holds(holds: Callable[[], bool], seconds: float) -> bool:
    """Look again and again, in a thread (it is arithmetic), until it holds or time is up."""
    until = time.monotonic() + seconds
    while not await asyncio.to_thread(holds):
        if time.monotonic() >= until:
            return False
        await asyncio.sleep(LOOK_S)
    return True


def citizen_phone(
    settings: Settings, caller: Caller, folder: Path
) -> AbstractAsyncContextManager[Phone]:
    """A citizen's telephone on the trunk."""
    return phone(trunk_line(settings, caller), folder)


async def place_call(
    settings: Settings, script: Script, timeline: Timeline, facts: Mapping[str, str], folder: Path
) -> None:
    """Walk a scenario from dialling to the end."""
    async with citizen_phone(settings, script.caller, folder) as one:
        await Citizen(settings, one, timeline, script.line).walk(script.steps, facts)
