"""Puts what an import found into words, and into a file beside the imported one."""

from collections.abc import Iterable
from pathlib import Path

from central.registry.columns import Finding
from central.web.exports import to_csv
from commerce.errors import Problem, StorageError
from commerce.texts import Translator
from commerce.texts.problems import problem_text


def finding_text(words: Translator, finding: Finding) -> str:
    """Return the sentence of one finding."""
    return problem_text(words, Problem(finding.code, "", finding.values))


def path_beside(imported: Path) -> Path:
    """Return where an import's findings lie unless told otherwise: ``FILE.errors.csv``."""
    return imported.with_name(f"{imported.name}.errors.csv")


def write_findings(target: Path, findings: Iterable[Finding], words: Translator) -> Path:
    """Write row, code, sentence and the row's cells; formula cells are escaped.

    StorageError ``storage.failed`` where the folder takes no file.
    """
    header = ("row", "error", "code", "reason")
    rows = [
        (finding.row, "yes" if finding.is_error else "no", finding.code, finding_text(words, finding), *finding.cells)
        for finding in findings
    ]
    try:
        target.write_bytes(to_csv(header, rows))
    except OSError as error:
        raise StorageError("storage.failed", reason=error.strerror) from error
    return target
