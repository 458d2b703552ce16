"""BIND 9, Unbound and dnsmasq with the configuration of a careful administrator, and a snippet that they include.

Each validates DNSSEC from the root, as Debian's BIND and Unbound do, and Unbound and dnsmasq take no private address
from elsewhere: both break naive forwarding to a private zone. The root leads to a dead end on this machine, so nothing
leaves it, and a name that is not forwarded is answered SERVFAIL or REFUSED.
"""

import os
import pwd
import re
import shutil
import subprocess
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

from tests.network.install import UNPACKED, Program, program
from tests.network.running import ADDRESS, DEAD_END, Running, free, run

# The root's key of 2017 (https://data.iana.org/root-anchors/root-anchors.xml). BIND has it built in.
ROOT_KEY = "20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D"
SNIPPET, OPTIONS = "snippet.conf", "options.conf"
FORWARDER = r"[0-9a-fA-F:.]+"
CHECK_SECONDS = 30
APPARMOR = Path("/sys/module/apparmor/parameters/enabled")


class Server(ABC):
    """One kind of server. `options` is what a person adds to the server's own settings beside the snippet."""

    name: ClassVar[str]
    checker: ClassVar[str]

    def __init__(self, options: str = "") -> None:
        self.options = options

    @abstractmethod
    def main(self, folder: Path, port: int) -> str:
        """The configuration that includes the snippet."""

    def to_check(self, config: Path) -> list[str]:
        """The checker's arguments."""
        return [str(config)]

    @abstractmethod
    def to_run(self, config: Path) -> list[str]:
        """The server's arguments to stay in the foreground and say there what happens."""

    @staticmethod
    @abstractmethod
    def at_port(snippet: str, port: int) -> str:
        """The snippet with its forwarders at another port than 53, where not everybody can listen."""

    def check(self, snippet: str) -> str:
        """What the server's own checker says against the snippet or the options; nothing if they are right."""
        with self._prepared(self.checker, snippet) as (tool, config, _):
            result = subprocess.run(
                [tool.path, *self.to_check(config)],
                env=tool.env,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                timeout=CHECK_SECONDS,
            )
        # A warning does not make the check fail, but if it is about the snippet it is against it.
        if result.returncode == 0 and not any(file in result.stdout for file in (SNIPPET, OPTIONS)):
            return ""
        return result.stdout.strip() or f"{self.checker} ended with status {result.returncode}"

    @contextmanager
    def running(self, snippet: str) -> Iterator[Running]:
        """The server with the snippet, from when it answers. It is killed at the end."""
        with self._prepared(self.name, snippet) as (tool, config, port):
            with run(tool, self.to_run(config), config.parent, port) as running:
                yield running

    @contextmanager
    def _prepared(self, name: str, snippet: str) -> Iterator[tuple[Program, Path, int]]:
        with tempfile.TemporaryDirectory(prefix=f"{self.name}-") as made:
            folder, port = Path(made), free()
            config = folder / "main.conf"
            (folder / SNIPPET).write_text(snippet)
            (folder / OPTIONS).write_text(self.options + "\n")
            config.write_text(self.main(folder, port))
            yield _unconfined(program(name), folder), config, port


class Bind(Server):
    """BIND 9. `options` stand in its one options block, which no included file outside of it can add to."""

    name, checker = "named", "named-checkconf"

    def main(self, folder: Path, port: int) -> str:
        (folder / "root.hints").write_text(f". 3600000 NS dead-end.\ndead-end. 3600000 A {DEAD_END}\n")
        # `port` is also where it asks other servers, so not even a resolver of this machine is asked for the root.
        return f"""
options {{
    directory "{folder}";
    port {port};
    listen-on {{ {ADDRESS}; }};
    listen-on-v6 {{ none; }};
    recursion yes;
    dnssec-validation auto;
    pid-file none;
    session-keyfile none;
    max-cache-size 16m;
    include "{folder / OPTIONS}";
}};
controls {{ }};
zone "." {{ type hint; file "root.hints"; }};
include "{folder / SNIPPET}";
"""

    def to_run(self, config: Path) -> list[str]:
        # No lock file: it would stand in a folder of the system's own server.
        return ["-g", "-4", "-n", "1", "-X", "none", "-c", str(config)]

    @staticmethod
    def at_port(snippet: str, port: int) -> str:
        def block(found: re.Match[str]) -> str:
            return found[1] + re.sub(rf"({FORWARDER})(\s*;)", rf"\1 port {port}\2", found[2])

        return _rewrite(r"(\bforwarders\s*\{)([^}]*)", block, snippet)


