import pytest

from commerce.errors import ConflictError, DeviceRefusedError
from commerce.texts import translator
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
