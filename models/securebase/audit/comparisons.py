"""A53: who was left out where models are compared."""

from collections.abc import Iterator

from securebase.audit.opened import Opened
from securebase.audit.outcomes import Said, fails, passes, skips


def left_out(opened: Opened) -> Iterator[Said]:
    """A53: predictions leave out whole units, or whole clusters, on the marginal likelihood."""
    study, told = opened.study, False
    for name in study.analyses:
        tree = opened.draws(name)
        if "log_likelihood" in tree.children:
            dims = {str(dim) for dim in tree["log_likelihood"].sizes} - {"chain", "draw"}
            if dims:
                yield fails(f"{name}: a log-likelihood by {', '.join(sorted(dims))}.")
        file = opened.file(name, "prediction.csv")
        if not opened.has(file):
            continue
        told = True
        whole = (
            {study.unit} if not study.analyses[name].clusters else {"cluster", study.roles.leader}
        )
        for row in opened.table(file).itertuples():
            if row.left_out not in whole:
                yield fails(
                    f"{name}: comparison of {row.model} leaves out a {row.left_out}: it predicts "
                    "new answers of known ones, not new ones."
                )
        yield passes(f"{name}: leave-one-{study.unit}-out on the marginal likelihood.")
    if not told:
        yield skips("No analysis was held against a rival.")
