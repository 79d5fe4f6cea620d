"""Where everything on the page comes from."""

from securebase.report.analysed import Analysed
from securebase.report.fit_tables import provenance_table
from securebase.report.section import Section, folded
from securebase.report.wording import listed


def section(one: Analysed) -> Section:
    """Name what was read, the seed and its rule, the versions."""
    attributes = one.results.posterior.attrs
    raw = [part.split(" ")[0] for part in str(attributes.get("raw_sha256", "")).split(", ")]
    seed = attributes.get("seed", "not told")
    words = f"From {listed(raw)}, with the seed {seed}." if any(raw) else f"With the seed {seed}."
    return Section("origin", "How it was made", (words,), (folded(provenance_table(one.results)),))
