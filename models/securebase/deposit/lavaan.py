"""lavaan.R: the released moments fitted again by a program that shares no line with ours.

lavaan (Rosseel 2012, doi:10.18637/jss.v048.i02) is given rows that are nobody's and have exactly
the moments of each cell. A Gaussian likelihood sees moments only, so its full-information maximum
is that of the records, whatever the number of units in a cell. A group for each cell, with
`sample.cov`, is the same likelihood in a model that is as many times as long.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from securebase.codebook.extracts import claims_of
from securebase.codebook.loading import Study
from securebase.deposit.growth_syntax import GrowthSyntax, growth_syntax
from securebase.families import load_family
from securebase.growth.identification import growth_designs
from securebase.panel import Panel

_HEAD: Final = """\
# Study {study}: growth fitted again by lavaan, from the moments of this bundle alone.
#
#   Rscript lavaan.R        in the folder of the bundle; needs R and its package lavaan
#
# Estimates are of maximum likelihood, without priors: they should lie near the posterior means of
# analyses/<analysis>/{draws}, standard errors near its standard deviations, and nearer the
# more people there are. A claim that is a contrast of means has a line of its own name. lavaan may
# warn that a covariance matrix is not positive definite: there is no prior to keep it possible.
#
# Rows made here are stand-ins: they have the means and covariances of each cell, and are nobody's
# answers. What is not observed in a cell is missing in its rows.
"""
_FITTING: Final = """\

suppressPackageStartupMessages(library(lavaan))
options(width = 200)

# rows (n, variable) with exactly these means and this covariance (denominator n)
stand_ins <- function(mean, cov, n) {
  parts <- eigen(cov, symmetric = TRUE)
  kept <- parts$values > 1e-12 * max(parts$values, 1e-300)
  if (n == 1 || !any(kept)) return(matrix(mean, n, length(mean), byrow = TRUE))
  root <- parts$vectors[, kept, drop = FALSE] %*% diag(sqrt(parts$values[kept]), sum(kept))
  # columns at right angles to one another and to a constant
  basis <- contr.helmert(n)[, seq_len(sum(kept)), drop = FALSE]
  basis <- sweep(basis, 2, sqrt(colSums(basis^2)), "/")
  sweep(sqrt(n) * basis %*% t(root), 2, mean, "+")
}

rows_of_cell <- function(cell, columns) {
  means <- cell[cell$kind == "mean", ]
  names <- means$of
  cov <- matrix(0, length(names), length(names), dimnames = list(names, names))
  for (line in which(cell$kind == "cov")) {
    cov[cell$of[line], cell$with[line]] <- cell$value[line]
    cov[cell$with[line], cell$of[line]] <- cell$value[line]
  }
  rows <- matrix(NA_real_, cell$n[1], length(columns), dimnames = list(NULL, names(columns)))
  rows[, names] <- stand_ins(means$value, cov, cell$n[1])
  rows
}

fit <- function(analysis) {
  moments <- read.csv(analysis$file, check.names = FALSE, colClasses = c(with = "character"))
  moments <- moments[moments$part == analysis$part, ]
  cells <- split(moments, factor(moments$cell, unique(moments$cell)))
  rows <- as.data.frame(do.call(rbind, lapply(cells, rows_of_cell, analysis$columns)))
  names(rows) <- analysis$columns
  lavaan(analysis$model, data = rows, missing = "ml", meanstructure = TRUE)
}

show <- function(name, fitted) {
  found <- data.frame(unclass(parameterEstimates(fitted, ci = FALSE)))
  found <- found[found$label != "" & !duplicated(found$label), c("label", "est", "se")]
  cat("\\n", name, ": ", nobs(fitted), " units, log-likelihood ",
      format(c(logLik(fitted)), digits = 12), "\\n", sep = "")
  print(found, row.names = FALSE, digits = 6, right = FALSE)
}
"""


def lavaan_script(study: Study, panels: Mapping[str, Panel], tier: str) -> str:
    """Write lavaan.R.

    Parameters
    ----------
    study : Study
    panels : mapping of str to Panel
        Of every analysis that goes by planned waves, by its name.
    tier : str
        "public" or "controlled": which draws the moments belong to.

    Returns
    -------
    str
        A script that fits every analysis with an equivalent in lavaan, and says which have none.
    """
    draws = "public.nc" if tier == "public" else "posterior.nc"
    reasons = {name: not_written(study, name, panels.get(name)) for name in study.analyses}
    written = [name for name, reason in reasons.items() if reason is None]
    lines = [_HEAD.format(study=study.study, draws=draws)]
    lines += [f"# Not fitted here: {name}, {why}.\n" for name, why in reasons.items() if why]
    if written:
        lines.append(_FITTING)
        lines += [_analysis(study, name, panels[name]) for name in written]
    else:
        lines.append('\ncat("No analysis of this study has an equivalent in lavaan.\\n")\n')
    return "".join(lines)


def not_written(study: Study, name: str, panel: Panel | None) -> str | None:
    """Say why an analysis is not fitted by lavaan.R; None where it is."""
    analysis = study.analyses[name]
    if not load_family(analysis.family).plain_growth:
        return f"whose family {analysis.family} is not translated into the syntax of lavaan"
    if analysis.clusters:
        return "since lavaan takes two-level models from records only"
    if panel is None or "unit_time" in panel.data:
        return "whose units were measured at times of their own: no moments are sufficient"
    if len(growth_designs(panel)) > 1:
        return "which has several compositions that share their means"
    return None


def _analysis(study: Study, name: str, panel: Panel) -> str:
    (design,) = growth_designs(panel)
    written = growth_syntax(design, claims_of(study, name))
    return "".join(_lines(name, design.composition.name, written))


def _lines(name: str, part: str, written: GrowthSyntax) -> Iterator[str]:
    yield f"\n{name} <- list(\n"
    yield f'  file = "analyses/{name}/moments.csv",\n  part = "{part}",\n  columns = c(\n'
    pairs = [f'    "{given}" = "{own}"' for given, own in written.columns.items()]
    yield ",\n".join(pairs) + "\n  ),\n  model = '\n"
    yield from (f"    {line}\n" for line in (*written.lines, *written.contrasts))
    yield f'  \'\n)\nshow("{name}", fit({name}))\n'
