"""README.md: the replication package, in the order of the social science data editors.

Template README for social science replication packages, doi:10.5281/zenodo.7293838.
"""

from collections.abc import Iterator

from securebase.deposit import availability, computing, programs
from securebase.deposit.contents import TO_FILL_IN, Contents
from securebase.deposit.dcas import dcas_map
from securebase.deposit.markup import heading, items, joined, steps


def readme(contents: Contents) -> str:
    """Write README.md.

    Parameters
    ----------
    contents : Contents
        With all files that the lists of tables and data sets are to name.

    Returns
    -------
    str
        Markdown. What only the depositor knows is marked `contents.TO_FILL_IN`.
    """
    return joined(
        (
            heading(1, f"Replication package: {contents.study.title}"),
            _overview(contents),
            availability.data_availability(contents),
            availability.dataset_list(contents),
            computing.requirements(contents),
            programs.description(contents),
            programs.instructions(contents),
            programs.list_of_tables(contents),
            availability.omissions(contents),
            _references(contents),
            dcas_map(contents),
        )
    )


def _overview(contents: Contents) -> str:
    study = contents.study
    questions = steps(f"{one.question} (`{name}`)" for name, one in study.analyses.items())
    simulated = "**Simulated data: effect sizes are ours.**\n" if study.simulated else ""
    if contents.tier == "public":
        holds = (
            "This package holds what may be published of the study: tables, draws of the "
            "posteriors, pages, and moments from which every analysis can be fitted again without "
            "the raw data."
        )
    else:
        holds = (
            "This package is for a data editor or reviewer under agreement, **not for "
            "publication**: it holds exact moments of small cells, from which answers can be "
            "computed."
        )
    how = (
        f"{holds} `securebase audit bundle.zip` checks it. “{TO_FILL_IN}” marks what only the "
        "depositor can say.\n"
    )
    asked = "It answers:\n" if study.analyses else ""
    return joined((heading(2, "Overview"), simulated, how, asked, questions))


def _references(contents: Contents) -> str:
    return joined((heading(2, "References"), items(_cited(contents))))


def _cited(contents: Contents) -> Iterator[str]:
    yield f"Data: {contents.study.source}"
    if contents.study.registration is not None and contents.study.registration.place:
        yield f"Plan: {contents.study.registration.place}"
    yield f"Program: Securebase developers. Securebase {contents.securebase} [software]."
    if not contents.study.simulated:
        yield f"{TO_FILL_IN}: the paper, and the data in the style of its journal."
