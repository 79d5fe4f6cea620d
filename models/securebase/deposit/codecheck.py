"""codecheck.yml: what a codechecker is to reproduce, with the fields that people fill in.

Configuration of CODECHECK, https://codecheck.org.uk/spec/config/1.0/ (Nüst & Eglen 2021,
doi:10.12688/f1000research.51738.2).
"""

from collections.abc import Iterator
from typing import Any, Final

import yaml

from securebase.deposit.contents import TO_FILL_IN, Contents

SPECIFICATION: Final = "https://codecheck.org.uk/spec/config/1.0/"
_OF_ANALYSIS: Final = {
    "parameters.csv": "estimates of all parameters",
    "trajectories.csv": "expected paths over the waves",
    "checks.tsv": "checks of the computation",
    "fidelity.csv": "full data against what is released",
}
_HEAD: Final = """\
# CODECHECK of study {study}: what a checker reproduces. FIXME marks what people fill in; lines of
# ORCID (0000-0000-0000-0000, in quotes) may be added beside each name.
# To check without the raw data: securebase audit bundle.zip --level refit --seed N
"""


def codecheck(contents: Contents) -> str:
    """Write codecheck.yml.

    Parameters
    ----------
    contents : Contents
        Its manifest names files that are in there.

    Returns
    -------
    str
        YAML. Fields that only people know hold FIXME, which validators of CODECHECK take for
        not filled in; no ORCID is made up.
    """
    told: dict[str, Any] = {
        "version": SPECIFICATION,
        "paper": {
            "title": _open("title of the paper"),
            "authors": [{"name": _open("name of each author")}],
            "reference": _open("DOI of the paper"),
        },
        "manifest": [{"file": file, "comment": comment} for file, comment in manifest(contents)],
        "codechecker": {"name": _open("name of the codechecker")},
        "summary": _open("what was reproduced, and what was not"),
        "repository": _open("address of what was checked"),
        "check_time": "YYYY-MM-DDTHH:MM:SS",
        "certificate": "YYYY-NNN",
        "report": _open("DOI of the certificate"),
    }
    text = yaml.safe_dump(told, sort_keys=False, allow_unicode=True, width=100)
    return _HEAD.format(study=contents.study.study) + text


def manifest(contents: Contents) -> Iterator[tuple[str, str]]:
    """List what a checker is to reproduce, each with a comment: claims, pages, tables."""
    claims = len(contents.study.claims)
    known = [
        ("claims.csv", f"verdict, probability and estimate of {claims} claims"),
        ("pages/claims.html", "page of the claims, with figures"),
    ]
    for name, analysis in contents.study.analyses.items():
        known.append((f"pages/{name}.html", f"page with figures of {name}: {analysis.question}"))
        known += [
            (f"analyses/{name}/{file}", f"{name}: {what}") for file, what in _OF_ANALYSIS.items()
        ]
    yield from ((file, what) for file, what in known if file in contents.files)


def _open(what: str) -> str:
    return f"FIXME ({TO_FILL_IN}: {what})"
