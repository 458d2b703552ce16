"""Cutting a list into pages, with the position of the next page as an opaque token."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from tests.aws.errors import AwsError

Item = TypeVar("Item")
MARK = "next:"


def size(wanted: int | str | None, most: int, cap: int | None) -> int:
    """How many items a page holds: what was asked for, no more than AWS gives, no more than the test allows."""
    try:
        asked = most if wanted is None else int(wanted)
    except ValueError:
        raise AwsError("InvalidInput", f"Invalid value for maxitems: {wanted}") from None
    if asked < 1:
        raise AwsError("InvalidInput", f"Invalid value for maxitems: {wanted}")
    return min(asked, most, cap or most)


def token(position: str) -> str:
    """An opaque token for the item that the next page begins with."""
    return urlsafe_b64encode(f"{MARK}{position}".encode()).decode()


def position(token: str, error_code: str) -> str:
    """The item that a token stands for; a token that was never handed out is an error."""
    try:
        plain = urlsafe_b64decode(token.encode()).decode()
    except ValueError:
        plain = ""
    if not plain.startswith(MARK):
        raise AwsError(error_code, f"The token '{token}' is invalid.")
    return plain.removeprefix(MARK)


def cut(items: Sequence[Item], at_most: int) -> tuple[list[Item], Item | None]:
    """The page, and the first item after it."""
    return list(items[:at_most]), items[at_most] if len(items) > at_most else None


@dataclass(frozen=True)
class Paging:
    """How one kind of list is cut, and the codes with which it refuses a size and a token."""

    bad_size: str
    bad_token: str
    most: int = 100
    least: int = 1
    usual: int | None = None

    def cut(self, items: Sequence[Item], params: dict[str, Any], cap: int | None) -> tuple[list[Item], dict[str, str]]:
        """The page that a call asks for, and its `NextToken` where more follow."""
        asked = params.get("MaxResults", self.usual or self.most)
        if not self.least <= asked <= self.most:
            message = f"Value ( {asked} ) for parameter maxResults is invalid: from {self.least} to {self.most}."
            raise AwsError(self.bad_size, message)
        start = position(params["NextToken"], self.bad_token) if params.get("NextToken") else "0"
        end = int(start) + min(asked, cap or asked)
        following = {"NextToken": token(str(end))} if end < len(items) else {}
        return list(items[int(start) : end]), following
