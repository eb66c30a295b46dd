//! zstd frames of whole lines: how they are closed, and how they are opened again.

use std::io::{self, BufRead, Cursor, ErrorKind, Read};

use zstd::bulk::Compressor;
use zstd::stream::read::Decoder;

use super::Damage;

/// A frame is closed when it holds so much. Smaller ones would pack worse: certificates of the same
/// issuers repeat themselves within some hundred rows.
pub(super) const FULL: usize = 1024 * 1024;

/// The most that a frame may hold: a full one, and one more visit with every byte that a server
/// can make us keep, many times over.
pub(super) const MAX_FRAME: u64 = 16 * 1024 * 1024;

/// How a frame begins, and where the byte after that says whether it has a checksum (RFC 8878,
/// 3.1.1).
const MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
const CHECKSUM: u8 = 1 << 2;

/// zstd's window never exceeds what a frame holds; a file that asks for more is not ours.
const WINDOW_LOG: u32 = 24;

/// zstd's fastest: what does not repeat is keys and signatures, and higher levels look for chance
/// repetitions in them, which costs time and makes the file 6 to 9 % larger (levels 3 and 9, leaves
/// of RSA and ECDSA; docs/PERFORMANCE.md).
const LEVEL: i32 = 1;

/// Closes frames.
pub(super) struct Packer(Compressor<'static>);

impl Packer {
    pub(super) fn new() -> io::Result<Self> {
        let mut compressor = Compressor::new(LEVEL)?;
        compressor.include_checksum(true)?;
        Ok(Self(compressor))
    }

    /// The frame of these lines.
    pub(super) fn pack(&mut self, lines: &[u8]) -> io::Result<Vec<u8>> {
        if lines.len() as u64 > MAX_FRAME {
            let words = "a visit is too large to be saved";
            return Err(io::Error::new(io::ErrorKind::InvalidData, words));
        }
        self.0.compress(lines)
    }
}

/// Opens frames one after the other and hands out their lines.
pub(super) struct Frames<R> {
    source: R,
    lines: Vec<u8>,
    given: usize,
}

impl<R: BufRead> Frames<R> {
    pub(super) fn new(source: R) -> Self {
        Self {
            source,
            lines: Vec::new(),
            given: 0,
        }
    }

    pub(super) fn into_source(self) -> R {
        self.source
    }

    /// The next line; `None` when no whole frame is left.
    pub(super) fn next(&mut self) -> Result<Option<&[u8]>, Damage> {
        while self.given == self.lines.len() {
            if !self.open()? {
                return Ok(None);
            }
        }
        let rest = &self.lines[self.given..];
        let end = rest.iter().position(|byte| *byte == b'\n');
        let line = &rest[..end.unwrap_or(rest.len())];
        // At most what is left: the line, and its line feed where it has one.
        self.given += line.len() + usize::from(end.is_some());
        Ok(Some(line))
    }

    /// Whether there was another whole frame.
    fn open(&mut self) -> Result<bool, Damage> {
        self.lines.clear();
        self.given = 0;
        let Some(start) = self.start()? else {
            return Ok(false);
        };
        let frame = Cursor::new(start).chain(&mut self.source);
        let mut decoder = Decoder::with_buffer(frame).map_err(Damage::Frame)?;
        decoder.window_log_max(WINDOW_LOG).map_err(Damage::Frame)?;
        let mut bounded = decoder.single_frame().take(MAX_FRAME + 1);
        match bounded.read_to_end(&mut self.lines) {
            // The rest of the frame never came: nothing of it has been checked.
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => {
                self.lines.clear();
                Ok(false)
            }
            Err(error) => Err(Damage::Frame(error)),
            Ok(_) if self.lines.len() as u64 > MAX_FRAME => Err(Damage::FrameTooLarge(MAX_FRAME)),
            Ok(_) => Ok(true),
        }
    }

    /// The first bytes of the next frame, which say whether it can be checked; `None` when it does
    /// not come that far.
    fn start(&mut self) -> Result<Option<[u8; 5]>, Damage> {
        let mut start = [0; 5];
        match self.source.read_exact(&mut start) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(None),
            Err(error) => return Err(Damage::Frame(error)),
        }
        let [magic @ .., descriptor] = start;
        if magic != MAGIC {
            let words = "it is no zstd frame";
            return Err(Damage::Frame(io::Error::new(ErrorKind::InvalidData, words)));
        }
        match descriptor & CHECKSUM {
            0 => Err(Damage::NoChecksum),
            _ => Ok(Some(start)),
        }
    }
}
