"""How SMPP writes one field: integers, C-octet strings, counted octets, TLVs (SMPP 3.4 §3.1-3.2).

A field knows its name in the specification, its size and the `command_status` that answers a
value which does not fit. Reading never goes past the end and never trusts a length.
"""

from __future__ import annotations

from dataclasses import dataclass

from rexian.kernel.errors import RexianError
from sms.codec.smpp_constants import TLV_LENGTHS, CommandStatus

MAX_UINT16 = 0xFFFF


class MalformedPdu(RexianError):
    """Bytes that are not the PDU they claim to be.

    `command_status` is what to answer, `command_id` and `sequence_number` are those of the header
    when it was readable. `fatal` means the stream has lost its framing: answer and close.
    """

    code = "malformed_pdu"
    status = 502
    default_sentence = "短信网关发来的数据不合协议。"

    def __init__(
        self,
        problem: str,
        command_status: int,
        *,
        command_id: int = 0,
        sequence_number: int = 0,
        fatal: bool = False,
    ) -> None:
        """Keep what the answering side needs."""
        super().__init__(problem=problem, command_status=command_status)
        self.problem = problem
        self.command_status = command_status
        self.command_id = command_id
        self.sequence_number = sequence_number
        self.fatal = fatal


class UnencodablePdu(RexianError):
    """A value that the protocol cannot carry; `field` names it."""

    code = "unencodable_pdu"
    status = 422
    default_sentence = "短信内容超出协议允许的范围。"


@dataclass(frozen=True, slots=True)
class Integer:
    """An unsigned big-endian integer of `octets` octets (§3.1)."""

    name: str
    octets: int = 1

    def read(self, data: bytes, at: int) -> tuple[int, int]:
        """The value and where the next field starts."""
        end = at + self.octets
        if end > len(data):
            raise MalformedPdu(f"{self.name} is cut off", CommandStatus.ESME_RINVCMDLEN)
        return int.from_bytes(data[at:end], "big"), end

    def write(self, value: object) -> bytes:
        """The octets; raises `UnencodablePdu` when `value` does not fit."""
        if not isinstance(value, int) or not 0 <= value < 1 << (8 * self.octets):
            raise UnencodablePdu(field=self.name, octets=self.octets)
        return value.to_bytes(self.octets, "big")


@dataclass(frozen=True, slots=True)
class CString:
    """A C-octet string: ASCII ended by NUL, at most `size` octets with the NUL (§3.1).

    `exact` is for times, which are one NUL or all 17 octets (§7.1.1).
    """

    name: str
    size: int
    error: CommandStatus
    exact: bool = False

    def read(self, data: bytes, at: int) -> tuple[str, int]:
        """The text and where the next field starts."""
        end = data.find(b"\0", at, at + self.size)
        if end < 0:
            cut = at + self.size > len(data)
            raise MalformedPdu(
                f"{self.name} has no end within {self.size} octets",
                CommandStatus.ESME_RINVCMDLEN if cut else self.error,
            )
        raw = data[at:end]
        if not raw.isascii() or (self.exact and len(raw) not in {0, self.size - 1}):
            raise MalformedPdu(f"{self.name} has a wrong form", self.error)
        return raw.decode("ascii"), end + 1

    def write(self, value: object) -> bytes:
        """The octets with the NUL; raises `UnencodablePdu` when `value` does not fit."""
        if not isinstance(value, str) or not value.isascii() or "\0" in value:
            raise UnencodablePdu(field=self.name, problem="not ASCII")
        wrong = len(value) not in {0, self.size - 1} if self.exact else len(value) >= self.size
        if wrong:
            raise UnencodablePdu(field=self.name, size=self.size)
        return value.encode("ascii") + b"\0"


@dataclass(frozen=True, slots=True)
class Counted:
    """Octets whose number stands in one octet before them (`sm_length`, §5.2.21)."""

    name: str
    most: int
    error: CommandStatus

    def read(self, data: bytes, at: int) -> tuple[bytes, int]:
        """The octets and where the next field starts."""
        if at >= len(data):
            raise MalformedPdu(
                f"the length of {self.name} is cut off", CommandStatus.ESME_RINVCMDLEN
            )
        length = data[at]
        end = at + 1 + length
        if length > self.most or end > len(data):
            raise MalformedPdu(f"{self.name} is shorter or longer than it says", self.error)
        return data[at + 1 : end], end

    def write(self, value: object) -> bytes:
        """The length and the octets; raises `UnencodablePdu` when there are too many."""
        if not isinstance(value, bytes) or len(value) > self.most:
            raise UnencodablePdu(field=self.name, most=self.most)
        return bytes([len(value)]) + value


Field = Integer | CString | Counted


@dataclass(frozen=True, slots=True)
class Tlv:
    """An optional parameter: tag, length, value (§3.2.4.1)."""

    tag: int
    value: bytes

    @property
    def number(self) -> int:
        """The value as an unsigned integer."""
        return int.from_bytes(self.value, "big")

    @property
    def text(self) -> str:
        """The value as a C-octet string, a missing NUL forgiven (real carriers leave it out)."""
        return self.value.partition(b"\0")[0].decode("latin-1")


def read_tlvs(data: bytes, at: int) -> tuple[Tlv, ...]:
    """All TLVs from `at` to the end; raises `MalformedPdu` with the status of §5.1.3."""
    found: list[Tlv] = []
    while at < len(data):
        if at + 4 > len(data):
            raise MalformedPdu("a TLV's head is cut off", CommandStatus.ESME_RINVOPTPARSTREAM)
        tag = int.from_bytes(data[at : at + 2], "big")
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        at += 4
        if at + length > len(data):
            raise MalformedPdu("a TLV's value is cut off", CommandStatus.ESME_RINVOPTPARSTREAM)
        least, most = TLV_LENGTHS.get(tag, (0, MAX_UINT16))
        if not least <= length <= most:
            raise MalformedPdu(f"TLV 0x{tag:04X} of {length} octets", CommandStatus.ESME_RINVPARLEN)
        found.append(Tlv(tag, data[at : at + length]))
        at += length
    return tuple(found)


def write_tlvs(tlvs: tuple[Tlv, ...]) -> bytes:
    """The octets of `tlvs` in their order; raises `UnencodablePdu` on a wrong length."""
    parts: list[bytes] = []
    for one in tlvs:
        least, most = TLV_LENGTHS.get(one.tag, (0, MAX_UINT16))
        if not 0 <= one.tag <= MAX_UINT16 or not least <= len(one.value) <= most:
            raise UnencodablePdu(field=f"tlv_{one.tag:04X}", length=len(one.value))
        parts.append(one.tag.to_bytes(2, "big") + len(one.value).to_bytes(2, "big") + one.value)
    return b"".join(parts)
