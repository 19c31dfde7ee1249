"""QR and bar codes as dots, for printers that cannot draw them and for paper shown on a page."""

from importlib import import_module

QUIET_ZONE = 2


def qr_dots(data: str) -> tuple[bytes, ...]:
    """Return the code's rows, one byte (0 or 1) per module, with a quiet zone around."""
    qrcode = import_module("qrcode")
    code = qrcode.QRCode(border=QUIET_ZONE, error_correction=qrcode.ERROR_CORRECT_L)
    code.add_data(data)
    code.make(fit=True)
    return tuple(bytes(row) for row in code.get_matrix())


def barcode_dots(kind: str, data: str, height: int = 24) -> tuple[bytes, ...]:
    """Return the bars as dots, or no rows when the data cannot be such a code."""
    barcode = import_module("barcode")
    try:
        pattern = barcode.get_barcode_class(kind)(data).build()[0]
    except (import_module("barcode.errors").BarcodeError, ValueError, KeyError):
        return ()
    return (bytes(int(module) for module in str(pattern).replace("G", "1")),) * height


def raster(rows: tuple[bytes, ...], scale: int) -> bytes:
    """Return the raster command (GS v 0) that prints these dots, each ``scale`` dots wide and high."""
    lines = [_packed(row, scale) for row in rows]
    width, height = len(lines[0]), len(lines) * scale
    header = b"\x1dv0\x00" + width.to_bytes(2, "little") + height.to_bytes(2, "little")
    return header + b"".join(line * scale for line in lines)


def _packed(row: bytes, scale: int) -> bytes:
    dots = "".join("01"[dot] * scale for dot in row)
    width = -(-len(dots) // 8)
    return int(dots.ljust(width * 8, "0"), 2).to_bytes(width, "big")
