//! Why a proof failed, as codes. What a person reads beside a code is written by whoever saw it.

use serde::{Deserialize, Serialize};

/// What was wrong with a host, an address or one of the endpoint's names.
///
/// The order is that of a client's way: DNS, connection, TLS. Of several causes for one host the last one
/// counts, because it came furthest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// The zone is there and has no address for the name.
    RecordMissing,
    /// Public DNS says that there is no such name: the private zone is not seen from here.
    ZoneNotAssociated,
    /// Somebody else's private address.
    ResolverRule,
    /// An address of the public internet.
    AnswerPublic,
    /// SERVFAIL, REFUSED or the like.
    DnsFailed,
    DnsTimedOut,
    /// Some of the endpoint's addresses are not in the answer.
    AnswerIncomplete,
    /// Outside `VERIFY_CIDRS`, so not connected to.
    AddressNotAllowed,
    ConnectTimedOut,
    ConnectRefused,
    /// No route, or another error of the network.
    ConnectFailed,
    /// Connected, and then silence.
    TlsTimedOut,
    /// Connected, and closed before TLS was complete.
    TlsClosed,
    /// No TLS, or a TLS that does not fit.
    TlsFailed,
    CertificateUntrusted,
    CertificateExpired,
    CertificateName,
    /// An Availability Zone's address does not answer while another one does.
    AzUnreachable,
    CertificateExpiring,
    /// The endpoint's regional name leads to one subnet although there are more.
    PrimaryNameNarrow,
    /// One of the endpoint's own names does not resolve to its addresses.
    EndpointNameWrong,
}

impl Cause {
    pub fn as_str(self) -> &'static str {
        match self {
            Cause::RecordMissing => "record-missing",
            Cause::ZoneNotAssociated => "zone-not-associated",
            Cause::ResolverRule => "resolver-rule",
            Cause::AnswerPublic => "answer-public",
            Cause::DnsFailed => "dns-failed",
            Cause::DnsTimedOut => "dns-timed-out",
            Cause::AnswerIncomplete => "answer-incomplete",
            Cause::AddressNotAllowed => "address-not-allowed",
            Cause::ConnectTimedOut => "connect-timed-out",
            Cause::ConnectRefused => "connect-refused",
            Cause::ConnectFailed => "connect-failed",
            Cause::TlsTimedOut => "tls-timed-out",
            Cause::TlsClosed => "tls-closed",
            Cause::TlsFailed => "tls-failed",
            Cause::CertificateUntrusted => "certificate-untrusted",
            Cause::CertificateExpired => "certificate-expired",
            Cause::CertificateName => "certificate-name",
            Cause::AzUnreachable => "az-unreachable",
            Cause::CertificateExpiring => "certificate-expiring",
            Cause::PrimaryNameNarrow => "primary-name-narrow",
            Cause::EndpointNameWrong => "endpoint-name-wrong",
        }
    }

    /// Whether it passes by itself, once resolvers forget what they knew before a change.
    pub(crate) fn may_settle(self) -> bool {
        self <= Cause::DnsTimedOut
    }
}
