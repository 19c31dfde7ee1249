"""Everything that is wrong, collected and refused at once."""

from __future__ import annotations

import pytest

from commerce.errors import BadInputError, ConflictError, ForbiddenError, InvalidError, NotFoundError, Problem, Problems
from commerce.texts import translator
from commerce.texts.errors import error_text
from commerce.texts.problems import field_texts, problem_document


def refusal(problems: Problems) -> InvalidError:
    with pytest.raises(InvalidError) as refused:
        problems.refuse()
    return refused.value


def test_nothing_found_refuses_nothing() -> None:
    problems = Problems()

    problems.refuse()

    assert not problems


def test_all_that_is_wrong_comes_at_once_in_the_order_it_was_found() -> None:
    problems = Problems()
    problems.add("item.sku_taken", "sku", sku="A1")
    problems.add("item.form", "name")

    error = refusal(problems)

    assert error.problems == (Problem("item.sku_taken", "sku", {"sku": "A1"}), Problem("item.form", "name"))
    assert (error.code, error.values) == ("invalid", {"count": 2})
    assert error_text(translator("it"), error) == "Prima vanno sistemate 2 cose."


def test_a_single_problem_gives_its_code_and_values_to_the_whole() -> None:
    problems = Problems()
    problems.add("item.sku_taken", "sku", sku="A1")

    error = refusal(problems)

    assert (error.code, error.values) == ("item.sku_taken", {"field": "sku", "sku": "A1"})


def test_what_stands_under_a_row_is_named_with_it() -> None:
    problems = Problems()
    row = problems.under("addresses.2")
    row.add("bad_input.field", "zip")
    row.under("lines.0").add("bad_input.field")

    assert [one.field for one in problems] == ["addresses.2.zip", "addresses.2.lines.0"]


def test_what_another_check_refuses_is_noted_instead_of_raised() -> None:
    problems = Problems()
    with problems.taking("price"):
        raise BadInputError("price.form", field="price", text="abc")
    with problems.taking("sku"):
        raise ConflictError("item.sku_taken")
    inner = Problems()
    inner.add("bad_input.field", "zip")
    inner.add("bad_input.field", "city")
    with problems.taking("addresses.0"):
        inner.refuse()

    assert [(one.code, one.field) for one in problems] == [
        ("price.form", "price"), ("item.sku_taken", "sku"),
        ("bad_input.field", "addresses.0.zip"), ("bad_input.field", "addresses.0.city"),
    ]  # fmt: skip


@pytest.mark.parametrize("error", [ForbiddenError(), NotFoundError()])
def test_who_may_not_and_what_is_not_there_end_everything(error: Exception) -> None:
    problems = Problems()

    with pytest.raises(type(error)), problems.taking("price"):
        raise error


def test_an_ordinary_error_is_one_problem_of_its_field() -> None:
    assert BadInputError("item.form", field="name", most=60).problems == (
        Problem("item.form", "name", {"field": "name", "most": 60}),
    )


def test_several_take_the_code_that_the_whole_has() -> None:
    faults = [Problem("api.body", place, {"field": place, "fault": "missing"}) for place in ("sku", "names")]

    error = InvalidError(*faults, whole="api.body")

    assert (error.code, error.values) == ("api.body", {"field": "sku", "fault": "missing", "count": 2})


def test_problem_json_says_everything_with_codes_for_programs_and_words_for_people() -> None:
    problems = Problems()
    problems.add("role.name", "name_it", most=60)
    problems.add("role.right", "rights", right="x.y")

    document = problem_document(translator("en"), refusal(problems), 422)

    assert document == {
        "type": "urn:cassaforte:problem:invalid",
        "title": "Unprocessable Entity",
        "status": 422,
        "detail": "2 things have to be put right first.",
        "code": "invalid",
        "values": {"count": 2},
        "errors": [
            {"field": "name_it", "code": "role.name", "values": {"most": 60},
             "detail": "A role needs a name in both languages, of at most 60 characters."},
            {"field": "rights", "code": "role.right", "values": {"right": "x.y"},
             "detail": "There is no right called x.y."},
        ],
    }  # fmt: skip


def test_an_error_of_no_field_lists_none() -> None:
    assert problem_document(translator("en"), NotFoundError(), 404)["errors"] == []


def test_a_form_gets_the_same_sentences_by_field() -> None:
    problems = Problems()
    problems.add("role.name", "name_it", most=60)
    problems.add("role.right", "name_it", right="x.y")
    problems.add("role.had")

    assert field_texts(translator("en"), refusal(problems)) == {
        "name_it": "A role needs a name in both languages, of at most 60 characters. There is no right called x.y.",
        "": "That role was given there already.",
    }
    assert field_texts(translator("en"), None) == {}
