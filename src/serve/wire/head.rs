//! Heads of requests: read line by line as they arrive, judged as a whole at the empty line.

use super::field::{self, Kind};
use super::line::{Bound, Lines, blame};
use super::target::{self, Form};
use super::{Limits, REFUSE, Violation, class};

/// Room in a request line for what is not its target.
const METHOD_MAX_BYTES: usize = 32;
const VERSION_BYTES: usize = " HTTP/1.1 \r\n".len();
/// Tunnels, echoes (TRACK is TRACE of another maker), and the word that begins HTTP/2.
const METHODS_REFUSED: [&[u8]; 4] = [b"CONNECT", b"TRACE", b"TRACK", b"PRI"];
/// What HTTP itself is called in `Upgrade`.
const HTTP_NAMES: [&[u8]; 3] = [b"h2c", b"h2", b"http"];

/// A head, as far as it has come.
#[derive(Debug, Default)]
pub(super) struct Head {
    lines: Lines,
    request: Option<Request>,
    fields: usize,
    facts: Facts,
}

#[derive(Debug, Clone, Copy)]
struct Request {
    version: Version,
    form: Form,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Version {
    Http10,
    Http11,
}

/// What the fields have said so far; each field that decides something says it once.
#[derive(Debug, Default)]
pub(super) struct Facts {
    has_host: bool,
    has_type: bool,
    has_expectation: bool,
    length: Option<u64>,
    is_chunked: bool,
    wants_upgrade: bool,
    wants_close: bool,
    wants_more: bool,
}

/// A head that may be handed on, and what follows it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Whole {
    pub(super) bytes: usize,
    pub(super) body: Body,
    pub(super) after: After,
}

/// Where the body ends: RFC 9112, 6.3.
#[derive(Debug, Clone, Copy)]
pub(super) enum Body {
    Length(u64),
    Chunked,
}

/// What may follow a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::serve) enum After {
    /// Another request.
    Next,
    /// Bytes of another protocol, if the answer says so; nothing otherwise.
    Upgrade,
    /// Nothing: RFC 9112, 9.3 and 9.6.
    Nothing,
}

impl Head {
    /// Reads on; nothing if the head is not complete yet. `held` begins where the head does.
    pub(super) fn advance(&mut self, held: &[u8], limits: &Limits) -> Result<Option<Whole>, Violation> {
        loop {
            let Some(request) = self.request else {
                let Some(line) = self.first_line(held, limits)? else { return Ok(None) };
                if !line.is_empty() {
                    self.request = Some(request_line(line, limits).map_err(|violation| blame(line, violation))?);
                }
                continue;
            };
            let bound = Bound { max_bytes: limits.head_max_bytes, violation: Violation::HeadTooLarge };
            let Some(line) = self.lines.next(held, bound)? else { return Ok(None) };
            if line.is_empty() {
                let whole = held.get(..self.lines.start).unwrap_or_default();
                return self.facts.conclude(request, whole).map(Some);
            }
            self.field(line, limits).map_err(|violation| blame(line, violation))?;
        }
    }

    /// The request line, or the one empty line that RFC 9112, 2.2 asks a server to bear before it, since old clients
    /// send one behind a body. It belongs to no message, so nobody can disagree about it.
    fn first_line<'a>(&mut self, held: &'a [u8], limits: &Limits) -> Result<Option<&'a [u8]>, Violation> {
        let start = self.lines.start;
        // The first byte tells other protocols, which may never send a line end.
        match held.get(start) {
            Some(b'\r') if start == 0 => {}
            Some(byte) if !byte.is_ascii_uppercase() => return Err(Violation::MethodInvalid),
            _ => {}
        }
        let max_bytes = start + METHOD_MAX_BYTES + limits.target_max_bytes + VERSION_BYTES;
        self.lines.next(held, Bound { max_bytes, violation: Violation::TargetTooLong })
    }

    fn field(&mut self, line: &[u8], limits: &Limits) -> Result<(), Violation> {
        self.fields += 1;
        if self.fields > limits.fields_max {
            return Err(Violation::TooManyFields);
        }
        let (name, value) = field::split(line)?;
        self.facts.take(Kind::of(name), value)
    }
}

