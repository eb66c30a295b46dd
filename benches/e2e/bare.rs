//! The floor: a client that connects, sends one prepared ClientHello, reads the first bytes of the
//! answer and resets. Nothing can be learned from a TLS server with less work.

use std::cell::RefCell;
use std::fs;
use std::net::SocketAddr;
use std::rc::Rc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::LocalSet;

use super::{Failed, doing};

/// Maximum number of concurrent connections.
const AT_ONCE: usize = 256;

/// Runs the client process: visits every address of a file, in order.
pub(crate) fn run(targets: &str, hello: &str) -> Result<(), Failed> {
    let targets = fs::read_to_string(targets).map_err(doing("reading the targets"))?;
    let hello: Rc<[u8]> = fs::read(hello).map_err(doing("reading the hello"))?.into();
    let mut addresses: Vec<SocketAddr> = targets
        .lines()
        .filter_map(|line| line.parse().ok())
        .collect();
    addresses.reverse();
    let addresses = Rc::new(RefCell::new(addresses));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(doing("starting the event loop"))?;
    LocalSet::new().block_on(&runtime, async {
        let loops: Vec<_> = (0..AT_ONCE)
            .map(|_| {
                let (addresses, hello) = (addresses.clone(), hello.clone());
                tokio::task::spawn_local(async move {
                    let mut buffer = vec![0; 16 * 1024];
                    loop {
                        let next = addresses.borrow_mut().pop();
                        let Some(address) = next else { return Ok(()) };
                        visit(address, &hello, &mut buffer).await?;
                    }
                })
            })
            .collect();
        for each in loops {
            match each.await {
                Ok(ended) => ended.map_err(doing("visiting a server"))?,
                Err(error) => return Err(Failed::Message(error.to_string())),
            }
        }
        Ok(())
    })
}

async fn visit(address: SocketAddr, hello: &[u8], buffer: &mut [u8]) -> std::io::Result<()> {
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(hello).await?;
    if stream.read(buffer).await? == 0 {
        return Err(std::io::ErrorKind::UnexpectedEof.into());
    }
    stream.set_zero_linger()
}
