"""The network of a VPC on loopback addresses: TLS servers for an endpoint's network interfaces, and their certificates."""

from tests.network.certificates import Authority
from tests.network.interfaces import Interfaces, free_port

__all__ = ["Authority", "Interfaces", "free_port"]
