//! Whole handshakes in memory: the probe's own configuration against a rustls server.

use std::sync::Arc;

use criterion::Criterion;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::ServerName;
use rustls::version::{TLS12, TLS13};
use rustls::{
    ClientConfig, ClientConnection, ServerConfig, ServerConnection, SupportedProtocolVersion,
};

use super::material::{Authorities, Kind, name};

pub(crate) fn bench(c: &mut Criterion) {
    let mut group = c.benchmark_group("handshake");
    for (kind_name, kind) in Kind::ALL {
        let authorities = Authorities::new(kind);
        for (version_name, version) in [("tls13", &TLS13), ("tls12", &TLS12)] {
            let server = server(&authorities, version);
            let client = Arc::new(tlsweep::probe::client_configuration());
            group.bench_function(format!("{version_name}_{kind_name}"), |b| {
                b.iter(|| shake(&client, &server));
            });
        }
    }
}

/// Returns the first flight of a TLS 1.2 server, as bytes.
pub(crate) fn clear_flight(authorities: &Authorities) -> Vec<u8> {
    let server = server(authorities, &TLS12);
    let client = Arc::new(tlsweep::probe::client_configuration());
    let (mut client, mut server) = connections(&client, &server);
    let mut wire = Vec::new();
    client
        .write_tls(&mut wire)
        .expect("memory takes everything");
    take(&mut server, &wire);
    let mut flight = Vec::new();
    while server.wants_write() {
        server
            .write_tls(&mut flight)
            .expect("memory takes everything");
    }
    flight
}

fn server(
    authorities: &Authorities,
    version: &'static SupportedProtocolVersion,
) -> Arc<ServerConfig> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[version])
        .expect("the provider has suites for it")
        .with_no_client_auth()
        .with_single_cert(authorities.chain(0), authorities.key())
        .expect("the key is the leaf's");
    // Tickets are disabled: they are work of the server, and would be half of the measured time.
    config.send_tls13_tickets = 0;
    Arc::new(config)
}

fn connections(
    client: &Arc<ClientConfig>,
    server: &Arc<ServerConfig>,
) -> (ClientConnection, ServerConnection) {
    let name = ServerName::try_from(name(0)).expect("it is a name");
    let client = ClientConnection::new(client.clone(), name).expect("the name can be asked for");
    let server = ServerConnection::new(server.clone()).expect("the configuration is complete");
    (client, server)
}

fn shake(client: &Arc<ClientConfig>, server: &Arc<ServerConfig>) {
    let (mut client, mut server) = connections(client, server);
    let mut wire = Vec::new();
    while client.is_handshaking() || server.is_handshaking() {
        while client.wants_write() {
            client
                .write_tls(&mut wire)
                .expect("memory takes everything");
        }
        take(&mut server, &wire);
        wire.clear();
        while server.wants_write() {
            server
                .write_tls(&mut wire)
                .expect("memory takes everything");
        }
        take(&mut client, &wire);
        wire.clear();
    }
}

fn take<D>(
    side: &mut impl std::ops::DerefMut<Target = rustls::ConnectionCommon<D>>,
    mut wire: &[u8],
) where
    D: rustls::SideData,
{
    while !wire.is_empty() {
        side.read_tls(&mut wire).expect("memory gives everything");
        side.process_new_packets().expect("the handshake succeeds");
    }
}
