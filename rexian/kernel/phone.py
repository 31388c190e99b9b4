"""Telephone numbers as a Chinese city meets them: mobiles, landlines, short codes, extensions.

`phonenumbers` judges numbers, but calls `010 12345` a Beijing subscriber: a short code behind an
area code is the service of that city, and nobody's telephone. So codes are recognised first.
"""

from __future__ import annotations

import importlib
import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum

import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberFormat, PhoneNumberType

from rexian.kernel.errors import BadInput

HOME_AREA = "0851"
"""Area code of Guiyang, Zunyi and Anshun; where a landline without area code is taken to be."""


class BadNumber(BadInput):
    """This is no telephone number."""

    code = "bad_number"
    default_sentence = "号码格式不正确，请核对后重新填写。"


class Kind(StrEnum):
    """What answers at a number."""

    MOBILE = "mobile"
    LANDLINE = "landline"
    SHARED = "shared"
    """400 and 800 numbers: a business, callable, takes no SMS."""
    SERVICE = "service"
    """Short codes: 110, 119, 120, 122, 12345, 96796, 95588 …, with or without an area code."""
    EXTENSION = "extension"
    """Three or four digits inside the house: seats and the duty telephone."""
    FOREIGN = "foreign"


@dataclass(frozen=True, slots=True)
class Phone:
    """One number.

    `e164` is unique per number: `+86…` (ITU-T E.164), or the digits as dialled for service codes
    and extensions, which have no E.164 form. `area_code` is the landline's (`0851`), else ``""``.
    `extension` is what is keyed after the number answers, else ``""``.
    """

    kind: Kind
    e164: str
    area_code: str
    display: str
    extension: str = ""

    @property
    def subscriber(self) -> bool:
        """Whether a person may be rung back here: no service code, no seat."""
        return self.kind not in {Kind.SERVICE, Kind.EXTENSION}

    @property
    def takes_sms(self) -> bool:
        """Whether an SMS may be sent here."""
        return self.kind is Kind.MOBILE

    @property
    def area_name(self) -> str:
        """Chinese name of the area (贵州省贵阳市), or ``""`` when the number has none."""
        return area_name(self)

    def masked(self) -> str:
        """Return the number without its middle: 139****1234, 0851-****0123. Codes stay."""
        if not self.subscriber:
            return self.display
        digits = re.sub(r"\D", "", self.display.split("转")[0])
        if self.kind is Kind.LANDLINE:
            return f"{self.area_code}-****{digits[-4:]}"
        return f"{digits[:3]}****{digits[-4:]}"

    def dialled(self) -> str:
        """Return the digits a Chinese trunk dials: 13985551234, 085185550123, 12345."""
        if self.kind is Kind.FOREIGN:
            return "00" + self.e164.removeprefix("+")
        national = self.e164.removeprefix("+86")
        return "0" + national if self.kind is Kind.LANDLINE else national


_SERVICE = r"(?:1[012]\d(?:\d\d)?|9[56]\d{3,4})"
_AREA = r"0(?:10|2\d|[3-9]\d\d)"
_service = re.compile(rf"(?P<area>{_AREA})?(?P<code>{_SERVICE})")
_extension = re.compile(r"[1-8]\d{2,3}")
_local = re.compile(r"[2-8]\d{6,7}")
_after = re.compile(r"(?:转|轉|分机|ext\.?|x|#|,)\s*[:：]?\s*(?P<ext>\d{1,8})$", re.IGNORECASE)
_dashed = re.compile(rf"^(?P<number>(?:{_AREA}|400|800)?[-\s]?\d{{7,8}})-(?P<ext>\d{{1,6}})$")
_separators = re.compile(r"[\s\-‐-―().·]+")
_KINDS = {
    PhoneNumberType.MOBILE: Kind.MOBILE,
    PhoneNumberType.FIXED_LINE: Kind.LANDLINE,
    PhoneNumberType.FIXED_LINE_OR_MOBILE: Kind.LANDLINE,
    PhoneNumberType.TOLL_FREE: Kind.SHARED,
    PhoneNumberType.SHARED_COST: Kind.SHARED,
    PhoneNumberType.UAN: Kind.SHARED,
}
_CHINA = 86
_LONGEST = 64

