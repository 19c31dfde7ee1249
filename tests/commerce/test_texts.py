import pytest

from commerce.errors import ConflictError, DeviceRefusedError
from commerce.texts import Counted, translator
from commerce.texts.errors import ERROR_TEXTS, error_text


def test_italian_has_its_own_sentence() -> None:
    assert translator("it").t("The device refused.") == "Il dispositivo ha rifiutato."


def test_english_is_the_message_id() -> None:
    assert translator("en").t("The device refused.") == "The device refused."


def test_an_unknown_language_reads_english() -> None:
    assert translator("xx").language == "en"
    assert translator("xx").t("The device refused.") == "The device refused."


def test_an_unknown_sentence_stays_as_it_is() -> None:
    assert translator("it").t("Nobody translated this.") == "Nobody translated this."


def test_an_empty_text_stays_empty() -> None:
    assert translator("it").t("") == ""


def test_placeholders_are_filled() -> None:
    assert translator("it").t("That is not allowed here ({code}).", code="x.y").endswith("(x.y).")


def test_a_count_chooses_the_form() -> None:
    en = translator("en")

    assert en.tn("{count} item", "{count} items", 1) == "1 item"
    assert en.tn("{count} item", "{count} items", 2) == "2 items"


def test_an_error_is_put_into_the_language_by_its_code() -> None:
    error = DeviceRefusedError("printer.paper_out")

    assert error_text(translator("it"), error).startswith("Carta finita.")


def test_a_code_without_sentence_falls_back_to_its_class() -> None:
    assert error_text(translator("en"), ConflictError("no.such_code")) == ERROR_TEXTS["conflict"]


def test_a_missing_value_is_shown_as_a_question_mark(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ERROR_TEXTS, "sale.total_changed", "The total is now {total}.")

    assert error_text(translator("en"), ConflictError("sale.total_changed")) == "The total is now ?."


def test_every_error_text_is_translated() -> None:
    it = translator("it")

    assert [code for code, msgid in ERROR_TEXTS.items() if it.t(msgid) == msgid] == []


COUNTED = {code: msgid for code, msgid in ERROR_TEXTS.items() if isinstance(msgid, Counted)}


@pytest.mark.parametrize("language", ["en", "it"])
@pytest.mark.parametrize("code", COUNTED)
def test_one_is_not_said_as_many(code: str, language: str) -> None:
    words, of = translator(language), COUNTED[code].of

    one, two = (error_text(words, ConflictError(code, after=7, factor=10, **{of: count})) for count in (1, 2))

    assert "1" in one
    assert one.replace("1", "2") != two
    assert "?" not in one + two


def test_seconds_are_counted_everywhere() -> None:
    assert [code for code, msgid in ERROR_TEXTS.items() if "{wait_s}" in msgid and code not in COUNTED] == []
    assert len(COUNTED) >= 6


def test_a_counted_sentence_without_its_count_is_said_as_of_many() -> None:
    said = error_text(translator("en"), ConflictError("sign_in.wait"))

    assert said == "Too many attempts. Wait ? seconds, then try again."
