"""Service Quotas, for the one quota that an endpoint counts against.

https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-limits-endpoints.html
"""

from typing import Any

from tests.aws.errors import AwsError
from tests.aws.partitions import partition

Params = dict[str, Any]
Result = dict[str, Any]

CODE = "L-29B6F2EB"
NAME = "Interface VPC endpoints per VPC"


class Quotas:
    """One method per operation, named as boto3 names it. `set_up` marks the test's own calls."""

    def __init__(self, region: str, account: str) -> None:
        self.endpoints = 50
        self._arn = f"arn:{partition(region)}:servicequotas:{region}:{account}:vpc/{CODE}"

    def get_service_quota(self, params: Params, set_up: bool) -> Result:
        if (params["ServiceCode"], params["QuotaCode"]) != ("vpc", CODE):
            message = "The request failed because the specified service or quota does not exist."
            raise AwsError("NoSuchResourceException", message)
        quota = {
            "ServiceCode": "vpc",
            "ServiceName": "Amazon Virtual Private Cloud (Amazon VPC)",
            "QuotaArn": self._arn,
            "QuotaCode": CODE,
            "QuotaName": NAME,
            "Value": float(self.endpoints),
            "Unit": "None",
            "Adjustable": True,
            "GlobalQuota": False,
            "QuotaAppliedAtLevel": "ACCOUNT",
        }
        return {"Quota": quota}
