//! Visits one endpoint and records what was seen. It uses sockets, rustls and the clock. It judges
//! nothing and returns no errors: a refused port leads to an exchange with that failure.
//!
//! One exchange is one connection. `Prober::next_offer` returns the next one, so that the sweep can wait
//! for a permit before each.

mod agreed;
mod broken;
mod capture;
mod clear;
mod clock;
mod close;
mod connect;
mod estimate;
mod groups;
mod key_exchange;
mod model;
mod modern;
mod nudge;
mod proof;
mod read_on;
mod sample;
mod sequence;
mod settings;
mod upgrade;

use std::cell::RefCell;
use std::sync::Arc;
use std::time::Duration;

use crate::inventory::{Endpoint, Start, Target};
use crate::observation::{
    Exchange, Failure, MAX_CHAIN_BYTES, MAX_EXCHANGES, Observation, Offer, Offered, Reason, Stage,
    reduce,
};
use crate::starttls::{EHLO, Names, Protocol};
use tokio::net::TcpStream;

use clear::Clear;
use clock::Stopwatch;
use modern::Modern;
use upgrade::after_go_ahead;

pub use clock::{beat, now, rest};
pub use estimate::{Connections, Estimate};
pub use modern::client_configuration;
pub use sample::HelloSample;
pub use settings::{Approach, Lane, Timeouts};

/// Size in bytes of a socket read: the maximum of a TLS record, 16 KiB and its header.
const READ_BUFFER: usize = 16 * 1024 + 5;

/// Makes exchanges. Each worker thread has its own, so nothing in it is shared.
pub struct Prober {
    timeouts: Timeouts,
    approach: Approach,
    ehlo: Arc<str>,
    modern: Modern,
    clear: Clear,
    // Borrowed only between two awaits, so that waiting connections need no buffer.
    buffer: RefCell<Box<[u8]>>,
}

/// One exchange and the durations of its steps.
struct Timed {
    exchange: Exchange,
    /// The connection, if it has to be ended in order.
    open: Option<TcpStream>,
    connect: Option<Duration>,
    starttls: Option<Duration>,
    handshake: Option<Duration>,
}

impl Prober {
    /// Returns a prober with these deadlines.
    pub fn new(timeouts: Timeouts, approach: Approach) -> Self {
        Self {
            timeouts,
            approach,
            ehlo: EHLO.into(),
            modern: Modern::new(),
            clear: Clear::new(approach.prove_key),
            buffer: RefCell::new(vec![0; READ_BUFFER].into_boxed_slice()),
        }
    }

    /// Sets the name that the prober sends if a protocol asks for the client's name.
    pub fn introduced_as(self, ehlo: Arc<str>) -> Self {
        Self { ehlo, ..self }
    }

    /// Returns the next offer for this endpoint, or `None` if the visit is complete, its time is over,
    /// or its size has reached the limit.
    pub fn next_offer(&self, observation: &Observation) -> Option<Offer> {
        let spent = observation.timing.total.unwrap_or_default();
        let made = observation.exchanges.len();
        let room = made < MAX_EXCHANGES && observation.chain_bytes() < MAX_CHAIN_BYTES;
        let may = made == 0 || room && spent < self.timeouts.total;
        sequence::next_offer(&self.approach, observation).filter(|_| may)
    }

    /// Makes one exchange with this offer and adds it to the observation.
    pub async fn exchange(&self, observation: &mut Observation, offer: Offer) {
        let watch = Stopwatch::start();
        let spent = observation.timing.total.unwrap_or_default();
        let budget = self.timeouts.total.saturating_sub(spent);
        let offered = Offered::of(offer, &observation.exchanges);
        let endpoint = &observation.endpoint;
        let timed = self.within(budget, endpoint, &offered).await;
        let timing = &mut observation.timing;
        timing.connect = timing.connect.or(timed.connect);
        timing.starttls = timed.starttls.or(timing.starttls);
        if offer.speaks() || timing.handshake.is_none() {
            timing.handshake = timed.handshake.or(timing.handshake);
        }
        timing.total = Some(spent + watch.elapsed());
        let mut exchange = timed.exchange;
        reduce(&mut exchange, &observation.exchanges);
        observation.add(exchange);
        if let Some(stream) = timed.open {
            close::close(stream, &self.buffer).await;
        }
    }

