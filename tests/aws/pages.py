"""Cutting a list into pages, with the position of the next page as an opaque token."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from typing import TypeVar

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
