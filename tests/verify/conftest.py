"""A VPC on loopback addresses: an endpoint with three network interfaces, a resolver, and the verifier."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.aws import EmbeddedAws, Vpc
from tests.aws.dns import ResolvingServer
from tests.harness import Answer, Function
from tests.network import Authority, Interfaces

HOST = "platform.tetrascience.com"
API = "api.platform.tetrascience.com"
# Where the endpoint's network interfaces are, with the ids of their Availability Zones.
ADDRESSES = {"127.10.0.10": "use1-az1", "127.10.1.10": "use1-az2", "127.10.2.10": "use1-az3"}
REGIONAL = "vpce-0a1b2c3d4e5f60718-1a2b3c4d.vpce-svc-0a1b2c3d4e5f60718.us-east-1.vpce.amazonaws.com"


class Network:
    """What a verifier in the VPC finds, and the verifier."""

    def __init__(self, aws: EmbeddedAws, vpc: Vpc, interfaces: Interfaces, folder: Path) -> None:
        self.aws = aws
        self.vpc = vpc
        self.interfaces = interfaces
        # The endpoint's own name is public, and leads to its private addresses.
        self.public: dict[str, list[str]] = {REGIONAL: list(ADDRESSES)}
        self.dns = ResolvingServer(aws, vpc.id)
        self.variables = {
            "VERIFY_CA_FILE": str(interfaces.authority.write(folder)),
            "VERIFY_CIDRS": "127.0.0.0/8",
            "VERIFY_PORT": str(interfaces.port),
        }

    def zone(self, name: str, *records: dict[str, Any]) -> str:
        """A private zone on the VPC."""
        zone_id = self.aws.make_zone(name, self.vpc)
        if records:
            self.aws.put_records(zone_id, *records)
        return zone_id

    def prove(self, phase: str, *hosts: str, deadline: float = 60, **target: Any) -> Answer:
        """The verifier's answer about hosts of the endpoint; `target` replaces parts of the request."""
        return self.send(request(phase, *hosts, **target), deadline=deadline)

    def send(self, event: Any, *, deadline: float = 60) -> Answer:
        self.dns.public = {f"{name}.": addresses for name, addresses in self.public.items()}
        settings = {"VERIFY_RESOLVER": f"127.0.0.1:{self.dns.port}"} | self.variables
        with Function(settings, "verify") as function:
            return function.invoke(event, deadline=deadline)


def request(phase: str, *hosts: str, **target: Any) -> dict[str, Any]:
    """What reconcile sends to a verifier."""
    usual = {
        "endpointId": "vpce-0a1b2c3d4e5f60718",
        "regionalDnsName": REGIONAL,
        "addresses": [{"ip": ip, "azId": az_id} for ip, az_id in ADDRESSES.items()],
        "hosts": list(hosts or [HOST]),
    }
    return {"phase": phase, "vpcId": "vpc-0a1b2c3d4e5f60718", "targets": [usual | target]}


def a(name: str, *addresses: str) -> dict[str, Any]:
    values = [{"Value": address} for address in addresses or ADDRESSES]
    return {"Name": name, "Type": "A", "TTL": 60, "ResourceRecords": values}


@pytest.fixture(scope="package")
def server() -> Iterator[EmbeddedAws]:
    with EmbeddedAws() as aws:
        yield aws


@pytest.fixture
def network(server: EmbeddedAws, tmp_path: Path) -> Iterator[Network]:
    """Everything answers as it should; DNS knows nothing yet but the endpoint's own name."""
    server.reset()
    names = [HOST, API, "api.tetrascience.com", "*.files.example.com"]
    with Interfaces(ADDRESSES, names, Authority()) as interfaces:
        network = Network(server, server.make_vpc(), interfaces, tmp_path)
        with network.dns:
            yield network
