"""What files bring to a server, for every kind that it serves."""

from functools import partial

from central.kit.files.exporting import export, export_of
from central.kit.kinds import Kinds
from central.web.manifest import Manifest


def files_of(kinds: Kinds) -> Manifest:
    """Return the jobs that export and import these kinds."""
    return Manifest(name="files", jobs={export_of(kind): partial(export, kind=kind) for kind in kinds})
