//! Why a lab could not be set up.

use std::io;

/// Why a lab could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum LabError {
    /// A key or certificate could not be made.
    #[error("a certificate of the lab cannot be made: {0}")]
    Issue(#[from] rcgen::Error),
    /// A TLS server could not be configured.
    #[error("a TLS server of the lab cannot be configured: {0}")]
    Configure(#[from] rustls::Error),
    /// Client certificates could not be asked for.
    #[error("client certificates cannot be asked for: {0}")]
    AskClients(#[from] rustls::server::VerifierBuilderError),
    /// No socket on loopback.
    #[error("the lab cannot listen on loopback: {0}")]
    Listen(#[from] io::Error),
    /// The runtime is going down.
    #[error("the lab was interrupted while it was being set up")]
    Interrupted(#[from] tokio::task::JoinError),
}
