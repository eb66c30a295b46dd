//! Conducts the unencrypted dialogue before TLS over a socket.

use std::cell::RefCell;
use std::io::ErrorKind;
use std::time::Duration;

use tokio::net::TcpStream;

use super::clock::within;
use super::connect;
use crate::observation::{Failure, Reason, Said, Stage, Transcript};
use crate::starttls::{Conversation, Names, Protocol, Setback, SetbackKind, Turn, printable_line};

/// A finished dialogue: its transcript, and `Ok` if TLS may begin.
pub(super) struct FinishedDialogue {
    pub(super) transcript: Transcript,
    pub(super) ended: Result<(), Failure>,
}

/// Conducts the dialogue that asks for the upgrade to TLS.
pub(super) async fn upgrade(
    stream: &TcpStream,
    protocol: &'static Protocol,
    names: Names<'_>,
    deadline: Duration,
    buffer: &RefCell<Box<[u8]>>,
) -> FinishedDialogue {
    let mut talk = Talk {
        stream,
        buffer,
        conversation: Conversation::new(protocol, names),
        transcript: Transcript::default(),
    };
    let ended = match within(deadline, talk.run()).await {
        Some(ended) => ended,
        None => Err(talk.broken_off(Reason::Timeout)),
    };
    if ended.is_err() && talk.transcript.heard() {
        // The farewell avoids entries in the server's log. Errors are ignored, as the peer may be gone.
        let _ = stream.try_write(protocol.farewell);
    }
    FinishedDialogue {
        transcript: talk.transcript,
        ended,
    }
}

/// Corrects the stage of a handshake failure right after an upgrade. Bytes that are not TLS count as a
/// failure of the dialogue, because the server has just agreed to start TLS.
pub(super) fn after_go_ahead(failure: Failure) -> Failure {
    match (failure.stage, failure.reason) {
        (Stage::Handshake, Reason::NotTls) => Failure {
            stage: Stage::Starttls,
            ..failure
        },
        _ => failure,
    }
}

struct Talk<'a> {
    stream: &'a TcpStream,
    buffer: &'a RefCell<Box<[u8]>>,
    conversation: Conversation<'a>,
    transcript: Transcript,
}

impl Talk<'_> {
    async fn run(&mut self) -> Result<(), Failure> {
        let opening = self.conversation.opening();
        self.say(&opening).await?;
        let mut turn = Turn::Listen;
        loop {
            turn = match turn {
                Turn::Listen => self.listen().await?,
                Turn::Say(bytes) => {
                    self.say(&bytes).await?;
                    self.conversation.receive(&[])
                }
                Turn::Upgrade { last, injected } => {
                    self.transcript.inject(&injected);
                    return self.say(&last).await;
                }
                Turn::Fail(setback) => return Err(failure(setback)),
            };
        }
    }

    async fn say(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.transcript.add(Said::Client, bytes);
        connect::write(Stage::Starttls, self.stream, bytes).await
    }

    async fn listen(&mut self) -> Result<Turn, Failure> {
        loop {
            self.stream
                .readable()
                .await
                .map_err(|error| ended(&error))?;
            let mut buffer = self.buffer.borrow_mut();
            match self.stream.try_read(&mut buffer) {
                Ok(0) => return Err(self.broken_off(Reason::Eof)),
                Ok(count) => {
                    self.transcript.add(Said::Server, &buffer[..count]);
                    return Ok(self.conversation.receive(&buffer[..count]));
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return Err(ended(&error)),
            }
        }
    }

    /// Returns the failure if nothing more will come. What was received may still identify the problem.
    fn broken_off(&self, reason: Reason) -> Failure {
        match self.conversation.broken_off() {
            Some(setback) => failure(setback),
            None => {
                let unread = printable_line(self.conversation.unread());
                Failure::new(Stage::Starttls, reason, unread)
            }
        }
    }
}

fn failure(setback: Setback) -> Failure {
    let reason = match setback.kind {
        SetbackKind::NotOffered => Reason::UpgradeNotOffered,
        SetbackKind::Refused => Reason::UpgradeRefused,
        SetbackKind::TurnedAway => Reason::TurnedAway,
        SetbackKind::Temporary => Reason::Temporary,
        SetbackKind::OtherProtocol => Reason::OtherProtocol,
        SetbackKind::ImplicitTls => Reason::ImplicitTls,
        SetbackKind::TooLarge => Reason::TooLarge,
    };
    Failure::new(Stage::Starttls, reason, setback.reply)
}

fn ended(error: &std::io::Error) -> Failure {
    connect::failure(Stage::Starttls, error)
}
