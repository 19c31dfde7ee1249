"""What a kind puts on the feed reaches tills, and says something to them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest

from central.app import KINDS
from central.identity.people import COMMAND_LINE
from central.kit import service
from central.kit.proposals import Edit, Proposal
from central.tills.pulling import change_lines, start_pull
from commerce.wire import CATALOG_KINDS, OPERATING_KINDS
from tests.central.kit.samples import sample

if TYPE_CHECKING:
    from central.kit.kinds import Kind
    from tests.central.office import Office

FED = [kind for kind in KINDS if kind.feed]


@pytest.mark.parametrize("kind", FED, ids=lambda kind: kind.name)
async def test_tills_are_served_what_is_saved(office: Office, kind: Kind) -> None:
    till = await office.known(await office.new_till())
    edit = Edit(COMMAND_LINE, office.company, office.clock(), KINDS)
    job = partial(service.save, kind=kind, edit=edit, proposals=[Proposal(sample(kind, 1))])
    saved = (await office.database.write(job))[0]

    pull = await start_pull(office.database, till, "", "")
    lines = [line async for line in change_lines(office.database, pull)]

    assert f'"id":"{saved.id}"'.encode() in b"".join(lines)
    assert kind.feed is not None
    assert kind.feed.kind in (*OPERATING_KINDS, *CATALOG_KINDS)
