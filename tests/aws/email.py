"""SES v2, for whether mail may be sent from a domain.

https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_GetEmailIdentity.html
"""

from dataclasses import dataclass
from typing import Any

from tests.aws.errors import AwsError

Params = dict[str, Any]
Result = dict[str, Any]


@dataclass(frozen=True)
class Identity:
    """A domain with the three tokens that its owner is to publish for Easy DKIM."""

    domain: str
    verified: bool
    tokens: tuple[str, ...]


class Email:
    """One method per operation, named as boto3 names it. `set_up` marks the test's own calls."""

    def __init__(self) -> None:
        self._identities: dict[str, Identity] = {}

    def add(self, identity: Identity) -> None:
        self._identities[identity.domain] = identity

    def get_email_identity(self, params: Params, set_up: bool) -> Result:
        wanted = params["EmailIdentity"]
        identity = self._identities.get(wanted.lower())
        if identity is None:
            raise AwsError("NotFoundException", f"Email identity {wanted} does not exist.", 404)
        status = "SUCCESS" if identity.verified else "PENDING"
        return {
            "IdentityType": "DOMAIN",
            "FeedbackForwardingStatus": True,
            "VerifiedForSendingStatus": identity.verified,
            "VerificationStatus": status,
            "DkimAttributes": {
                "SigningEnabled": True,
                "Status": status,
                "Tokens": list(identity.tokens),
                "SigningAttributesOrigin": "AWS_SES",
                "NextSigningKeyLength": "RSA_2048_BIT",
                "CurrentSigningKeyLength": "RSA_2048_BIT",
            },
            "Policies": {},
            "Tags": [],
        }
