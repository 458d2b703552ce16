"""The verifier's files in events/ are requests that it takes."""

from pathlib import Path

import pytest

from tests.verify.conftest import API, HOST, Network, a

FILES = sorted((Path(__file__).parents[2] / "events").glob("verifier-*.json"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.name))
def test_a_file_is_a_request(network: Network, file: Path) -> None:
    """Its addresses are examples; here they are those of this machine."""
    zonal = "vpce-0a1b2c3d4e5f60718-1a2b3c4d-us-east-1{}.vpce-svc-0a1b2c3d4e5f60718.us-east-1.vpce.amazonaws.com"
    ours = ["127.10.0.10", "127.10.1.10"]
    network.public |= {zonal.format("a"): ours[:1], zonal.format("b"): ours[1:]}
    network.public = {name: [ip for ip in ips if ip in ours] for name, ips in network.public.items()}
    network.zone(HOST, a(HOST, *ours), a(API, *ours))
    network.zone("api.tetrascience.com", a("api.tetrascience.com", *ours))
    text = file.read_text().replace('"10.0.', '"127.10.')
    assert text.count("127.10.") == 2
    report = network.send(text).report
    assert report is not None
    assert (report["verdict"], report["problems"], len(report["hosts"])) == ("passed", [], 3)
    assert len(report["names"]) == 3


def test_there_is_one_for_each_phase() -> None:
    assert [file.name for file in FILES] == ["verifier-after.json", "verifier-before.json"]
