"""What a scanner sends: the optional AIM symbology identifier (ISO/IEC 15424) and the characters read."""

from dataclasses import dataclass

GS = "\x1d"
_DIGITS = "0123456789"
_HEX = "0123456789ABCDEF"
# Code letter: the modifiers that occur, and the symbology.
_AIM_CODES: dict[str, tuple[str, str]] = {
    "A": (_DIGITS, "code39"),
    "C": ("0124", "code128"),
    "E": ("01234", "ean13"),
    "F": ("0124", "codabar"),
    "G": (_HEX, "code93"),
    "H": ("0138", "code11"),
    "I": ("013", "itf"),
    "J": (_DIGITS, "dotcode"),
    "L": (_DIGITS, "pdf417"),
    "M": (_DIGITS, "msi"),
    "Q": ("0123456", "qr"),
    "R": (_DIGITS, "iata2of5"),
    "S": (_DIGITS, "industrial2of5"),
    "U": ("0123", "maxicode"),
    "X": (_HEX, "other"),
    "d": ("0123456", "datamatrix"),
    "e": ("0123", "databar"),
    "h": ("0123", "hanxin"),
    "z": (_HEX, "aztec"),
}
# Identifiers whose data is a GS1 element string; its leading FNC1 is said by the identifier alone.
_GS1_AIM = {"C1": "gs1_128", "J1": "gs1_dotcode", "Q3": "gs1_qr", "d2": "gs1_datamatrix", "e0": "gs1_databar"}
_EAN_UPC_BY_LENGTH = {13: "ean13", 12: "upca", 8: "upce"}


@dataclass(frozen=True, slots=True)
class ScannedCode:
    """One scan: as it came, its AIM identifier without the bracket, the data behind it and what was read."""

    raw: str
    aim: str | None
    data: str
    symbology: str | None

    @property
    def is_gs1(self) -> bool:
        """Tell whether the scanner said, or a separator inside shows, that this is a GS1 element string."""
        return self.aim in _GS1_AIM or (self.aim is None and GS in self.data)


def normalise_scan(raw: str) -> ScannedCode:
    """Split a scan into AIM identifier and data; a bracket that starts no known identifier stays data."""
    if raw[:1] != "]":
        return ScannedCode(raw, None, raw, None)
    symbology, data = _symbology(raw[1:3], raw[3:]), raw[3:]
    if symbology is None:
        return ScannedCode(raw, None, raw, None)
    return ScannedCode(raw, raw[1:3], data, symbology)


def _symbology(aim: str, data: str) -> str | None:
    modifiers, symbology = _AIM_CODES.get(aim[:1], ("", ""))
    if len(aim) != 2 or aim[1] not in modifiers:
        return None
    if aim[0] != "E":
        return _GS1_AIM.get(aim, symbology)
    if aim == "E4":
        return "ean8"
    # The identifier is shared by EAN-13, UPC-A and UPC-E; only the length tells them apart.
    return _EAN_UPC_BY_LENGTH.get(len(data), symbology) if aim == "E0" else "ean_addon"
