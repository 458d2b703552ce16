"""What people have to say and to prepare."""

import pytest

from tests.preflight.site import EMAIL, Site, other_vpc


def test_users_that_nobody_told_are_a_warning(live: Site) -> None:
    live.ask(users=None).only("users-not-told", "warning")


@pytest.mark.parametrize("users", ["human", "service", "both"])
def test_users_of_the_event_or_of_the_settings_are_enough(live: Site, users: str) -> None:
    assert live.ask(users=users).codes == []
    live.configure(CONNECTION_USERS=users)
    found = live.ask(users=None)
    assert (found.codes, found.report["connectionDetails"]["users"]) == ([], users)


def test_a_domain_that_nobody_confirmed_is_a_warning(live: Site) -> None:
    finding = live.ask(domainConfirmed=None).only("domain-not-confirmed", "warning")
    assert "tetrascience.com" in finding["what"]


def test_a_domain_that_was_refused_is_a_blocker(live: Site) -> None:
    live.ask(domainConfirmed=False).only("domain-refused", "blocker")
    live.configure(DOMAIN_CONFIRMED="no")
    live.ask(domainConfirmed=None).only("domain-refused", "blocker")


def test_a_confirmation_in_the_settings_is_enough(live: Site) -> None:
    live.configure(DOMAIN_CONFIRMED="yes")
    assert live.ask(domainConfirmed=None).codes == []


def test_no_email_domain_is_a_note(live: Site) -> None:
    live.ask(emailDomain=None).only("email-domain-not-told", "note")


def test_a_domain_that_ses_does_not_know_is_a_warning(live: Site) -> None:
    finding = live.ask(emailDomain="mail.example.com").only("email-identity-missing", "warning")
    assert "mail.example.com" in finding["command"]


def test_a_domain_that_ses_has_not_verified_is_a_warning_and_its_records_stand_in_the_details(live: Site) -> None:
    live.aws.add_email_identity(EMAIL, verified=False, tokens=("one", "two", "three"))
    found = live.ask()
    assert EMAIL in found.only("email-identity-unverified", "warning")["what"]
    email = found.report["connectionDetails"]["email"]
    assert email["status"] == "not verified"
    assert [record["name"].split(".")[0] for record in email["dkimRecords"]] == ["one", "two", "three"]
    assert f"one._domainkey.{EMAIL} CNAME one.dkim.amazonses.com" in found.report["texts"]["connectionDetails"]


def test_a_domain_below_a_verified_one_is_verified(live: Site) -> None:
    assert live.ask(emailDomain=f"mail.{EMAIL}").codes == []


def test_a_domain_of_tetrascience_needs_no_identity(live: Site) -> None:
    found = live.ask(emailDomain="tetrascience.com")
    assert found.codes == []
    assert live.aws.calls.count("sesv2:GetEmailIdentity") == 0


def test_no_inbound_endpoint_is_a_warning(live: Site) -> None:
    other = other_vpc(live.aws)
    found = live.ask(vpcId=other.id, subnetIds=other.subnet_ids)
    assert found.codes == ["no-inbound-endpoint", "endpoint-missing"]
    finding = found.of("no-inbound-endpoint")
    assert other.id in finding["what"]
    for subnet in sorted(other.subnet_ids)[:2]:
        assert subnet in finding["command"]


def test_an_outbound_endpoint_is_no_inbound_one(live: Site) -> None:
    other = other_vpc(live.aws)
    live.aws.add_inbound_endpoint(other, "10.1.0.7", direction="OUTBOUND")
    assert "no-inbound-endpoint" in live.ask(vpcId=other.id).codes
    live.aws.add_inbound_endpoint(other, "10.1.0.8")
    assert "no-inbound-endpoint" not in live.ask(vpcId=other.id).codes
