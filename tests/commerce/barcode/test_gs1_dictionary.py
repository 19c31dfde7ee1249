"""Our tables against GS1's own dictionary of application identifiers, entry by entry."""

import itertools
import re
from dataclasses import dataclass

import pytest

from commerce.barcode import Gs1Element, gtin_check_digit, validate_ai_combination
from commerce.barcode.gs1_elements import check_element, find_identifier
from commerce.barcode.gs1_rules import requisites_of
from commerce.errors import BadInputError
from tests.shared_data import shared_path

# Each needs its partner directly and what that one needs through it.
_NEEDED_THROUGH_ANOTHER = {"4303": "00", "4313": "00"}
# Examples that satisfy and that break each kind of content which is checked here.
_GOOD = {
    "yymmdd": "250228",
    "yymmdd0": "250200",
    "yyyymmdd": "20240229",
    "hhmi": "2359",
    "hh": "23",
    "mi": "59",
    "ss": "59",
}
_GOOD |= {"pieceoftotal": "0102", "winding": "9", "zero": "0", "hyphen": "-", "yesno": "1", "posinseqslash": "1/2"}
_BAD = {
    "yymmdd": "250200",
    "yymmdd0": "250230",
    "yyyymmdd": "20230229",
    "hhmi": "2460",
    "hh": "24",
    "mi": "60",
    "ss": "60",
}
_BAD |= {"pieceoftotal": "0201", "winding": "2", "zero": "1", "nonzero": "0" * 9, "nozeroprefix": "01", "yesno": "2"}


@dataclass(frozen=True)
class Entry:
    ai: str
    predefined: bool
    components: tuple[str, ...]
    requisites: tuple[frozenset[str], ...]
    excluded: frozenset[str]


@pytest.fixture(scope="module", name="entries")
def read_dictionary() -> list[Entry]:
    lines = shared_path("data", "gs1", "gs1-syntax-dictionary.txt").read_text(encoding="utf-8").splitlines()
    return [entry for line in lines if line[:1].isdigit() for entry in _entries(line)]


def _entries(line: str) -> list[Entry]:
    words = line.split(" # ")[0].split()
    first, _, last = words[0].partition("-")
    flags = words[1] if not re.match(r"[NXYZ\[]", words[1]) else ""
    components = tuple(word for word in words[1:] if re.match(r"\[?[NXYZ][.0-9]", word))
    attributes = [word.partition("=") for word in words if "=" in word]
    requisites = tuple(frozenset(value.split(",")) for key, _, value in attributes if key == "req")
    excluded = frozenset(name for key, _, value in attributes if key == "ex" for name in value.split(","))
    numbers = range(int(first), int(last or first) + 1)
    return [Entry(f"{n:0{len(first)}d}", "*" in flags, components, requisites, excluded) for n in numbers]


def test_the_dictionary_was_read(entries: list[Entry]) -> None:
    assert len(entries) > 500


def test_every_identifier_is_known_with_its_kind_of_length(entries: list[Entry]) -> None:
    for entry in entries:
        known = find_identifier(entry.ai)
        assert known is not None, entry
        assert known.ai == entry.ai
        assert bool(known.fixed_length) == entry.predefined, entry


def test_requisites_are_those_of_the_dictionary(entries: list[Entry]) -> None:
    for entry in entries:
        ours = {frozenset(alternatives.split()) for alternatives in requisites_of(entry.ai)}
        assert ours - {frozenset({_NEEDED_THROUGH_ANOTHER.get(entry.ai, "")})} == set(entry.requisites), entry


def test_exclusions_are_those_of_the_dictionary(entries: list[Entry]) -> None:
    # Identifiers that differ only in the place of the decimal point behave alike: two of each are enough.
    few = [entry for entry in entries if not re.fullmatch("3[1-69][0-9][2-9]", entry.ai)]
    touched = [entry for entry in few if any(_stated(entry, other) for other in few if other is not entry)]
    for one, other in itertools.combinations(touched, 2):
        if one.ai[:2] == other.ai[:2] or not one.ai.startswith(("31", "32", "33", "34", "35", "36")):
            assert _refused_as_exclusive([one.ai, other.ai]) == _stated(one, other), (one, other)


def test_identifiers_without_stated_exclusion_stand_together(entries: list[Entry]) -> None:
    free = [entry for entry in entries if not any(_stated(entry, other) for other in entries if other is not entry)]

    assert len(free) > 100
    assert not _refused_as_exclusive([entry.ai for entry in free])


def test_measures_of_different_kinds_stand_together(entries: list[Entry]) -> None:
    assert not _refused_as_exclusive([entry.ai for entry in entries if re.fullmatch("3[1-6][0-9]0", entry.ai)])


def _stated(one: Entry, other: Entry) -> bool:
    return _excludes(one, other.ai) or _excludes(other, one.ai)


def _excludes(entry: Entry, ai: str) -> bool:
    return any(len(name) == len(ai) and ai.startswith(name.rstrip("n")) for name in entry.excluded)


def _refused_as_exclusive(ais: list[str]) -> bool:
    try:
        validate_ai_combination([Gs1Element(ai, "1") for ai in ais])
    except BadInputError as refused:
        return refused.code == "gs1.exclusive"
    return False


def test_values_of_right_content_are_accepted(entries: list[Entry]) -> None:
    for entry in entries:
        if not {"couponcode", "iban"} & set(re.split("[, ]", " ".join(entry.components))):
            check_element(Gs1Element(entry.ai, "".join(map(_good, entry.components))))


def test_values_with_one_wrong_component_are_refused(entries: list[Entry]) -> None:
    spoilt = 0
    for entry in entries:
        for place, component in enumerate(entry.components):
            bad = _bad(component)
            if bad is None:
                continue
            parts = [bad if i == place else _good(part) for i, part in enumerate(entry.components)]
            spoilt += 1
            with pytest.raises(BadInputError):
                check_element(Gs1Element(entry.ai, "".join(parts)))
    assert spoilt == 48


def _good(component: str) -> str:
    form, *linters = component.replace("]", "").split(",")
    length = int(re.sub(r"\D", "", form))
    for linter in linters:
        if linter in _GOOD:
            return _GOOD[linter]
    if "csum" in linters:
        return _numbered(length)
    return "A" * length if form.lstrip("[")[0] in "XYZ" else "1" * length


def _bad(component: str) -> str | None:
    form, *linters = component.replace("]", "").split(",")
    length = int(re.sub(r"\D", "", form))
    if "csum" in linters:
        good = _numbered(length)
        return good[:-1] + str((int(good[-1]) + 1) % 10)
    return next((_BAD[linter][:length] for linter in linters if linter in _BAD), None)


def _numbered(length: int) -> str:
    payload = "123456789012345678"[: length - 1]
    return payload + gtin_check_digit(payload)
