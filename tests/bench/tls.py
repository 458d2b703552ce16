"""The first invocation of a fresh process, over TLS: each service's connection is still to be made."""

from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench.canned import Canned
from tests.bench.process import Event, Process
from tests.bench.programs import OURS, ROOTS, Program
from tests.bench.subjects import Subjects
from tests.bench.table import Row, compared, median

RUNS, RUNS_OF_PEERS = 40, 10
MOST_CPU_MS, MOST_OF_PYTHON = 5.0, 1 / 20
RECONCILE, SWEEP = b'{"task":"reconcile"}', b'{"task":"sweep"}'


def measure(subjects: Subjects) -> list[Row]:
    with TemporaryDirectory() as folder, Canned(tls=Path(folder)) as aws:
        variables = aws.env() | trust(Path(folder))
        ours = firsts(aws, subjects.ours("reconcile"), variables, RUNS)
        peers = {peer.name: firsts(aws, peer, variables, RUNS_OF_PEERS) for peer in subjects.peers}
    rows = []
    for peer, missing in subjects.everybody():
        theirs = peers.get(peer)
        own = median((event.cpu_seconds * 1000 for event in ours), "ms")
        other = median((event.cpu_seconds * 1000 for event in theirs), "ms") if theirs else missing
        promised = {"most": MOST_CPU_MS, "most_of_peer": MOST_OF_PYTHON} if peer == "python" else {}
        rows.append(compared("first invocation over TLS, CPU", own, peer, other, **promised))
        own = median((event.seconds * 1000 for event in ours), "ms")
        other = median((event.seconds * 1000 for event in theirs), "ms") if theirs else missing
        rows.append(compared("first invocation over TLS", own, peer, other))
    return rows


def trust(folder: Path) -> dict[str, str]:
    """Each runtime's own way to be told what it trusts: what it trusts in Lambda, and the embedded authority."""
    found = {}
    for names, roots in ((("SSL_CERT_FILE",), OURS), (("AWS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"), ROOTS)):
        bundle = folder / f"{names[0]}.pem"
        bundle.write_bytes(roots.read_bytes() + b"\n" + (folder / "ca.pem").read_bytes())
        found |= dict.fromkeys(names, str(bundle))
    return found


def firsts(aws: Canned, program: Program, variables: dict[str, str], runs: int) -> list[Event]:
    """The first sweeps of fresh processes, when all is in place: nothing is written."""
    aws.reset()
    with Process(program, variables) as process:
        _checked(process.invoke(RECONCILE))
    events = []
    for _ in range(runs):
        with Process(program, variables) as process:
            events.append(_checked(process.invoke(SWEEP)))
    return events


def _checked(event: Event) -> Event:
    assert event.kind == "response", event.body
    return event
