"""The filters of EC2's Describe operations.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Filtering.html
"""

import re
from collections.abc import Callable, Iterable
from fnmatch import translate
from typing import Any

from tests.aws.errors import AwsError

MAX_VALUES = 200


def chosen(params: dict[str, Any]) -> list[dict[str, Any]]:
    """The filters of a call, which may have so many values in all.

    FilterLimitExceeded: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
    """
    filters = params.get("Filters", [])
    if sum(len(wanted.get("Values", [])) for wanted in filters) > MAX_VALUES:
        message = f"The maximum number of filter values specified on a single call is {MAX_VALUES}"
        raise AwsError("FilterLimitExceeded", message)
    return filters


def fits(patterns: Iterable[str]) -> Callable[[Iterable[str]], bool]:
    """Whether any of an item's values is among those of a filter, which are alternatives with wildcards `*` and `?`."""
    exact = frozenset(patterns)
    wild = [re.compile(translate(one.replace("[", "[[]"))) for one in exact if "*" in one or "?" in one]
    return lambda values: any(one in exact or any(each.match(one) for each in wild) for one in values)


def unknown(name: str) -> AwsError:
    return AwsError("InvalidParameterValue", f"The filter '{name}' is invalid")
