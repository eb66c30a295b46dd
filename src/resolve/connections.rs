//! Creates hickory's connections to name servers. hickory's own UDP connections repeat a query up to
//! twice, the first time after 0.33 seconds, which triples the load of a slow server. Ours send each
//! query once; `server` repeats it.

use std::net::{IpAddr, SocketAddr};

use hickory_resolver::config::{ConnectionConfig, ProtocolConfig};
use hickory_resolver::net::NetError;
use hickory_resolver::net::udp::UdpClientStream;
use hickory_resolver::{ConnectionProvider, PoolContext};

use super::sockets::Sockets;

/// Creates connections that send each query once.
#[derive(Clone)]
pub(super) struct Connections(pub(super) Sockets);

impl ConnectionProvider for Connections {
    type Conn = <Sockets as ConnectionProvider>::Conn;
    type FutureConn = <Sockets as ConnectionProvider>::FutureConn;
    type RuntimeProvider = Sockets;

    fn new_connection(
        &self,
        ip: IpAddr,
        config: &ConnectionConfig,
        context: &PoolContext,
    ) -> Result<Self::FutureConn, NetError> {
        if !matches!(config.protocol, ProtocolConfig::Udp) {
            return self.0.new_connection(ip, config, context);
        }
        let stream = UdpClientStream::builder(SocketAddr::new(ip, config.port), self.0.clone())
            .with_timeout(Some(context.options.timeout))
            .with_os_port_selection(context.options.os_port_selection)
            // The number of sockets that a query uses.
            .with_max_retries(1);
        Ok(Box::pin(async move { Ok(stream.exchange()) }))
    }

    fn runtime_provider(&self) -> &Sockets {
        &self.0
    }
}
