"""Which tests there are, read from their sources: finding out costs no run and no build."""

import ast
import re
from pathlib import Path

CRATES = ("planner", "checks")
# A test of Rust with its attributes and comments; in `proptest!` it looks the same.
RUST_TEST = re.compile(r"#\[test\]\s*(?:(?:#\[[^\n]*\]|//[^\n]*)\s*)*fn (\w+)\(")


def python_tests(root: Path) -> set[str]:
    """Each test function, as pytest names it: `tests/e2e/test_modes.py::test_x`."""
    found = set()
    for path in sorted((root / "tests").rglob("test_*.py")):
        names = [node.name for node in ast.parse(path.read_text()).body if isinstance(node, ast.FunctionDef)]
        found |= {f"{path.relative_to(root)}::{name}" for name in names if name.startswith("test_")}
    return found


def rust_tests(root: Path) -> set[str]:
    """Each test of the pure crates, as `planner: batch::a_name_and_its_marker_are_in_one_batch`."""
    found = set()
    for crate in CRATES:
        tests = root / "functions" / crate / "tests"
        for path in sorted(tests.rglob("*.rs")):
            module = "::".join(path.relative_to(tests).with_suffix("").parts)
            found |= {f"{crate}: {module}::{name}" for name in RUST_TEST.findall(path.read_text())}
    return found


def is_rust(test: str) -> bool:
    return test.split(":")[0] in CRATES


def classes_of_tests(root: Path) -> list[str]:
    """Tests in classes would not be found here; there are none."""
    found = []
    for path in sorted((root / "tests").rglob("test_*.py")):
        nodes = [node for node in ast.parse(path.read_text()).body if isinstance(node, ast.ClassDef)]
        found += [f"{path.relative_to(root)}::{node.name}" for node in nodes if node.name.startswith("Test")]
    return found
