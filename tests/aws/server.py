"""The embedded AWS: one URL on the loopback interface that answers as AWS would."""

import logging
from threading import Thread
from types import TracebackType
from typing import Self

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import BaseWSGIServer, make_server

from tests.aws.gate import Gate
from tests.aws.world import World


class QuietHandler(MotoRequestHandler):
    """The call log says what came in; a line per request on the terminal would say it again."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        pass


class EmbeddedAws(World):
    """AWS in this process, by moto with corrections. One at a time: moto keeps its state in module globals."""

    def __init__(self, region: str = "us-east-1", account: str = "123456789012", port: int = 0) -> None:
        super().__init__(region, account)
        self._port = port
        self._server: BaseWSGIServer | None = None
        self._thread: Thread | None = None

    def start(self) -> Self:
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        app = Gate(self, DomainDispatcherApplication(create_backend_app))
        self._server = make_server("127.0.0.1", self._port, app, threaded=True, request_handler=QuietHandler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()
        # The first call to EC2 loads its model, which takes half a second: now, and not in a call that a test times.
        self.client("ec2").describe_availability_zones()
        return self

    def stop(self) -> None:
        if self._server and self._thread:
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()
        self._clients.clear()
        self._server = self._thread = None

    def env(self) -> dict[str, str]:
        """The environment that points an AWS SDK here."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_SESSION_TOKEN": "test",
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
