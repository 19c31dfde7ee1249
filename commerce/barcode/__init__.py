"""Barcodes as a till meets them: what was scanned, under which texts to look it up, and what it carries inside.

EAN, UPC and price-embedded codes need nothing beyond this package; GS1 messages load biip on first use.
"""

from commerce.barcode.digital_link import parse_digital_link
from commerce.barcode.embedded import (
    ITALIAN_DEFAULT_RULES,
    EmbeddedCode,
    EmbeddedRule,
    check_rules,
    parse_embedded,
    value_verifier,
)
from commerce.barcode.explain import explain_code
from commerce.barcode.gs1_elements import (
    Gs1Element,
    format_element_string,
    parse_bracketed,
    parse_bracketed_elements,
    validate_element_string,
)
from commerce.barcode.gs1_rules import validate_ai_combination
from commerce.barcode.gs1_scan import Gs1Price, Gs1Reading, ScanData, process_scan_data, read_gs1
from commerce.barcode.gtin import (
    expand_upce,
    gtin_check_digit,
    has_valid_check_digit,
    is_valid_gtin,
    is_valid_upce,
    lookup_keys,
    to_gtin14,
)
from commerce.barcode.scan import GS, ScannedCode, normalise_scan

__all__ = [
    "GS",
    "ITALIAN_DEFAULT_RULES",
    "EmbeddedCode",
    "EmbeddedRule",
    "Gs1Element",
    "Gs1Price",
    "Gs1Reading",
    "ScanData",
    "ScannedCode",
    "check_rules",
    "expand_upce",
    "explain_code",
    "format_element_string",
    "gtin_check_digit",
    "has_valid_check_digit",
    "is_valid_gtin",
    "is_valid_upce",
    "lookup_keys",
    "normalise_scan",
    "parse_bracketed",
    "parse_bracketed_elements",
    "parse_digital_link",
    "parse_embedded",
    "process_scan_data",
    "read_gs1",
    "to_gtin14",
    "validate_ai_combination",
    "validate_element_string",
    "value_verifier",
]
