"""The software bill of materials says what the binaries are linked from."""

import hashlib
import json
import subprocess
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from tests.supply.sbom import FUNCTIONS, ROOT, bill, main


@pytest.mark.parametrize("package", FUNCTIONS)
def test_a_bill_is_valid_and_has_every_crate_that_cargo_links(package: str) -> None:
    text = bill(package)
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    found = {(one["name"], one["version"]) for one in json.loads(text)["components"] if "version" in one}
    command = ["cargo", "tree", "--locked", "--offline", "--package", package, "--edges", "normal", "--prefix", "none"]
    tree = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    crates = {(line.split()[0], line.split()[1].removeprefix("v")) for line in tree.splitlines() if line}
    assert len(found) > 80 and found <= crates
    left_out = {line.split()[0] for line in tree.splitlines() if line and line.split()[0] not in dict(found)}
    macros = {line.split()[0] for line in tree.splitlines() if "(proc-macro)" in line}
    # Macros and what only they need, and the package itself.
    assert macros <= left_out and package in left_out
    assert not left_out & {"serde_json", "rustls", "tokio", "lambda_runtime", "planner"}
    assert bill(package) == text


def test_every_crate_has_its_licence_and_the_digest_of_its_archive() -> None:
    components = json.loads(bill("tdp-privatelink"))["components"]
    bought_in = [one for one in components if one.get("purl", "").startswith("pkg:cargo/")]
    assert len(bought_in) > 100
    assert [one["name"] for one in bought_in if not one.get("licenses") or not one.get("hashes")] == []


def test_the_binaries_are_in_it_by_their_digests(tmp_path: Path) -> None:
    for functions in FUNCTIONS.values():
        for function in functions:
            (tmp_path / "built" / function).mkdir(parents=True)
            (tmp_path / "built" / function / "bootstrap").write_bytes(function.encode())
    assert main(tmp_path / "built", tmp_path / "bills") == 0
    components = json.loads((tmp_path / "bills" / "verify.cdx.json").read_text())["components"]
    (binary,) = [one for one in components if one["type"] == "file"]
    assert binary["name"] == "Verify/bootstrap"
    assert binary["hashes"] == [{"alg": "SHA-256", "content": hashlib.sha256(b"Verify").hexdigest()}]
    assert main(tmp_path / "elsewhere", tmp_path / "bills") == 1