/// RFC 9112, 3: one space, and nothing else, between the three parts.
fn request_line(line: &[u8], limits: &Limits) -> Result<Request, Violation> {
    let mut parts = line.split(|&byte| byte == b' ');
    let (Some(method), Some(target), Some(version), None) = (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(Violation::RequestLineInvalid);
    };
    check_method(method)?;
    let version = match version {
        b"HTTP/1.1" => Version::Http11,
        b"HTTP/1.0" => Version::Http10,
        [b'H', b'T', b'T', b'P', b'/', b'0'..=b'9', b'.', b'0'..=b'9'] => return Err(Violation::VersionUnsupported),
        _ => return Err(Violation::VersionInvalid),
    };
    if target.len() > limits.target_max_bytes {
        return Err(Violation::TargetTooLong);
    }
    let form = target::form(target)?;
    if form == Form::Asterisk && method != b"OPTIONS" {
        return Err(Violation::TargetFormInvalid);
    }
    Ok(Request { version, form })
}

/// Methods differ by case (RFC 9110, 9.1), but some back ends read `post` as POST; all registered ones are capitals.
pub(super) fn check_method(method: &[u8]) -> Result<(), Violation> {
    if !class::all(method, class::METHOD) || method.len() > METHOD_MAX_BYTES || method == REFUSE.as_bytes() {
        return Err(Violation::MethodInvalid);
    }
    if METHODS_REFUSED.contains(&method) { Err(Violation::MethodRefused) } else { Ok(()) }
}

/// Goes on if the condition holds.
macro_rules! require {
    ($holds:expr, $violation:ident) => {
        if !$holds {
            return Err(Violation::$violation);
        }
    };
}

impl Facts {
    /// What a field says, in whatever version of HTTP.
    pub(super) fn take(&mut self, kind: Kind, value: &[u8]) -> Result<(), Violation> {
        match kind {
            Kind::Host => {
                once(&mut self.has_host)?;
                require!(target::is_authority(value), HostInvalid);
            }
            Kind::ContentLength => {
                let length = content_length(value).ok_or(Violation::ContentLengthInvalid)?;
                require!(self.length.replace(length).is_none(), FieldRepeated);
            }
            Kind::TransferEncoding => {
                once(&mut self.is_chunked)?;
                transfer_encoding(value)?;
            }
            Kind::Connection => list(value).try_for_each(|option| self.connection(option))?,
            Kind::Expect => {
                once(&mut self.has_expectation)?;
                require!(value.eq_ignore_ascii_case(b"100-continue"), ExpectationUnknown);
            }
            Kind::Upgrade => {
                once(&mut self.wants_upgrade)?;
                list(value).try_for_each(upgrade)?;
            }
            Kind::Http2Settings => return Err(Violation::UpgradeRefused),
            Kind::ContentType => {
                once(&mut self.has_type)?;
                require!(value.is_ascii(), FieldValueInvalid);
            }
            Kind::HopByHop | Kind::EndToEnd | Kind::Other => {}
        }
        Ok(())
    }

    fn connection(&mut self, option: &[u8]) -> Result<(), Violation> {
        require!(field::is_token(option), FieldValueInvalid);
        require!(Kind::of(option).may_end_here(), ConnectionOptionRefused);
        self.wants_close |= option.eq_ignore_ascii_case(b"close");
        self.wants_more |= option.eq_ignore_ascii_case(b"keep-alive");
        Ok(())
    }

