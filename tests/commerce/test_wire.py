import pytest
from pydantic import ValidationError

from commerce.errors import BadInputError
from commerce.wire import PushAnswer, PushRequest, WireEntry, from_wire, to_wire
from tests.commerce.test_ledger import CHAIN, ORIGIN, chain_of


def request() -> PushRequest:
    return PushRequest(till=ORIGIN.till, chain=CHAIN, entries=[to_wire(entry) for entry in chain_of(3)])


def test_entries_arrive_as_the_very_bytes_that_were_hashed() -> None:
    arrived = PushRequest.model_validate_json(request().model_dump_json())

    assert [from_wire(entry) for entry in arrived.entries] == list(chain_of(3))


@pytest.mark.parametrize(
    "change",
    [{"wire": 2}, {"entries": []}, {"chain": "short"}, {"till": "T2"}, {"unknown": 1}, {"entries": [{"seq": 0}]}],
)
def test_an_envelope_that_is_not_one_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        PushRequest.model_validate({**request().model_dump(), **change})


def test_a_batch_has_a_limit() -> None:
    entries = [to_wire(chain_of(1)[0])] * 1001

    with pytest.raises(ValidationError):
        PushRequest.model_validate({**request().model_dump(), "entries": [e.model_dump() for e in entries]})


def test_a_signature_that_is_no_base64_is_bad_input() -> None:
    entry = to_wire(chain_of(1)[0])

    with pytest.raises(BadInputError) as caught:
        from_wire(WireEntry.model_validate({**entry.model_dump(), "signature": "not base64!"}))
    assert caught.value.code == "wire.entry"


def test_an_answer_carries_centrals_signed_head() -> None:
    with pytest.raises(ValidationError):
        PushAnswer.model_validate({"wire": 1})
