"""What Parameter Store refuses and moto accepts, and its page size under test control.

https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html
"""

import json
from typing import Any

from tests.aws.errors import AwsError

STANDARD_BYTES = 4096
MAX_BY_PATH = 10


def check_put(params: dict[str, Any]) -> None:
    """A standard parameter holds 4 KB."""
    if params.get("Tier", "Standard") == "Standard" and len(params.get("Value", "").encode()) > STANDARD_BYTES:
        raise AwsError(
            "ValidationException",
            f"Standard tier parameters support a maximum parameter value of {STANDARD_BYTES} characters. To create a "
            "larger parameter value, upgrade the parameter to use the advanced-parameter tier. For more information, "
            "see https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html",
        )


def check_token(params: dict[str, Any]) -> None:
    """Moto's tokens are numbers. https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParametersByPath.html"""
    if not str(params.get("NextToken") or "0").isdecimal():
        raise AwsError("InvalidNextToken", "The specified token is not valid.", 400)


def capped(params: dict[str, Any], page_size: int) -> bytes:
    """The body of a GetParametersByPath call that asks for no more than `page_size` items."""
    at_most = min(page_size, params.get("MaxResults", MAX_BY_PATH))
    return json.dumps(params | {"MaxResults": at_most}).encode()
