"""What clients in a VPC would have been answered between the calls of the function under test."""

from tests.aws.lookup import View


class DnsWatch:
    """Notes the answers for some hosts after every call of the function under test, and at its own beginning.

    Here a change is in DNS at once, while the call that makes it is answered. Route 53 applies it to its servers some
    time between that call and INSYNC, one after the other; so what is noted is the order of the answers that each
    client sees, and not for how long.
    """

    def __init__(self, view: View, hosts: tuple[str, ...]) -> None:
        self._view = view
        self._answers: dict[str, list[list[str]]] = {host: [] for host in hosts}
        self.note()

    def note(self) -> None:
        for host, found in self._view.addresses_of(self._answers).items():
            seen = self._answers[host]
            if not seen or seen[-1] != found:
                seen.append(found)

    def answers(self, host: str) -> list[list[str]]:
        """The different answers in order: addresses, sorted; an empty one for no such name or no address."""
        return list(self._answers[host])
