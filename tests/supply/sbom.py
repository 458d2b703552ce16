"""The software bill of materials of what is deployed, in CycloneDX: https://cyclonedx.org/docs/1.6/json/

`python -m tests.supply.sbom <folder of the build> <folder for the bills>` writes one for each package that functions
come from. The same commit gives the same bill, but for the digests of the binaries.
"""

import hashlib
import json
import subprocess
import sys
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output import make_outputter
from cyclonedx.schema import OutputFormat, SchemaVersion
from packageurl import PackageURL

ROOT = Path(__file__).resolve().parents[2]
# The package that each function's binary is built from, and what `sam build` calls the function.
FUNCTIONS = {"tdp-privatelink": ("Reconcile", "Preflight"), "verify": ("Verify",)}
TARGET = "x86_64-unknown-linux-gnu"


@dataclass(frozen=True)
class Crate:
    name: str
    version: str
    license: str
    is_own: bool


def bill(package: str, binaries: Iterable[Path] = ()) -> str:
    """The bill of one package: every crate that its binaries are linked from, and the binaries by their digests."""
    edges = linked(package)
    digests = _digests()
    components = {crate: _component(crate, digests) for crate in edges}
    locked = hashlib.sha256((ROOT / "Cargo.lock").read_bytes()).hexdigest()
    bom = Bom(serial_number=uuid5(NAMESPACE_URL, f"{package} {locked}"))
    bom.metadata.component = next(component for crate, component in components.items() if crate.name == package)
    bom.metadata.timestamp = _committed()
    bom.components.update(component for crate, component in components.items() if crate.name != package)
    bom.components.update(map(_binary, binaries))
    for crate, needed in edges.items():
        bom.register_dependency(components[crate], [components[one] for one in needed])
    return str(make_outputter(bom, OutputFormat.JSON, SchemaVersion.V1_6).output_as_string(indent=2))


def linked(package: str) -> dict[Crate, list[Crate]]:
    """The crates that end in a package's binaries, each with those that it needs. By cargo's own resolution: no macros,
    which run at build time only.
    """
    asked = ["--package", package, "--edges", "normal,no-proc-macro", "--target", TARGET]
    shown = ["--prefix", "depth", "--format", "|{p}|{l}"]
    command = ["cargo", "tree", "--locked", "--offline", *asked, *shown]
    tree = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    edges: dict[Crate, list[Crate]] = {}
    above: list[Crate] = []
    for line in filter(None, tree.splitlines()):
        depth, named, license = line.split("|")
        name, version, *place = named.removesuffix(" (*)").split(" ", 2)
        crate = Crate(name, version.removeprefix("v"), license.removesuffix(" (*)"), is_own=bool(place))
        above[int(depth) :] = [crate]
        edges.setdefault(crate, [])
        if int(depth) and crate not in edges[above[-2]]:
            edges[above[-2]].append(crate)
    return edges


def _digests() -> dict[tuple[str, str], str]:
    """What Cargo.lock says that each crate's archive has as SHA-256."""
    locked = tomllib.loads((ROOT / "Cargo.lock").read_text())["package"]
    return {(crate["name"], crate["version"]): crate["checksum"] for crate in locked if "checksum" in crate}


def _component(crate: Crate, digests: dict[tuple[str, str], str]) -> Component:
    url = PackageURL("cargo", None, crate.name, crate.version)
    digest = digests.get((crate.name, crate.version))
    licenses = LicenseFactory()
    return Component(
        type=ComponentType.APPLICATION if crate.is_own else ComponentType.LIBRARY,
        name=crate.name,
        version=crate.version,
        bom_ref=str(url),
        purl=None if crate.is_own else url,
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=digest)] if digest else [],
        licenses=[licenses.make_from_string(crate.license.replace("/", " OR "))] if crate.license else [],
    )


def _binary(path: Path) -> Component:
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    hashes = [HashType(alg=HashAlgorithm.SHA_256, content=digest)]
    return Component(type=ComponentType.FILE, name=f"{path.parent.name}/{path.name}", bom_ref=digest, hashes=hashes)


def _committed() -> datetime:
    """When the commit was made, or where there is no repository, when the crates were locked: the same gives the same."""
    command = ["git", "log", "-1", "--format=%ct"]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    locked = (ROOT / "Cargo.lock").stat().st_mtime
    return datetime.fromtimestamp(int(found.stdout.strip() or locked), UTC)


def main(built: Path, bills: Path) -> int:
    bills.mkdir(parents=True, exist_ok=True)
    for package, functions in FUNCTIONS.items():
        binaries = [built / function / "bootstrap" for function in functions]
        if missing := [path for path in binaries if not path.is_file()]:
            print(f"{missing[0]} is not there: make build", file=sys.stderr)
            return 1
        target = bills / f"{package}.cdx.json"
        target.write_text(bill(package, binaries))
        print(f"{target.name}: {len(json.loads(target.read_text())['components'])} components")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()))
