//! What the endpoint's own name resolves to. Its names are public, with private addresses behind them.
//! <https://docs.aws.amazon.com/vpc/latest/privatelink/privatelink-access-aws-services.html#interface-endpoint-dns-hostnames>

use std::net::{IpAddr, SocketAddr};

use checks::facts::{Read, Unread};
use dns::{Dns, Lookup};
use planner::log::chain;
use planner::name::Name;

/// Asks a DNS server, or those of the system, for the addresses of a name, of both families; none when there is no
/// such name.
///
/// # Errors
/// [`Unread`] when no usable answer came.
pub(super) async fn resolve(name: &Name, server: Option<SocketAddr>) -> Read<Vec<IpAddr>> {
    let failed =
        |why: &str| Unread { action: "dns", is_denied: false, message: format!("DNS for {name} failed: {why}") };
    let found = Dns::new(server).map_err(|error| failed(&chain(&error)))?.addresses(name).await;
    for lookup in [&found.v4, &found.v6] {
        match lookup {
            Lookup::Failed(why) => return Err(failed(why)),
            Lookup::TimedOut => return Err(failed("no answer in time")),
            Lookup::Addresses(_) | Lookup::Nothing { .. } => {}
        }
    }
    Ok(found.all())
}
