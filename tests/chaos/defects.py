"""Planted defects: the product with one line of it wrong. Each has to turn something red, or the checks see nothing.

`python -m tests.chaos.defects` builds each beside the real one, tries what should see it, and prints what did.
"""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.chaos.matrix import Case, results

ROOT = Path(__file__).resolve().parents[2]
BUILT = ROOT / "target" / "defects"


@dataclass(frozen=True)
class Defect:
    """One line that is wrong, and who should see it: cells of the fault matrix, or a test."""

    name: str
    file: str
    right: str
    wrong: str
    cells: tuple[tuple[str, str], ...] = ()
    test: str = ""


DEFECTS = [
    Defect(
        "an empty list is taken for the truth",
        "functions/reconcile/look.rs",
        "match self.ec2.endpoint(&id).await? {",
        "match None::<Endpoint> {",
        (("drift, ON_LOSS=withdraw", "empty list"),),
    ),
    Defect(
        "announced before INSYNC",
        "functions/reconcile/apply.rs",
        "while !self.route53.is_in_sync(change_id).await? {",
        "while false {",
        (("first cut-over", "503"),),
    ),
    Defect(
        "UPSERT instead of compare-and-set",
        "functions/planner/src/batch.rs",
        "(_, Some(after)) if change.rtype == RecordType::Soa => vec![step(Verb::Upsert, after)],",
        "(_, Some(after)) => vec![step(Verb::Upsert, after)],",
        test="tests/e2e/test_races.py::test_a_record_that_somebody_makes_between_reading_and_writing_stays",
    ),
    Defect(
        "deleted by name, without the marker",
        "functions/planner/src/current.rs",
        "RecordType::A | RecordType::Aaaa if claimed => {",
        "RecordType::A | RecordType::Aaaa => {",
        (("adoption", "503"), ("withdraw mode", "503")),
    ),
    Defect(
        "a message that SNS did not take is forgotten",
        "functions/reconcile/announce.rs",
        "self.publish(event, connection, &now.plan).await?;",
        "let _ = self.publish(event, connection, &now.plan).await;",
        (("first cut-over", "denied"),),
    ),
]
# The sources of a build; everything else is not looked at by cargo.
SOURCES = ("functions", "Cargo.toml", "Cargo.lock", "template.yaml", "tests/bench")
MOST_CALLS = 20


def build(defect: Defect, folder: Path) -> Path:
    """The folder of the binaries that have the defect. What is built already of other crates is taken over once."""
    if not BUILT.exists():
        shutil.copytree(ROOT / "target" / "quick", BUILT / "quick", symlinks=True)
    for name in SOURCES:
        source = ROOT / name
        copy = shutil.copytree if source.is_dir() else shutil.copy
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        copy(source, folder / name)
    file = folder / defect.file
    text = file.read_text()
    if text.count(defect.right) != 1:
        raise SystemExit(f"{defect.file} does not have this line once: {defect.right}")
    file.write_text(text.replace(defect.right, defect.wrong))
    command = ["cargo", "build", "--locked", "--offline", "--profile", "quick", "--bin", "reconcile"]
    subprocess.run([*command, "--target-dir", str(BUILT)], cwd=folder, check=True, capture_output=True)
    return BUILT / "quick"


def red(defect: Defect) -> list[str]:
    """What turned red."""
    if defect.test:
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", defect.test]
        failed = subprocess.run(command, cwd=ROOT, capture_output=True, check=False).returncode == 1
        return [defect.test.split("::")[-1]] if failed else []
    cases = [Case(row, column, nth) for row, column in defect.cells for nth in range(1, MOST_CALLS + 1)]
    broken = [result for result in results(cases) if result.broken is not None]
    seen = dict.fromkeys(f"{one.case.scenario} / {one.case.fault}" for one in broken)
    return [f"{cell}: {sum(f'{one.case.scenario} / {one.case.fault}' == cell for one in broken)} red" for cell in seen]


def main() -> int:
    missed = 0
    for defect in DEFECTS:
        with TemporaryDirectory() as folder:
            os.environ["TDP_RECONCILE"] = str(build(defect, Path(folder)) / "reconcile")
            found = red(defect)
        missed += not found
        print(f"{defect.name}: {'; '.join(found) or 'NOBODY SAW IT'}", flush=True)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
