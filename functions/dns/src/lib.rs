//! DNS: what a resolver answers for a name.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolveHosts, ResolverConfig};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::{DnsError, NetError};
use hickory_resolver::proto::op::ResponseCode;
use hickory_resolver::proto::rr::{self, RData, RecordType};
use planner::name::Name;
use tokio::time::timeout;

/// For one question with its repetitions and, when the answer was cut off, the second one over TCP.
const QUESTION: Duration = Duration::from_secs(5);
/// For one packet and its answer.
const ATTEMPT: Duration = Duration::from_secs(2);

/// What DNS said about the addresses of one family.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lookup {
    /// At least one, at the end of whatever chain of CNAMEs.
    Addresses(Vec<IpAddr>),
    /// No such name, or a name without such an address. `zone` is where the answer comes from, by its SOA.
    Nothing {
        is_name: bool,
        zone: Option<Name>,
    },
    /// An error code such as SERVFAIL, or an answer that makes no sense.
    Failed(String),
    TimedOut,
}

/// Both families.
#[derive(Clone, Debug)]
pub struct Addresses {
    pub v4: Lookup,
    pub v6: Lookup,
}

impl Addresses {
    /// Every address of both families, each once, in order.
    pub fn all(&self) -> Vec<IpAddr> {
        let found = [&self.v4, &self.v6].into_iter().filter_map(|lookup| match lookup {
            Lookup::Addresses(addresses) => Some(addresses.iter().copied()),
            _ => None,
        });
        found.flatten().collect::<BTreeSet<IpAddr>>().into_iter().collect()
    }
}

/// Asks one resolver. Nothing is remembered from one question to the next.
#[derive(Debug)]
pub struct Dns {
    resolver: TokioResolver,
}

impl Dns {
    /// `server`: the DNS server to ask; `None`: those of the system.
    ///
    /// # Errors
    /// The system's configuration cannot be read.
    pub fn new(server: Option<SocketAddr>) -> Result<Dns, NetError> {
        let mut builder = match server {
            Some(server) => {
                let connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()];
                let connections = connections.map(|mut connection| {
                    connection.port = server.port();
                    connection
                });
                let server = NameServerConfig::new(server.ip(), true, connections.into());
                let config = ResolverConfig::from_name_servers(vec![server]);
                TokioResolver::builder_with_config(config, TokioRuntimeProvider::default())
            }
            None => TokioResolver::builder_tokio()?,
        };
        let options = builder.options_mut();
        options.timeout = ATTEMPT;
        options.attempts = 1;
        options.cache_size = 0;
        options.use_hosts_file = ResolveHosts::Never;
        options.max_active_requests = 1024;
        Ok(Dns { resolver: builder.build()? })
    }

    /// The addresses of a name, IPv4 and IPv6 asked at once.
    pub async fn addresses(&self, name: &Name) -> Addresses {
        let (v4, v6) = futures::join!(self.ask(name, RecordType::A), self.ask(name, RecordType::AAAA));
        Addresses { v4, v6 }
    }

    async fn ask(&self, name: &Name, rtype: RecordType) -> Lookup {
        // With the final dot, so that no search domain of the system is tried.
        let name = match rr::Name::from_ascii(format!("{name}.")) {
            Ok(name) => name,
            Err(error) => return Lookup::Failed(error.to_string()),
        };
        match timeout(QUESTION, self.resolver.lookup(name, rtype)).await {
            Err(_) => Lookup::TimedOut,
            Ok(Err(error)) => negative(error),
            Ok(Ok(lookup)) => {
                let addresses = lookup.answers().iter().filter_map(|record| match &record.data {
                    RData::A(address) => Some(IpAddr::V4(address.0)),
                    RData::AAAA(address) => Some(IpAddr::V6(address.0)),
                    _ => None,
                });
                match addresses.collect::<Vec<IpAddr>>() {
                    found if found.is_empty() => Lookup::Nothing { is_name: true, zone: None },
                    found => Lookup::Addresses(found),
                }
            }
        }
    }
}

fn negative(error: NetError) -> Lookup {
    match error {
        NetError::Timeout => Lookup::TimedOut,
        NetError::Dns(DnsError::NoRecordsFound(none)) => match none.response_code {
            code @ (ResponseCode::NoError | ResponseCode::NXDomain) => Lookup::Nothing {
                is_name: code == ResponseCode::NoError,
                zone: none.soa.map(|soa| Name::from_wire(&soa.name.to_ascii())),
            },
            code => Lookup::Failed(code.to_string()),
        },
        NetError::Dns(DnsError::ResponseCode(code)) => Lookup::Failed(code.to_string()),
        error => Lookup::Failed(error.to_string()),
    }
}
