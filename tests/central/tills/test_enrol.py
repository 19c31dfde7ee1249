import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from central.tills.attempts import Attempts
from central.tills.errors import TooManyCodesError, UnknownTokenError
from central.tills.tables import enrolment_code, till_credential
from commerce.errors import ConflictError, ForbiddenError, NotFoundError
from commerce.ledger import Signer
from commerce.wire import EnrolAnswer, EnrolRequest
from tests.central.office import Office
from tests.fakes.till import FakeTill


def signer() -> Signer:
    return Signer(Ed25519PrivateKey.generate())


async def use(office: Office, code: str) -> EnrolAnswer:
    request = EnrolRequest(code=code, public_key=signer().public_key.hex(), app_version="0.1.0")
    return await office.tills.enrol(request, "127.0.0.1")


async def test_a_code_gives_a_till_its_identity(office: Office) -> None:
    till = await office.add_till("T2")

    answer = await use(office, await office.tills.issue_code(till))

    assert (answer.till.id, answer.till.code, answer.shop.zone, answer.company.currency) == (
        till, "T2", "Europe/Rome", "EUR"
    )  # fmt: skip
    assert (await office.tills.admit(answer.token)).till == till
    assert answer.central_public_key == office.tills.signer.public_key.hex()


async def test_a_code_works_once(office: Office) -> None:
    code = await office.tills.issue_code(await office.add_till())
    await use(office, code)

    with pytest.raises(ForbiddenError, match=r"enrol\.code"):
        await use(office, code)


async def test_a_code_may_be_typed_in_small_letters_and_without_dashes(office: Office) -> None:
    code = await office.tills.issue_code(await office.add_till())

    assert (await use(office, code.lower().replace("-", " "))).till.code == "T1"


async def test_a_code_expires(office: Office) -> None:
    code = await office.tills.issue_code(await office.add_till())
    office.clock.advance(hours=25)

    with pytest.raises(ForbiddenError, match=r"enrol\.code"):
        await use(office, code)


async def test_a_new_code_replaces_the_one_before(office: Office) -> None:
    till = await office.add_till()
    old = await office.tills.issue_code(till)
    await office.tills.issue_code(till)

    with pytest.raises(ForbiddenError, match=r"enrol\.code"):
        await use(office, old)


async def test_guessing_codes_is_slowed_down(office: Office) -> None:
    for _ in range(5):
        with pytest.raises(ForbiddenError):
            await use(office, "0000-0000-0000")

    with pytest.raises(TooManyCodesError):
        await use(office, "0000-0000-0000")


async def test_who_has_a_code_enrols_beside_somebody_who_guesses_from_the_same_address(office: Office) -> None:
    code, old = [await office.tills.issue_code(await office.add_till(name)) for name in ("T1", "T2")]
    for _ in range(6):
        with pytest.raises((ForbiddenError, TooManyCodesError)):
            await use(office, "0000-0000-0000")

    assert (await use(office, code)).till.code == "T1"
    office.clock.advance(hours=25)
    with pytest.raises(TooManyCodesError):
        await use(office, old)


def test_an_address_that_guessed_may_try_again_later() -> None:
    attempts = Attempts()
    for _ in range(7):
        attempts.failed("a", 100.0)

    with pytest.raises(TooManyCodesError):
        attempts.check("a", 101.0)
    attempts.check("b", 101.0)
    attempts.check("a", 105.0)


async def test_neither_codes_nor_tokens_are_stored_readable(office: Office) -> None:
    till = await office.add_till()
    code = await office.tills.issue_code(till)
    (stored,) = await office.rows(enrolment_code)
    assert code.replace("-", "").encode() not in stored.code_hash

    answer = await use(office, code)

    (credential,) = await office.rows(till_credential)
    assert bytes.fromhex(answer.token) not in (credential.token_hash, credential.secret)


async def test_enrolling_again_shuts_the_old_token_out_and_tells_the_heads(office: Office) -> None:
    till = await office.new_till()
    till.sell()
    await office.accept(till)

    answer = await office.enrol(till.till, signer())

    assert [(head.chain, head.seq) for head in answer.heads] == [(till.chain, 2)]
    with pytest.raises(ForbiddenError, match=r"till\.revoked"):
        await office.tills.admit(till.token)


async def test_a_till_that_is_shut_out_is_not_enrolled_by_a_code_from_before(office: Office) -> None:
    till = await office.add_till()
    request = EnrolRequest(code=await office.tills.issue_code(till), public_key="ab" * 32, app_version="1")

    await office.tills.revoke(till, "stolen")

    with pytest.raises(ForbiddenError, match=r"enrol\.code"):
        await office.tills.enrol(request, "127.0.0.1")
    again = request.model_copy(update={"code": await office.tills.issue_code(till)})
    assert (await office.tills.enrol(again, "127.0.0.1")).till.id == till


async def test_after_enrolling_again_the_backlog_of_the_old_chain_still_counts(office: Office) -> None:
    old = await office.new_till()
    old.sell()
    key = signer()
    new = FakeTill.of(await office.enrol(old.till, key), key)
    new.sell()
    old.token = new.token

    answers = [await office.accept(old), await office.accept(new)]

    assert [answer.set_aside for answer in answers] == [0, 0]


async def test_a_machine_with_unsent_entries_becomes_no_other_till_and_the_code_stays_good(office: Office) -> None:
    till, other = await office.add_till("T1"), await office.add_till("T2")
    code, key = await office.tills.issue_code(other), signer().public_key.hex()

    with pytest.raises(ConflictError, match=r"enrol\.unsent"):
        await office.tills.enrol(
            EnrolRequest(code=code, public_key=key, app_version="0.1.0", unsent_of=till), "127.0.0.1"
        )
    again = EnrolRequest(code=code, public_key=key, app_version="0.1.0", unsent_of=other)

    assert (await office.tills.enrol(again, "127.0.0.1")).till.id == other


async def test_an_unknown_token_is_nobodys(office: Office) -> None:
    with pytest.raises(UnknownTokenError):
        await office.tills.recognise("00" * 32)
    with pytest.raises(UnknownTokenError):
        await office.tills.recognise("not hex")


async def test_a_code_for_a_till_that_is_not_there_is_refused(office: Office) -> None:
    with pytest.raises(NotFoundError):
        await office.tills.issue_code("nowhere")
