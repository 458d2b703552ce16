"""What a test holds of a VPC that it made."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Vpc:
    """A VPC with DNS support and DNS hostnames on, and one subnet per Availability Zone."""

    id: str
    cidr: str
    subnet_ids: list[str]
    region: str
    account: str
