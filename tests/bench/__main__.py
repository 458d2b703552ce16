"""Builds what is deployed, measures it, and says whether it keeps what the project promises."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.aws import EmbeddedAws
from tests.bench import preflight, vpcs
from tests.bench.start import medians, slower, starts
from tests.harness import Function
from tests.harness.inside import Inside
from tests.network import interfaces as how

ROOT = Path(__file__).parents[2]
TARGET = Path(os.environ.get("CARGO_TARGET_DIR") or ROOT / "target") / "release"
BUILD = ["cargo", "build", "--locked", "--release", "--package", "verify", "--bins", "--examples"]
# What the project promises.
MOST_SLOWER = 1.10
MOST_SECONDS = 30.0
MOST_PREFLIGHT_SECONDS = 10.0
MOST_SWEEP_SECONDS = 2.0
HOSTS = [f"host-{number}.files.example.com" for number in range(300)]
ADDRESSES = ["127.10.0.10", "127.10.1.10", "127.10.2.10"]


def main() -> int:
    print("Building verify and an empty function as they are deployed.", flush=True)
    if subprocess.run(BUILD, cwd=ROOT).returncode:
        return 1
    os.environ["TDP_VERIFY"] = str(TARGET / "verify")
    kept = [_start(), _proof(), _preflight(), _vpcs()]
    return 0 if all(kept) else 1


def _start() -> bool:
    binaries = {"empty": TARGET / "examples" / "empty", "verify": TARGET / "verify"}
    found = starts(binaries)
    print("\nFrom exec to the first request for an event, medians:")
    print("  function    wall ms   CPU ms   memory MiB   binary MB")
    for name, measured in found.items():
        start = medians(measured)
        size = binaries[name].stat().st_size / 1e6
        print(f"  {name:10} {start.wall_ms:8.2f} {start.cpu_ms:8.2f} {start.memory_mib:12.1f} {size:11.1f}")
    times = slower(found["verify"], found["empty"])
    return _promise(f"verify starts in {times:.3f} times the time of an empty function", times, MOST_SLOWER)


def _proof() -> bool:
    print(f"\nProof of {len(HOSTS)} hosts at {len(ADDRESSES)} addresses, {len(HOSTS) * len(ADDRESSES)} connections:")
    slowest = 0.0
    with _inside() as inside, Function(inside.variables(), "verify") as verify:
        for label, behaviour in (("every address answers", how.ANSWERS), ("one address is silent", how.BLACK_HOLE)):
            inside.interfaces.behave(behaviour, ADDRESSES[1])
            seconds, verdict = _prove(verify)
            print(f"  {label:24} {seconds:6.2f} s   {verdict}")
            slowest = max(slowest, seconds)
    return _promise(f"a proof takes {slowest:.2f} s", slowest, MOST_SECONDS)


def _preflight() -> bool:
    """By the binary of the tests, which is slower than what is deployed: what it keeps, the other one keeps."""
    print(f"\nPreflight of a VPC with {preflight.SUBNETS} subnets, {preflight.GROUP_RULES} rules of security groups,")
    print(f"{preflight.ZONES} zones, {preflight.RULES} Resolver rules and {preflight.DOMAINS} firewall domains:")
    slowest = 0.0
    for number, one in enumerate(preflight.measure(), 1):
        what = f"{one.calls} AWS calls, {', '.join(one.codes)}"
        print(f"  run {number}: {one.seconds:6.2f} s, {one.aws_seconds:.2f} s of calls in the embedded AWS   {what}")
        slowest = max(slowest, one.seconds)
    return _promise(f"a preflight takes {slowest:.2f} s, the embedded AWS included", slowest, MOST_PREFLIGHT_SECONDS)


def _vpcs() -> bool:
    """By the binary of the tests, too."""
    print(f"\n{vpcs.VPCS} VPCs with {vpcs.ZONES} zones each, without Route 53's rate limits:")
    found = vpcs.measure()
    for one in found:
        what = f"{one.calls} AWS calls, {one.aws_seconds:.2f} s of calls in the embedded AWS"
        print(f"  {one.step:14} {one.seconds:6.2f} s   {what}")
    sweep = found[-1].seconds
    return _promise(f"a settled sweep takes {sweep:.2f} s, the embedded AWS included", sweep, MOST_SWEEP_SECONDS)


def _prove(verify: Function) -> tuple[float, str]:
    name = "vpce-0a1b2c3d4e5f60718-1a2b3c4d.vpce-svc-0a1b2c3d4e5f60718.us-east-1.vpce.amazonaws.com"
    target = {
        "endpointId": "vpce-0a1b2c3d4e5f60718",
        "regionalDnsName": name,
        "addresses": [{"ip": ip, "azId": f"use1-az{number}"} for number, ip in enumerate(ADDRESSES, 1)],
        "hosts": HOSTS,
    }
    event = json.dumps({"phase": "before", "vpcId": "vpc-0a1b2c3d4e5f60718", "targets": [target]})
    started = time.monotonic()
    answer = verify.invoke(event, deadline=60)
    return time.monotonic() - started, str((answer.report or {}).get("verdict", answer.error))


@contextmanager
def _inside() -> Iterator[Inside]:
    with TemporaryDirectory() as folder, EmbeddedAws() as aws:
        with Inside(aws, aws.make_vpc(), ADDRESSES, ["*.files.example.com"], {}, Path(folder)) as inside:
            yield inside


def _promise(what: str, value: float, most: float) -> bool:
    kept = value <= most
    print(f"  {'kept' if kept else 'BROKEN'}: {what}, at most {most:g} is promised")
    return kept


if __name__ == "__main__":
    sys.exit(main())
