"""Who calls: an access key names its account, as AWS's own keys do.

https://docs.aws.amazon.com/STS/latest/APIReference/API_GetAccessKeyInfo.html
"""

import re

OTHER_ACCOUNT = "210987654321"
KEY = re.compile(r"AKIA(\d{12})")


def access_key(account: str) -> str:
    """The access key with which a client is that account's."""
    return f"AKIA{account}"


def account_of(key: str) -> str | None:
    """The account of an access key; every other key is the account's that the embedded AWS is about."""
    found = KEY.fullmatch(key)
    return found[1] if found else None
