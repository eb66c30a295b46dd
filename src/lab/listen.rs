//! Accepts connections, limited in number and duration. Each runs in its own task, which ends with
//! the listener's.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;

use super::conduct::Conduct;

/// Any free port of 127.0.0.1. A lab listens on no other address.
pub(super) const ANY_PORT: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// Maximum duration of a connection: several times any client's timeout.
const LONGEST_VISIT: Duration = Duration::from_secs(30);
/// Pause after a failed accept, which means that this machine is out of file descriptors. Without
/// it the loop would use a whole core.
const OUT_OF_DESCRIPTORS: Duration = Duration::from_millis(50);

/// Serves every connection by `conduct` until the task is aborted. At most as many run at once as
/// `slots` allows; the others wait in the listener's queue.
pub(super) async fn listen(listener: TcpListener, conduct: Arc<Conduct>, slots: Arc<Semaphore>) {
    let mut visits = JoinSet::new();
    loop {
        tokio::select! {
            Some(_) = visits.join_next() => {}
            accepted = accept(&listener, &slots) => match accepted {
                Some((stream, slot)) => {
                    visits.spawn(visit(stream, conduct.clone(), slot));
                }
                None => tokio::time::sleep(OUT_OF_DESCRIPTORS).await,
            },
        }
    }
}

async fn accept(
    listener: &TcpListener,
    slots: &Arc<Semaphore>,
) -> Option<(TcpStream, OwnedSemaphorePermit)> {
    let slot = slots.clone().acquire_owned().await.ok()?;
    let (stream, _) = listener.accept().await.ok()?;
    Some((stream, slot))
}

async fn visit(mut stream: TcpStream, conduct: Arc<Conduct>, slot: OwnedSemaphorePermit) {
    // Answers are written in one piece, so waiting to merge them with more data would only cost
    // time.
    let _ = stream.set_nodelay(true);
    // How a connection ends does not matter to the lab.
    let _ = tokio::time::timeout(LONGEST_VISIT, conduct.serve(&mut stream)).await;
    drop(slot);
}
