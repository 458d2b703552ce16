"""The test's own clients, for set-up and inspection."""

from threading import RLock
from typing import Any

import boto3
from botocore.config import Config

from tests.aws import wire
from tests.aws.accounts import access_key


class Clients:
    """An account and a Region behind an URL, and clients that the embedded AWS knows to be the test's."""

    url: str
    region: str
    account: str
    lock: RLock
    _clients: dict[tuple[str, str, str], Any]

    def client(self, name: str, *, region: str | None = None, account: str | None = None) -> Any:
        """A client for set-up and inspection: not logged, not faulted, not gated, its changes in effect at once.

        With another `account` it is that account's, with its rights and no others.
        """
        key = (name, region or self.region, account or self.account)
        if key not in self._clients:
            self._clients[key] = self._new_client(*key)
        return self._clients[key]

    def _new_client(self, name: str, region: str, account: str) -> Any:
        client = boto3.client(
            name,
            region_name=region,
            endpoint_url=self.url,
            aws_access_key_id=access_key(account),
            aws_secret_access_key="test",
            config=Config(retries={"total_max_attempts": 1}),
        )
        client.meta.events.register("before-sign", _mark)
        return client


def _mark(request: Any, **_: Any) -> None:
    request.headers[wire.SET_UP_HEADER] = "1"