    /// The rules that need the whole head.
    fn conclude(&self, request: Request, head: &[u8]) -> Result<Whole, Violation> {
        let is_old = request.version == Version::Http10;
        // RFC 9112, 6.1: a sender must not do either, and this is where readers differ most.
        require!(!(self.is_chunked && is_old), TransferEncodingTooOld);
        require!(!(self.is_chunked && self.length.is_some()), TransferEncodingWithLength);
        // RFC 9112, 3.2. HTTP/1.0 has no Host yet, and load balancers ask for health that way.
        require!(self.has_host || is_old, HostMissing);
        require!(request.form != Form::Absolute || agrees_with_host(head), HostDiffers);
        let length = self.length.unwrap_or(0);
        require!(!self.wants_upgrade || (length == 0 && !self.is_chunked), UpgradeWithBody);
        let body = if self.is_chunked { Body::Chunked } else { Body::Length(length) };
        let after = match request.version {
            Version::Http11 if self.wants_upgrade => After::Upgrade,
            _ if self.wants_close => After::Nothing,
            Version::Http10 if !self.wants_more => After::Nothing,
            _ => After::Next,
        };
        Ok(Whole { bytes: head.len(), body, after })
    }
}

/// RFC 9112, 3.2.2 lets the target win; back ends that ask Host would route by the other.
///
/// Such targets are rare, so the head is read again for them, and nothing is kept for all others.
fn agrees_with_host(head: &[u8]) -> bool {
    let mut lines = head.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty());
    let target = lines.next().and_then(|line| line.split(|&byte| byte == b' ').nth(1));
    let host = lines.find_map(|line| {
        let (name, value) = field::split(line).ok()?;
        (Kind::of(name) == Kind::Host).then_some(value)
    });
    matches!((target.and_then(target::authority), host), (Some(one), Some(other)) if one.eq_ignore_ascii_case(other))
}

fn once(seen: &mut bool) -> Result<(), Violation> {
    if std::mem::replace(seen, true) { Err(Violation::FieldRepeated) } else { Ok(()) }
}

/// Members of a list; empty ones are skipped: RFC 9110, 5.6.1.
fn list(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value.split(|&byte| byte == b',').map(<[u8]>::trim_ascii).filter(|member| !member.is_empty())
}

/// RFC 9110, 8.6, without zeros in front, which some read as octal, and small enough for every signed counter.
fn content_length(value: &[u8]) -> Option<u64> {
    let plain = value == b"0" || value.first().is_some_and(|&digit| digit != b'0');
    let digits = value.iter().all(u8::is_ascii_digit);
    let length = str::from_utf8(value).ok().filter(|_| plain && digits)?.parse::<i64>().ok()?;
    u64::try_from(length).ok()
}

/// RFC 9112, 6.1 and 6.3: chunked is last or the length is unknown; what comes before it we do not undo.
fn transfer_encoding(value: &[u8]) -> Result<(), Violation> {
    let is_chunked = |coding: &[u8]| coding.eq_ignore_ascii_case(b"chunked");
    if is_chunked(value) {
        return Ok(());
    }
    let mut codings = value.split(|&byte| byte == b',').map(<[u8]>::trim_ascii).rev();
    let is_last = codings.next().is_some_and(is_chunked);
    let are_others = codings.all(|coding| field::is_token(coding) && !is_chunked(coding));
    Err(if is_last && are_others { Violation::TransferCodingUnknown } else { Violation::TransferEncodingInvalid })
}

/// RFC 9110, 7.8. RFC 9113, 3.1 has taken `h2c` back, and a tunnel of HTTP would carry requests past this module.
fn upgrade(protocol: &[u8]) -> Result<(), Violation> {
    let mut parts = protocol.split(|&byte| byte == b'/');
    let name = parts.next().unwrap_or_default();
    require!(field::is_token(name) && parts.all(field::is_token), FieldValueInvalid);
    require!(!HTTP_NAMES.iter().any(|http| name.eq_ignore_ascii_case(http)), UpgradeRefused);
    Ok(())
}
