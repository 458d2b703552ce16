//! What a certificate says of itself.

use planner::proof::Certificate;
use rustls::pki_types::CertificateDer;
use x509_parser::prelude::{FromDer, X509Certificate};
use x509_parser::time::ASN1Time;
use x509_parser::x509::X509Name;

const A_DAY: i64 = 24 * 3600;

/// The longest name taken from a certificate, in characters.
const MOST_NAME: usize = 200;

/// Subject, issuer and end of a certificate; `now` in seconds since 1970. `None` when it is not X.509.
pub(crate) fn certificate(der: &CertificateDer<'_>, now: i64) -> Option<Certificate> {
    let (_, parsed) = X509Certificate::from_der(der).ok()?;
    let end = parsed.validity().not_after;
    Some(Certificate {
        subject: plain(parsed.subject()),
        issuer: plain(parsed.issuer()),
        not_after: iso(end)?,
        days_left: (end.timestamp() - now).div_euclid(A_DAY),
    })
}

/// Certificates come from whoever answers: no line breaks or control characters, and not endless.
fn plain(name: &X509Name<'_>) -> String {
    name.to_string().chars().map(|c| if c.is_control() { ' ' } else { c }).take(MOST_NAME).collect()
}

/// `2027-10-17T12:00:00Z`.
fn iso(time: ASN1Time) -> Option<String> {
    let time = time.to_datetime();
    let (date, clock) = (time.date(), time.time());
    Some(format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z",
        date.year(),
        u8::from(date.month()),
        date.day(),
        clock.hour(),
        clock.minute(),
        clock.second()
    ))
}
