//! Sends one guarded GET request: plain HTTP on a new connection to an address that has been
//! checked, so that a second DNS lookup cannot lead elsewhere. There are no redirects, cookies,
//! proxies or compression. The URLs and times are chosen elsewhere. hyper is used directly, because a
//! client above it would look up the name again and follow redirects.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use http_body_util::{BodyExt, Empty, LengthLimitError, Limited};
use hyper::body::{Body, Bytes};
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{CONNECTION, HOST, USER_AGENT};
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::{FetchFailure, Guard, HttpAddress};

/// Value of the User-Agent header.
const AGENT: &str = concat!("tlsweep/", env!("CARGO_PKG_VERSION"));

/// Maximum size of a response head in bytes.
const MAX_HEAD: usize = 16 * 1024;
const MAX_HEADERS: usize = 100;

/// Timeouts of a fetch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// Timeout of the TCP handshake.
    pub connect: Duration,
    /// Timeout of the whole fetch.
    pub total: Duration,
}

/// Fetches the URL from this address, which the URL names or resolves to. Returns at most `cap`
/// bytes.
///
/// # Errors
///
/// Returns an error if the guard rejects the address, or if the response is not a complete 200 in
/// time and within `cap`.
pub async fn get(
    url: &HttpAddress,
    address: IpAddr,
    guard: Guard,
    patience: Patience,
    cap: usize,
) -> Result<Vec<u8>, FetchFailure> {
    guard.check(address, url.port())?;
    let exchange = async {
        let stream = connect(SocketAddr::new(address, url.port()), patience.connect).await?;
        ask(stream, url, cap).await
    };
    match timeout(patience.total, exchange).await {
        Ok(answer) => answer,
        Err(_) => Err(FetchFailure::Timeout(patience.total)),
    }
}

async fn connect(address: SocketAddr, patience: Duration) -> Result<TcpStream, FetchFailure> {
    match timeout(patience, TcpStream::connect(address)).await {
        Ok(Ok(stream)) => Ok(stream),
        Ok(Err(error)) => Err(FetchFailure::Connect(error.to_string())),
        Err(_) => Err(FetchFailure::Timeout(patience)),
    }
}

async fn ask(stream: TcpStream, url: &HttpAddress, cap: usize) -> Result<Vec<u8>, FetchFailure> {
    let handshake = http1::Builder::new()
        .max_buf_size(MAX_HEAD)
        .max_headers(MAX_HEADERS)
        .handshake(TokioIo::new(stream));
    let (sender, connection) = handshake.await.map_err(|error| broken(&error))?;
    // When the connection ends, `exchange` reports it, so this future never completes.
    let driven = async {
        let _ = connection.await;
        std::future::pending::<Infallible>().await
    };
    tokio::select! {
        answer = exchange(sender, url, cap) => answer,
        never = driven => match never {},
    }
}

async fn exchange(
    mut sender: SendRequest<Empty<Bytes>>,
    url: &HttpAddress,
    cap: usize,
) -> Result<Vec<u8>, FetchFailure> {
    let request = Request::get(url.path())
        .header(HOST, url.authority())
        .header(USER_AGENT, AGENT)
        .header(CONNECTION, "close")
        .body(Empty::new())
        .map_err(|error| FetchFailure::Malformed(error.to_string()))?;
    let answer = sender.send_request(request).await;
    body(answer.map_err(|error| broken(&error))?, cap).await
}

async fn body<B>(answer: Response<B>, cap: usize) -> Result<Vec<u8>, FetchFailure>
where
    B: Body<Data = Bytes>,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    match answer.status() {
        StatusCode::OK => {}
        status if status.is_redirection() => return Err(FetchFailure::Redirect(status.as_u16())),
        status => return Err(FetchFailure::Status(status.as_u16())),
    }
    let body = answer.into_body();
    // A response that announces too much is rejected without reading it.
    if body.size_hint().lower() > cap as u64 {
        return Err(FetchFailure::TooLarge(cap));
    }
    match Limited::new(body, cap).collect().await {
        Ok(whole) => Ok(whole.to_bytes().to_vec()),
        Err(error) if error.is::<LengthLimitError>() => Err(FetchFailure::TooLarge(cap)),
        Err(error) => Err(FetchFailure::Broken(error.to_string())),
    }
}

fn broken(error: &hyper::Error) -> FetchFailure {
    FetchFailure::Broken(error.to_string())
}
