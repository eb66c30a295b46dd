//! One guarded GET: plain HTTP on a connection of our own to an address that was checked, so that
//! no second look at DNS can lead elsewhere. No redirects, cookies, proxies or compression.
//! Whom to ask, and when, is decided elsewhere.

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

/// What the server's log says of us.
const AGENT: &str = concat!("tlsweep/", env!("CARGO_PKG_VERSION"));

/// The most of an answer's head that is read.
const MAX_HEAD: usize = 16 * 1024;
const MAX_HEADERS: usize = 100;

/// How long a fetch may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// The TCP handshake.
    pub connect: Duration,
    /// All of it.
    pub total: Duration,
}

/// Asks this address, which `url` names or resolves to, for the URL: at most `cap` bytes.
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
    // Whatever ends the connection, the exchange hears of it.
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
    // What a length announces need not be read to be refused.
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