    async fn within(&self, budget: Duration, endpoint: &Endpoint, offered: &Offered) -> Timed {
        let offer = offered.offer;
        let Some(address) = endpoint.socket_address() else {
            let failure = Failure::new(Stage::Connect, Reason::NoRoute, "no address to connect to");
            return Timed::failed(offer, failure);
        };
        let watch = Stopwatch::start();
        let deadline = self.timeouts.connect.min(budget);
        let stream = match connect::connect(address, deadline).await {
            Ok(stream) => stream,
            Err(failure) => return Timed::failed(offer, failure),
        };
        let connect = watch.elapsed();
        let left = budget.saturating_sub(connect);
        let mut timed = match dialogue(&endpoint.target, offer) {
            Some(protocol) => {
                self.upgrade(&stream, protocol, endpoint, offered, left)
                    .await
            }
            None => {
                self.shake_hands(&stream, endpoint, offered, b"", left)
                    .await
            }
        };
        timed.connect = Some(connect);
        let complete = !offered.template.hand_made && timed.exchange.failure.is_none();
        timed.open = complete.then_some(stream);
        timed
    }

    /// Conducts the service's dialogue and then TLS.
    async fn upgrade(
        &self,
        stream: &TcpStream,
        protocol: &'static Protocol,
        endpoint: &Endpoint,
        offered: &Offered,
        budget: Duration,
    ) -> Timed {
        let watch = Stopwatch::start();
        let host = endpoint.target.reference().to_string();
        let names = Names {
            host: &host,
            ehlo: &self.ehlo,
        };
        let deadline = self.timeouts.starttls.min(budget);
        let dialogue = upgrade::upgrade(stream, protocol, names, deadline, &self.buffer).await;
        let taken = watch.elapsed();
        let mut timed = match dialogue.ended {
            Err(failure) => Timed::failed(offered.offer, failure),
            Ok(()) => {
                let left = budget.saturating_sub(taken);
                self.shake_hands(stream, endpoint, offered, protocol.farewell, left)
                    .await
            }
        };
        timed.starttls = Some(taken);
        timed.exchange.transcript = Some(dialogue.transcript);
        timed.exchange.failure = timed.exchange.failure.map(after_go_ahead);
        timed
    }

    async fn shake_hands(
        &self,
        stream: &TcpStream,
        endpoint: &Endpoint,
        offered: &Offered,
        farewell: &'static [u8],
        budget: Duration,
    ) -> Timed {
        let watch = Stopwatch::start();
        let (target, buffer) = (&endpoint.target, &self.buffer);
        let deadline = self.timeouts.handshake.min(budget);
        let mut exchange = if offered.template.hand_made {
            self.clear
                .first_flight(offered, stream, target, deadline, buffer)
                .await
        } else {
            self.modern
                .handshake(stream, target, offered, farewell, deadline, buffer)
                .await
        };
        if was_silent(&exchange)
            && target.service.start == Start::Implicit
            && let Some(spoken) = nudge::nudge(stream, buffer).await
        {
            exchange.failure = Some(spoken);
        }
        Timed {
            exchange,
            open: None,
            connect: None,
            starttls: None,
            handshake: Some(watch.elapsed()),
        }
    }
}

/// Returns true if the time was over before the server sent anything.
fn was_silent(exchange: &Exchange) -> bool {
    let failure = exchange.failure.as_ref();
    failure.is_some_and(|failure| failure.stage == Stage::Handshake && failure.is_silence())
}

/// Returns the protocol of the dialogue before TLS, or `None` if this offer has none.
fn dialogue(target: &Target, offer: Offer) -> Option<&'static Protocol> {
    match (target.service.start, offer) {
        (Start::Implicit, _) | (_, Offer::Implicit) => None,
        (Start::StartTls, _) => Protocol::named(target.service.name),
    }
}

impl Timed {
    fn failed(offer: Offer, failure: Failure) -> Self {
        let exchange = Exchange {
            offer,
            transcript: None,
            session: None,
            chain: None,
            chain_cut: false,
            failure: Some(failure),
        };
        Self {
            exchange,
            open: None,
            connect: None,
            starttls: None,
            handshake: None,
        }
    }
}