_PARTS_OF_0851 = {"8": "贵州省贵阳市", "2": "贵州省遵义市", "3": "贵州省安顺市"}
"""Since 2014 three cities share 0851; the first digit of the subscriber number tells them apart."""


def parse(text: str, area: str = HOME_AREA) -> Phone:
    """Read a number as people write it and switches send it.

    `area` is the area code put before a landline given without one. Full-width digits, spaces,
    hyphens, `+86`, `0086`, `转801` are understood. Raises BadNumber.
    """
    plain = unicodedata.normalize("NFKC", text).strip()
    if not plain or len(plain) > _LONGEST:
        raise BadNumber(problem="no number, or too long for one")
    plain, extension = _cut_extension(plain)
    digits = _separators.sub("", plain)
    if not re.fullmatch(r"\+?\d{3,17}", digits):
        raise BadNumber(problem="a number has 3 to 17 digits and nothing else")
    code = _service.fullmatch(digits)
    if code and not extension:
        return _service_phone(code)
    if _extension.fullmatch(digits) and not extension:
        return Phone(Kind.EXTENSION, digits, "", digits)
    if _local.fullmatch(digits):
        digits = area + digits
    elif digits.startswith("00"):
        digits = "+" + digits[2:]
    return _subscriber(digits, extension)


def _cut_extension(text: str) -> tuple[str, str]:
    found = _after.search(text)
    if found:
        return text[: found.start()].strip(), found["ext"]
    dashed = _dashed.match(text)
    if dashed:
        return dashed["number"], dashed["ext"]
    return text, ""


def _service_phone(found: re.Match[str]) -> Phone:
    area, code = found["area"] or "", found["code"]
    return Phone(Kind.SERVICE, area + code, area, f"{area}-{code}" if area else code)


def _subscriber(digits: str, extension: str) -> Phone:
    try:
        number = phonenumbers.parse(digits, "CN")
    except phonenumbers.NumberParseException as error:
        raise BadNumber(problem="not a number of any numbering plan") from error
    if not phonenumbers.is_valid_number(number):
        raise BadNumber(problem="no such number in its numbering plan")
    e164 = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    tail = f"转{extension}" if extension else ""
    if number.country_code != _CHINA:
        display = phonenumbers.format_number(number, PhoneNumberFormat.INTERNATIONAL)
        return Phone(Kind.FOREIGN, e164, "", display + tail, extension)
    kind = _KINDS.get(phonenumbers.number_type(number))
    if kind is None:
        raise BadNumber(problem="no telephone that rings")
    national = phonenumbers.national_significant_number(number)
    if kind is Kind.LANDLINE:
        return _landline(number, e164, national, extension)
    display = f"{national[:3]} {national[3:-4]} {national[-4:]}"
    return Phone(kind, e164, "", display + tail, extension)


def _landline(number: PhoneNumber, e164: str, national: str, extension: str) -> Phone:
    length = phonenumbers.length_of_geographical_area_code(number)
    area, rest = "0" + national[:length], national[length:]
    if not _local.fullmatch(rest):
        raise BadNumber(problem="no subscriber behind this area code")
    tail = f"转{extension}" if extension else ""
    display = f"{area}-{rest[:-4]} {rest[-4:]}{tail}"
    return Phone(Kind.LANDLINE, e164, area, display, extension)


def area_name(phone: Phone) -> str:
    """Chinese name of the area of `phone`, from phonenumbers' tables; ``""`` when it has none."""
    if not phone.subscriber:
        return ""
    number = phonenumbers.parse(phone.e164, None)
    if phone.area_code == HOME_AREA:
        first = phonenumbers.national_significant_number(number)[len(HOME_AREA) - 1]
        if first in _PARTS_OF_0851:
            return _PARTS_OF_0851[first]
    from phonenumbers import geocoder  # see load_areas

    name: str = geocoder.description_for_number(number, "zh")
    return "" if name == "中国" else name


def load_areas() -> None:
    """Load the tables of areas (0.4 s of processor time, 70 MB); the first name asked for does."""
    importlib.import_module("phonenumbers.geocoder")
