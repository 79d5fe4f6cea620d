"""Write environment.yml: the direct packages of pyproject.toml, same versions, conda's names."""

import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# where conda's name differs: the variants without graphical toolkits and without pandas < 3
CONDA_NAMES = {"matplotlib": "matplotlib-base", "snakemake": "snakemake-minimal"}
# what conda's channels do not have, or not in this version, pip installs
OF_PIP = (
    *("axe-playwright-python", "justhtml", "playwright"),
    *("snakemake-executor-plugin-cluster-generic", "snakemake-executor-plugin-slurm"),
)

HEADER = """\
# For users of conda or mamba; written by `make lock` from pyproject.toml.
#   conda env create --file environment.yml && conda activate securebase
#   pip install --no-deps --no-build-isolation --editable .
#   snakemake --cores 4
name: securebase
channels:
  - conda-forge
  - bioconda
  - nodefaults
dependencies:
  - python >=3.12,<3.15
  - pip
"""


def conda_requirement(requirement: str) -> str:
    """Turn a pin such as ``"matplotlib==3.11.2"`` into conda's ``"matplotlib-base=3.11.2"``.

    A post-release corrects what was uploaded to one index, so its number is left out.
    """
    name, version = requirement.split("==")
    return f"{CONDA_NAMES.get(name, name)}={version.split('.post')[0]}"


def environment_text(pyproject: str) -> str:
    """Give environment.yml for the text of a pyproject.toml."""
    project = tomllib.loads(pyproject)["project"]
    pins = sorted([*project["dependencies"], *project["optional-dependencies"]["dev"]])
    of_pip = [pin for pin in pins if pin.split("==")[0] in OF_PIP]
    of_conda = [conda_requirement(pin) for pin in pins if pin not in of_pip]
    return (
        HEADER
        + "".join(f"  - {pin}\n" for pin in of_conda)
        + "  - pip:\n"
        + "".join(f"      - {pin}\n" for pin in of_pip)
    )


if __name__ == "__main__":
    pyproject = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    (ROOT / "environment.yml").write_text(environment_text(pyproject), encoding="utf-8")
