//! DNS: what the endpoint's own name resolves to. Its names are public, with private addresses behind them.
//! <https://docs.aws.amazon.com/vpc/latest/privatelink/privatelink-access-aws-services.html#interface-endpoint-dns-hostnames>

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use checks::facts::{Read, Unread};
use hickory_resolver::TokioResolver;
use hickory_resolver::config::{ConnectionConfig, LookupIpStrategy, NameServerConfig, ResolveHosts, ResolverConfig};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::{DnsError, NetError};
use hickory_resolver::proto::op::ResponseCode;
use planner::log::chain;
use planner::name::Name;
use tokio::time::timeout;

const QUESTION: Duration = Duration::from_secs(4);
const ATTEMPT: Duration = Duration::from_secs(2);

/// Asks one DNS server, or those of the system.
#[derive(Clone, Debug)]
pub(super) struct Dns {
    server: Option<SocketAddr>,
}

impl Dns {
    pub(super) fn new(server: Option<SocketAddr>) -> Dns {
        Dns { server }
    }

    /// The addresses of a name, of both families; empty when there is no such name.
    ///
    /// # Errors
    /// [`Unread`] when no answer came.
    pub(super) async fn addresses(&self, name: &Name) -> Read<Vec<IpAddr>> {
        let failed =
            |why: String| Unread { action: "dns", is_denied: false, message: format!("DNS for {name} failed: {why}") };
        let resolver = self.resolver().map_err(|error| failed(chain(&error)))?;
        // With the final dot, so that no search domain of the system is tried.
        match timeout(QUESTION, resolver.lookup_ip(format!("{name}."))).await {
            Err(_) => Err(failed("no answer in time".to_owned())),
            Ok(Ok(found)) => Ok(found.iter().collect()),
            Ok(Err(NetError::Dns(DnsError::NoRecordsFound(none))))
                if matches!(none.response_code, ResponseCode::NoError | ResponseCode::NXDomain) =>
            {
                Ok(Vec::new())
            }
            Ok(Err(error)) => Err(failed(chain(&error))),
        }
    }

    fn resolver(&self) -> Result<TokioResolver, NetError> {
        let mut builder = match self.server {
            Some(server) => {
                let connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()].map(|mut connection| {
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
        options.use_hosts_file = ResolveHosts::Never;
        options.ip_strategy = LookupIpStrategy::Ipv4AndIpv6;
        builder.build()
    }
}
