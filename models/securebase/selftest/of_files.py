"""Tamperings with the codebook, the ledger and pages of a bundle."""

import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from securebase.ledger.entries import sealed
from securebase.selftest.changes import Tampering

CLAIMS_PAGE = "pages/claims.html"


def codebook(change: Callable[[dict[str, Any]], None]) -> Tampering:
    """Change the codebook."""

    def tampering(folder: Path) -> None:
        path = folder / "study.yaml"
        said = yaml.safe_load(path.read_text(encoding="utf-8"))
        change(said)
        text = yaml.safe_dump(said, sort_keys=False, allow_unicode=True)
        path.write_text(text, encoding="utf-8", newline="\n")

    return tampering


def narrower_rope(said: dict[str, Any]) -> None:
    """Halve the ROPE of the first claim."""
    rope = said["claims"][0]["rope"]
    rope["low"], rope["high"] = rope["low"] / 2, rope["high"] / 2


def without_last_claim(said: dict[str, Any]) -> None:
    """Leave the last claim out."""
    said["claims"].pop()


def without_registration(said: dict[str, Any]) -> None:
    """Say nothing of a plan; claims stay confirmatory."""
    said["registration"] = None


def later_registration(said: dict[str, Any]) -> None:
    """Let the plan be of a day after all fits."""
    said["registration"]["date"] = "2999-12-31"


def fewer_waves(said: dict[str, Any]) -> None:
    """Leave the last wave out of the first analysis."""
    analysis = next(iter(said["analyses"].values()))
    analysis["waves"] = list(said["waves"]["levels"])[:-1]


def own_prior(said: dict[str, Any]) -> None:
    """Say that the first analysis was to have another prior."""
    analysis = next(iter(said["analyses"].values()))
    analysis["priors"] = {"level": {"sd": 0.5, "reason": "chosen afterwards"}}


def lines(change: Callable[[list[str]], list[str]]) -> Tampering:
    """Change the lines of the ledger, as somebody does who does not know of its chain."""

    def tampering(folder: Path) -> None:
        path = folder / "ledger.jsonl"
        found = path.read_text(encoding="utf-8").splitlines(keepends=True)
        path.write_text("".join(change(found)), encoding="utf-8", newline="\n")

    return tampering


def rechained(change: Callable[[list[dict[str, Any]]], None]) -> Tampering:
    """Change entries of the ledger and seal all of them anew, the head too."""

    def tampering(folder: Path) -> None:
        path = folder / "ledger.jsonl"
        entries = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        change(entries)
        previous, text = None, b""
        for number, entry in enumerate(entries, 1):
            said = {key: one for key, one in entry.items() if key not in ("previous", "hash")}
            line = sealed({**said, "number": number, "previous": previous})
            previous, text = json.loads(line)["hash"], text + line
        path.write_bytes(text)
        head = f"{len(entries)} {previous}\n"
        path.with_suffix(".head").write_text(head, encoding="utf-8")

    return tampering


def one_more_fit(entries: list[dict[str, Any]]) -> None:
    """Add a fit with another seed, which nothing else tells of."""
    first = next(one for one in entries if one["event"] == "started")
    entries.append({**first, "seed": 4711, "seed_as_ruled": False})


def another_seed(entries: list[dict[str, Any]]) -> None:
    """Let every fit have had another seed."""
    for one in entries:
        if "seed" in one:
            one["seed"] += 1


def page(pattern: str, replacement: str, count: int = 1) -> Tampering:
    """Put something in the place of matches of a pattern in the page of claims; 0: of all."""

    def tampering(folder: Path) -> None:
        path = folder / CLAIMS_PAGE
        found = path.read_text(encoding="utf-8")
        changed, matches = re.subn(pattern, replacement, found, count=count)
        if not matches or changed == found:
            raise ValueError(f"{CLAIMS_PAGE} has no {pattern}")
        path.write_text(changed, encoding="utf-8", newline="\n")

    return tampering


def link(name: str, target: str) -> Tampering:
    """Put a link in the place of a file."""

    def tampering(folder: Path) -> None:
        (folder / name).unlink()
        os.symlink(target, folder / name)

    return tampering
