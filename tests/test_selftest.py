"""The self-test of the audit: it catches what it should, and says so where it does not."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bundle_by_hand import write_bundle

from securebase.audit.bundled import BundledModels
from securebase.audit.opened import Opened
from securebase.audit.registry import CHECKS, audited
from securebase.cli import main
from securebase.selftest import of_every_study, of_one_study, running
from securebase.selftest.changes import cell
from securebase.selftest.demos import Demo
from securebase.selftest.outcomes import Trial, told
from securebase.selftest.threats import NOT_CAUGHT, ROWS, Mutation

EDIT = Mutation(1, "a number", "A25", cell("claims.csv", 0, "p_beyond", 0.981))


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    root = tmp_path_factory.mktemp("selftest")
    folder: Any = write_bundle(root)
    return Demo("by_hand", folder, folder, folder, root)


def done(demo: Demo, one: Mutation) -> Trial:
    models = BundledModels()
    (honest,) = audited(Opened(demo.folder), models=models, only=(one.check,))
    return running.tampered(demo, one, honest, models)


def every_mutation() -> list[Mutation]:
    models: Any = None
    return [*of_every_study.mutations(models, "growth"), *of_one_study.mutations(np.zeros((2, 2)))]


def test_what_is_done_is_caught_by_the_check_that_is_meant_for_it(demo: Demo) -> None:
    found = done(demo, EDIT)
    assert found.caught
    assert "H1: claims.csv says p_beyond=0.981" in found.words


def test_a_check_that_sees_nothing_has_not_caught_it(demo: Demo) -> None:
    assert not done(demo, replace(EDIT, check="A50")).caught
    assert not done(demo, replace(EDIT, change=lambda folder: None)).caught
    # no manifest made anew: the same edit is another's to see
    unsealed = replace(EDIT, sealed=False, check="A01")
    assert done(demo, unsealed).caught
    assert not done(demo, replace(unsealed, sealed=True)).caught


def test_a_failure_is_no_warning_and_what_warns_anyway_has_caught_nothing(demo: Demo) -> None:
    assert not done(demo, replace(EDIT, status="WARN")).caught
    assert not done(demo, replace(EDIT, check="A03", status="WARN")).caught


def test_what_cannot_be_done_is_told(demo: Demo) -> None:
    found = done(demo, replace(EDIT, needs="./dropout.csv"))
    assert found.caught is None
    assert found.words == "the bundle has no dropout.csv"
    assert any("--  A25" in line for line in told([found]))


def test_the_honest_bundle_is_left_as_it_was(demo: Demo) -> None:
    before = Opened(demo.folder).manifest_sha256
    done(demo, EDIT)
    assert Opened(demo.folder).manifest_sha256 == before
    assert audited(Opened(demo.folder), only=("A01", "A25"))[1].status == "PASS"


def test_every_row_is_tried_or_told_why_not() -> None:
    tried = {one.row for one in every_mutation()}
    assert tried <= set(ROWS)
    # 8: a study fitted with another prior; 17, 18: no bundle shows them
    assert set(ROWS) - tried == {8, 17, 18}
    assert {17, 18} <= set(NOT_CAUGHT) <= set(ROWS)
    assert {one.check for one in every_mutation()} <= {one.id for one in CHECKS}


def found(*caught: bool | None) -> Iterator[Trial]:
    yield from (Trial(1, "demo", "a number", "A25", one, "seen or not") for one in caught)


@pytest.mark.parametrize(
    ("caught", "quick", "code"),
    [
        ((True, True), True, 0), ((True, False), True, 1), ((True, None), True, 0),
        ((True, None), False, 1), ((True, True), False, 0),
    ],
)  # fmt: skip
def test_what_is_missed_is_an_exit_code(
    caught: tuple[bool | None, ...],
    quick: bool,
    code: int,
    demo: Demo,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(running, "DEMOS", ("demo_couples",))
    monkeypatch.setattr(running, "make_demo", lambda *_, **__: demo)
    monkeypatch.setattr(running, "tested", lambda *_: found(*caught))
    monkeypatch.setattr(running, "informed", lambda *_: found(True))
    assert main(["audit", "--selftest", *["--quick"] * quick]) == code
    out = capsys.readouterr().out
    assert ("NO  A25" in out) == (False in caught)
    for row, title in ROWS.items():
        assert f"{row:>2} {title}" in out


def test_a_self_test_takes_no_bundle(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    for words in (["--selftest", str(tmp_path)], [], ["--quick", str(tmp_path)]):
        assert main(["audit", *words]) == 1
        assert "an audit: 1 fault" in capsys.readouterr().err


def test_the_quick_self_test() -> None:
    said: list[str] = []
    assert running.run_selftest(quick=True, say=said.append) == 0, "\n".join(said)


@pytest.mark.slow
def test_the_whole_self_test() -> None:
    said: list[str] = []
    assert running.run_selftest(quick=False, say=said.append) == 0, "\n".join(said)
