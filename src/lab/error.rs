//! Errors of starting a lab.

use std::io;

/// Why a lab could not be started.
#[derive(Debug, thiserror::Error)]
pub enum LabError {
    /// A key or certificate could not be created.
    #[error("cannot create a certificate of the lab")]
    Issue(#[from] rcgen::Error),
    /// A TLS server could not be configured.
    #[error("cannot configure a TLS server of the lab")]
    Configure(#[from] rustls::Error),
    /// A server that requests client certificates could not be configured.
    #[error("cannot configure requests for client certificates")]
    AskClients(#[from] rustls::server::VerifierBuilderError),
    /// A socket on loopback could not be opened.
    #[error("the lab cannot listen on loopback")]
    Listen(#[from] io::Error),
    /// The runtime is shutting down.
    #[error("the lab was interrupted while it was starting")]
    Interrupted(#[from] tokio::task::JoinError),
}
