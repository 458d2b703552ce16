"""A proof of 300 hosts from inside the VPC, by the verifier as it is deployed."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.aws import EmbeddedAws
from tests.bench.subjects import Subjects
from tests.bench.table import Figure, Row, alone
from tests.harness import Function
from tests.harness.inside import Inside
from tests.network import interfaces as how

MOST_SECONDS = 30.0
HOSTS = [f"host-{number}.files.example.com" for number in range(300)]
ADDRESSES = ["127.10.0.10", "127.10.1.10", "127.10.2.10"]


def measure(subjects: Subjects) -> list[Row]:
    rows = []
    with subjects.under_test(), _inside() as inside, Function(inside.variables(), "verify") as verify:
        for label, behaviour in (("every address answers", how.ANSWERS), ("one address is silent", how.BLACK_HOLE)):
            inside.interfaces.behave(behaviour, ADDRESSES[1])
            seconds, verdict = _prove(verify)
            what = f"proof of {len(HOSTS)} hosts at {len(ADDRESSES)} addresses, {label}: {verdict}"
            rows.append(alone(what, Figure(seconds, "s"), MOST_SECONDS))
    return rows


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
