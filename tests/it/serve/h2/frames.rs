//! HTTP/2 in raw frames, as no library would send it: RFC 9113, and RFC 7541 without compression.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};

use crate::serve::PATIENCE;

pub(super) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
pub(super) const DATA: u8 = 0;
pub(super) const HEADERS: u8 = 1;
pub(super) const PRIORITY: u8 = 2;
pub(super) const RST_STREAM: u8 = 3;
pub(super) const SETTINGS: u8 = 4;
pub(super) const PUSH_PROMISE: u8 = 5;
pub(super) const PING: u8 = 6;
pub(super) const GOAWAY: u8 = 7;
pub(super) const WINDOW_UPDATE: u8 = 8;
pub(super) const CONTINUATION: u8 = 9;
pub(super) const END_STREAM: u8 = 1;
pub(super) const ACK: u8 = 1;
pub(super) const END_HEADERS: u8 = 4;
pub(super) const PADDED: u8 = 8;
pub(super) const WITH_PRIORITY: u8 = 32;

pub(super) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// A field, literal and never indexed.
pub(super) fn field(name: &str, value: &str) -> Vec<u8> {
    [&[0x10], &*string(name), &*string(value)].concat()
}

pub(super) fn block(fields: &[(&str, &str)]) -> Vec<u8> {
    fields.iter().flat_map(|(name, value)| field(name, value)).collect()
}

/// A string that is not packed: RFC 7541, 5.1 and 5.2.
fn string(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    match text.len() {
        length @ 0..127 => bytes.push(u8::try_from(length).unwrap()),
        length => {
            bytes.push(127);
            let mut rest = length - 127;
            while rest >= 128 {
                bytes.push(u8::try_from(rest % 128).unwrap() | 128);
                rest /= 128;
            }
            bytes.push(u8::try_from(rest).unwrap());
        }
    }
    bytes.extend_from_slice(text.as_bytes());
    bytes
}

/// A head with these fields that ends the stream, in one frame.
pub(super) fn head(stream: u32, fields: &[(&str, &str)]) -> Vec<u8> {
    frame(HEADERS, END_HEADERS | END_STREAM, stream, &block(fields))
}

/// What a server says about the first stream it says anything about, or about all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Told {
    Answer(u16),
    Reset(u32),
    GoAway(u32),
    Closed,
}

pub(super) struct Client(TcpStream);

impl Client {
    /// Opens a connection with the preface, empty settings and these bytes.
    pub(super) fn send(to: SocketAddr, frames: &[u8]) -> Self {
        Self::send_raw(to, &[PREFACE, &frame(SETTINGS, 0, 0, &[]), frames].concat())
    }

    pub(super) fn send_raw(to: SocketAddr, bytes: &[u8]) -> Self {
        let stream = TcpStream::connect(to).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        let mut client = Self(stream);
        client.more(bytes);
        client
    }

    /// Whether it could still be written.
    pub(super) fn more(&mut self, bytes: &[u8]) -> bool {
        self.0.write_all(bytes).is_ok()
    }

    pub(super) fn told(&mut self) -> Told {
        loop {
            let Some((kind, flags, payload)) = self.frame() else { return Told::Closed };
            match kind {
                HEADERS => return Told::Answer(status(&payload)),
                RST_STREAM => return Told::Reset(number(&payload)),
                GOAWAY if number(&payload[4..]) != 0 => return Told::GoAway(number(&payload[4..])),
                SETTINGS if flags & ACK == 0 => {
                    let _ = self.0.write_all(&frame(SETTINGS, ACK, 0, &[]));
                }
                _ => {}
            }
        }
    }

    /// What it says of the whole connection, whatever it answers before.
    pub(super) fn torn(&mut self) -> Told {
        loop {
            match self.told() {
                Told::Answer(_) | Told::Reset(_) => {}
                told => return told,
            }
        }
    }

    fn frame(&mut self) -> Option<(u8, u8, Vec<u8>)> {
        let mut start = [0; 9];
        match self.0.read_exact(&mut start) {
            Ok(()) => {}
            Err(error) => {
                assert_ne!(error.kind(), std::io::ErrorKind::WouldBlock, "the server says nothing");
                return None;
            }
        }
        let length = u32::from_be_bytes([0, start[0], start[1], start[2]]);
        let mut payload = vec![0; length as usize];
        self.0.read_exact(&mut payload).ok()?;
        Some((start[3], start[4], payload))
    }
}

fn number(bytes: &[u8]) -> u32 {
    u32::from_be_bytes(bytes[..4].try_into().unwrap())
}

/// `:status`, which comes first: an index of the static table, or a literal under the eighth, packed or not.
fn status(block: &[u8]) -> u16 {
    let start = block.iter().position(|byte| byte & 0xe0 != 0x20).unwrap();
    match block[start] {
        index @ 0x88..=0x8e => [200, 204, 206, 304, 400, 404, 500][usize::from(index - 0x88)],
        literal => {
            assert!(matches!(literal, 0x48 | 0x08 | 0x18), "no status: {literal:#x}");
            let length = block[start + 1];
            let value = &block[start + 2..][..usize::from(length & 0x7f)];
            let text = if length & 0x80 == 0 { String::from_utf8(value.to_vec()).unwrap() } else { digits(value) };
            text.parse().unwrap()
        }
    }
}

/// The first three digits of a packed string: RFC 7541, appendix B.
fn digits(packed: &[u8]) -> String {
    let bits: Vec<u32> =
        packed.iter().flat_map(|byte| (0..8).rev().map(move |bit| u32::from(byte >> bit & 1))).collect();
    let code = |at: usize, length: usize| bits[at..at + length].iter().fold(0, |code, bit| code << 1 | bit);
    let (mut at, mut text) = (0, String::new());
    while text.len() < 3 {
        let (digit, length) = match code(at, 5) {
            short @ 0..=2 => (short, 5),
            _ => (code(at, 6) - 0b01_1001 + 3, 6),
        };
        text.push(char::from_digit(digit, 10).unwrap());
        at += length;
    }
    text
}
