//! Compresses lines to zstd frames and decompresses them. A frame contains whole lines.

use std::io::{self, BufRead, Cursor, ErrorKind, Read};

use zstd::bulk::Compressor;
use zstd::stream::read::Decoder;

use super::Damage;

/// Size in bytes of uncompressed lines at which a frame is written. Smaller frames compress worse:
/// certificates of the same issuers recur within a few hundred rows.
pub(super) const FULL: usize = 1024 * 1024;

/// Maximum uncompressed size of a frame in bytes: a full frame and one more visit, with a large margin for
/// everything that a server can make us keep.
pub(super) const MAX_FRAME: u64 = 16 * 1024 * 1024;

/// The first bytes of a frame (RFC 8878, 3.1.1).
const MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// Bit of the next byte that is set if the frame has a checksum (RFC 8878, 3.1.1).
const CHECKSUM: u8 = 1 << 2;

/// Maximum zstd window. It never exceeds the size of a frame; a file that needs more was not written by
/// this program.
const WINDOW_LOG: u32 = 24;

/// zstd's fastest level. The data that does not repeat is keys and signatures. Higher levels find chance
/// repetitions in them, which costs time and makes the file 6 to 9 % larger (levels 3 and 9, leaves
/// with RSA and ECDSA; docs/PERFORMANCE.md).
const LEVEL: i32 = 1;

/// Compresses frames.
pub(super) struct Packer(Compressor<'static>);

impl Packer {
    pub(super) fn new() -> io::Result<Self> {
        let mut compressor = Compressor::new(LEVEL)?;
        compressor.include_checksum(true)?;
        Ok(Self(compressor))
    }

    /// Returns a frame with these lines.
    pub(super) fn pack(&mut self, lines: &[u8]) -> io::Result<Vec<u8>> {
        if lines.len() as u64 > MAX_FRAME {
            let text = "a visit is too large to save";
            return Err(io::Error::new(io::ErrorKind::InvalidData, text));
        }
        self.0.compress(lines)
    }
}

/// Decompresses frames one after the other and returns their lines.
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

    /// Returns the next line, or `None` if no complete frame is left.
    pub(super) fn next(&mut self) -> Result<Option<&[u8]>, Damage> {
        while self.given == self.lines.len() {
            if !self.open()? {
                return Ok(None);
            }
        }
        let rest = &self.lines[self.given..];
        let end = rest.iter().position(|byte| *byte == b'\n');
        let line = &rest[..end.unwrap_or(rest.len())];
        // The last line may lack its line feed.
        self.given += line.len() + usize::from(end.is_some());
        Ok(Some(line))
    }

    /// Decompresses the next frame. Returns false if no complete frame is left.
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
            // The frame is truncated, so its checksum was not verified.
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => {
                self.lines.clear();
                Ok(false)
            }
            Err(error) => Err(Damage::Frame(error)),
            Ok(_) if self.lines.len() as u64 > MAX_FRAME => Err(Damage::FrameTooLarge(MAX_FRAME)),
            Ok(_) => Ok(true),
        }
    }

    /// Reads the first bytes of the next frame and checks that it has a checksum. Returns `None` if the
    /// file ends before that.
    fn start(&mut self) -> Result<Option<[u8; 5]>, Damage> {
        let mut start = [0; 5];
        match self.source.read_exact(&mut start) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(None),
            Err(error) => return Err(Damage::Frame(error)),
        }
        let [magic @ .., descriptor] = start;
        if magic != MAGIC {
            let text = "not a zstd frame";
            return Err(Damage::Frame(io::Error::new(ErrorKind::InvalidData, text)));
        }
        match descriptor & CHECKSUM {
            0 => Err(Damage::NoChecksum),
            _ => Ok(Some(start)),
        }
    }
}
