//! The configuration: environment variables, parsed once into types.

use std::collections::BTreeMap;
use std::fs;
use std::net::SocketAddr;

use ipnet::IpNet;
use planner::variables::{Invalid, Reader};
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

/// Everything that `verify` is told. Where it may connect to comes from here alone, never from a request.
#[derive(Debug)]
pub(crate) struct Config {
    /// The DNS server to ask; `None`: the system's.
    pub resolver: Option<SocketAddr>,
    /// The certificates that are trusted beside Mozilla's.
    pub more_roots: Vec<CertificateDer<'static>>,
    pub cidrs: Vec<IpNet>,
    pub port: u16,
}

/// RFC 1918, RFC 6598 (shared address space, which VPCs may use) and RFC 4193 (unique local IPv6).
const PRIVATE: &str = "10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,100.64.0.0/10,fc00::/7";

impl Config {
    /// Parses the variables, and reads the file of roots if one is named.
    ///
    /// # Errors
    /// Everything that is wrong, not only the first.
    pub(crate) fn parse(variables: &BTreeMap<String, String>) -> Result<Config, Vec<Invalid>> {
        let mut reader = Reader::new(variables);
        let resolver =
            reader.parsed("VERIFY_RESOLVER", "the ip:port of a DNS server, such as 10.0.0.2:53", |v| v.parse().ok());
        let port = reader.parsed("VERIFY_PORT", "a port, 1 to 65535", |v| v.parse().ok().filter(|port| *port != 0));
        let cidrs = match reader.list("VERIFY_CIDRS") {
            list if list.is_empty() => PRIVATE.split(',').collect(),
            list => list,
        };
        let allowed = "a list of address ranges, such as 10.0.0.0/16,fd00::/64";
        let cidrs = cidrs
            .into_iter()
            .filter_map(|item| {
                let cidr = item.parse().ok();
                if cidr.is_none() {
                    reader.say("VERIFY_CIDRS", Some(item), allowed);
                }
                cidr
            })
            .collect();
        let more_roots = roots(&mut reader);
        if !reader.invalid.is_empty() {
            return Err(reader.invalid);
        }
        Ok(Config { resolver, more_roots, cidrs, port: port.unwrap_or(443) })
    }

    /// Mozilla's roots and the configured ones.
    pub(crate) fn roots(&self) -> RootCertStore {
        let mut roots = RootCertStore::empty();
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        // Each was accepted when it was read.
        roots.add_parsable_certificates(self.more_roots.iter().cloned());
        roots
    }
}

fn roots(reader: &mut Reader<'_>) -> Vec<CertificateDer<'static>> {
    let variable = "VERIFY_CA_FILE";
    let Some(path) = reader.get(variable) else { return Vec::new() };
    let read = || {
        let pem = fs::read(path).map_err(|error| error.to_string())?;
        let certificates: Vec<CertificateDer<'static>> =
            CertificateDer::pem_slice_iter(&pem).collect::<Result<_, _>>().map_err(|error| error.to_string())?;
        let mut store = RootCertStore::empty();
        for certificate in &certificates {
            store.add(certificate.clone()).map_err(|error| error.to_string())?;
        }
        if certificates.is_empty() { Err("it holds no certificate".to_owned()) } else { Ok(certificates) }
    };
    read().unwrap_or_else(|why: String| {
        reader.say(variable, Some(path), format!("the path of a file with CA certificates in PEM form: {why}"));
        Vec::new()
    })
}