class Unbound(Server):
    """Unbound. `options` stand in the first server clause; the snippet may have another one."""

    name, checker = "unbound", "unbound-checkconf"

    def main(self, folder: Path, port: int) -> str:
        # It may ask servers on loopback addresses only because the forwarders of a test are there.
        return f"""
server:
    directory: "{folder}"
    interface: {ADDRESS}
    port: {port}
    num-threads: 1
    chroot: ""
    username: ""
    pidfile: ""
    use-syslog: no
    do-ip6: no
    do-not-query-localhost: no
    trust-anchor: ". IN DS {ROOT_KEY}"
    private-address: 127.0.0.0/8
    private-address: 10.0.0.0/8
    private-address: fd00::/8
    include: "{folder / OPTIONS}"
remote-control:
    control-enable: no
stub-zone:
    name: "."
    stub-addr: {DEAD_END}@{port}
include-toplevel: "{folder / SNIPPET}"
"""

    def to_run(self, config: Path) -> list[str]:
        return ["-d", "-p", "-c", str(config)]

    @staticmethod
    def at_port(snippet: str, port: int) -> str:
        return _rewrite(rf"^\s*forward-addr:\s*{FORWARDER}(?=\s|$)", lambda found: f"{found[0]}@{port}", snippet)


class Dnsmasq(Server):
    """dnsmasq. `options` are lines of the main file."""

    name = checker = "dnsmasq"

    def main(self, folder: Path, port: int) -> str:
        # Started by root it becomes another user, who cannot read the folder.
        return f"""
port={port}
listen-address={ADDRESS}
bind-interfaces
user={pwd.getpwuid(os.geteuid()).pw_name if os.geteuid() == 0 else ""}
pid-file={folder / "pid"}
no-hosts
no-resolv
server={DEAD_END}#{port}
domain-needed
bogus-priv
stop-dns-rebind
dnssec
trust-anchor=.,{ROOT_KEY.replace(" ", ",")}
conf-file={folder / OPTIONS}
conf-file={folder / SNIPPET}
"""

    def to_check(self, config: Path) -> list[str]:
        return ["--test", f"--conf-file={config}"]

    def to_run(self, config: Path) -> list[str]:
        return ["--keep-in-foreground", "--log-facility=-", f"--conf-file={config}"]

    @staticmethod
    def at_port(snippet: str, port: int) -> str:
        pattern = rf"^\s*server\s*=\s*(?:/.*/)?{FORWARDER}(?=[\s@]|$)"
        return _rewrite(pattern, lambda found: f"{found[0]}#{port}", snippet)


def _rewrite(pattern: str, replace: Callable[[re.Match[str]], str], snippet: str) -> str:
    written = re.sub(pattern, replace, snippet, flags=re.MULTILINE)
    if written == snippet:
        raise ValueError(f"there is no forwarder to put at another port in:\n{snippet}")
    return written


def _unconfined(tool: Program, folder: Path) -> Program:
    """AppArmor lets an installed server read its own folders only, and knows it by its path: a copy is free of that."""
    if tool.path.is_relative_to(UNPACKED) or not APPARMOR.exists() or not APPARMOR.read_text().startswith("Y"):
        return tool
    return Program(Path(shutil.copy2(tool.path, folder)), tool.env)
