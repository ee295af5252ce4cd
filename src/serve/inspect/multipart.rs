//! `multipart/…` bodies, read as they arrive: RFC 7578 and RFC 2046, in the one form that no two readers differ on.
//!
//! Wherever `--boundary` stands in the body it must be a whole delimiter line. So a reader who takes a bare line feed
//! for a line end, or a space for padding, finds no part that was not seen here.

use memchr::memmem::Finder;

use super::content_type::{ContentType, parameters};
use super::{Place, Refused, Text, Visit};

const PARTS_MAX: usize = 1_000;
const PART_HEAD_MAX_BYTES: usize = 8 << 10;
/// Text after the last delimiter would be read by some and not by others; only line ends may stand there.
const EPILOGUE_MAX_BYTES: usize = 4;

/// What becomes of parts that are files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::serve) enum Files {
    /// Their bytes are read too, unless they are pictures, film or sound.
    Read,
    /// Their bytes pass unread, whatever their size.
    Pass,
}

/// A body that is being read.
pub(in crate::serve) struct Multipart {
    /// `--boundary`
    delimiter: Finder<'static>,
    files: Files,
    text_max_bytes: usize,
    state: State,
    parts: usize,
    pending: Vec<u8>,
    /// Where in `pending` the next thing begins.
    at: usize,
    /// Up to where it was searched for a delimiter.
    searched: usize,
}

enum State {
    /// Before the first delimiter.
    Opening,
    /// Behind `--boundary`.
    Delimiter,
    Head,
    Content(Part),
    Closed,
}

/// What the head of a part says.
struct Part {
    name: String,
    is_passed: bool,
}

impl Multipart {
    pub(in crate::serve) fn new(boundary: &str, files: Files, text_max_bytes: usize) -> Self {
        let delimiter = Finder::new(&format!("--{boundary}")).into_owned();
        let state = State::Opening;
        Self { delimiter, files, text_max_bytes, state, parts: 0, pending: Vec::new(), at: 0, searched: 0 }
    }

    /// Takes the next bytes of the body and visits the texts that are complete with them.
    pub(in crate::serve) fn push(&mut self, bytes: &[u8], visit: &mut Visit<'_>) -> Result<(), Refused> {
        self.pending.extend_from_slice(bytes);
        while let Some((state, used)) = self.step(visit)? {
            self.state = state;
            self.at += used;
            self.searched = self.at;
        }
        self.pending.drain(..self.at);
        self.searched -= self.at;
        self.at = 0;
        Ok(())
    }

    /// Whether the body ended where it should.
    pub(in crate::serve) fn finish(&self) -> Result<(), Refused> {
        if matches!(self.state, State::Closed) { Ok(()) } else { Err(Refused::Multipart) }
    }

    /// The next state and how many bytes lead to it; none if more have to arrive first.
    fn step(&mut self, visit: &mut Visit<'_>) -> Result<Option<(State, usize)>, Refused> {
        let rest = self.pending.get(self.at..).unwrap_or_default();
        match &self.state {
            State::Opening => Ok(opening(rest, self.delimiter.needle())?.map(|used| (State::Delimiter, used))),
            State::Delimiter => Ok(match rest {
                [b'\r', b'\n', ..] => Some((State::Head, 2)),
                [b'-', b'-', ..] => Some((State::Closed, 2)),
                [] | [b'\r' | b'-'] => None,
                _ => return Err(Refused::Multipart),
            }),
            State::Head => {
                let Some(end) = memchr::memmem::find(rest.get(..PART_HEAD_MAX_BYTES).unwrap_or(rest), b"\r\n\r\n")
                else {
                    return if rest.len() < PART_HEAD_MAX_BYTES { Ok(None) } else { Err(Refused::Multipart) };
                };
                let part = head(rest.get(..end).unwrap_or_default(), self.files, visit)?;
                self.parts += 1;
                let within = self.parts <= PARTS_MAX;
                if within { Ok(Some((State::Content(part), end + 4))) } else { Err(Refused::Multipart) }
            }
            State::Content(part) => {
                let searched = self.pending.get(self.searched..).unwrap_or_default();
                match self.delimiter.find(searched) {
                    Some(found) => {
                        let length = self.searched + found - self.at;
                        if length > self.text_max_bytes && !part.is_passed {
                            return Err(Refused::TooLarge);
                        }
                        let content = rest.get(..length).and_then(|content| content.strip_suffix(b"\r\n"));
                        part.visit(content.ok_or(Refused::Multipart)?, visit);
                        Ok(Some((State::Delimiter, length + self.delimiter.needle().len())))
                    }
                    None => self.wait(),
                }
            }
            State::Closed if rest.len() > EPILOGUE_MAX_BYTES => Err(Refused::Multipart),
            State::Closed if rest.iter().all(|byte| b"\r\n".contains(byte)) => Ok(None),
            State::Closed => Err(Refused::Multipart),
        }
    }

    /// No delimiter yet: what passes unread is let go, up to what may be the beginning of one.
    fn wait(&mut self) -> Result<Option<(State, usize)>, Refused> {
        let kept = self.delimiter.needle().len() + 1;
        self.searched = self.pending.len().saturating_sub(kept).max(self.at);
        match &self.state {
            State::Content(part) if part.is_passed => self.at = self.searched,
            _ if self.pending.len() - self.at > self.text_max_bytes => return Err(Refused::TooLarge),
            _ => {}
        }
        Ok(None)
    }
}

/// The first delimiter; a line end before it is what some clients send.
fn opening(rest: &[u8], delimiter: &[u8]) -> Result<Option<usize>, Refused> {
    let line_end = if rest.starts_with(b"\r\n") { 2 } else { 0 };
    let rest = rest.get(line_end..).unwrap_or_default();
    match rest.strip_prefix(delimiter) {
        Some(_) => Ok(Some(line_end + delimiter.len())),
        None if delimiter.starts_with(rest) || rest == b"\r" => Ok(None),
        None => Err(Refused::Multipart),
    }
}

fn head(bytes: &[u8], files: Files, visit: &mut Visit<'_>) -> Result<Part, Refused> {
    let text = std::str::from_utf8(bytes).map_err(|_| Refused::Multipart)?;
    let (mut disposition, mut kind) = (None, None);
    for line in text.split("\r\n").filter(|line| !line.is_empty()) {
        let (name, value) = line.split_once(':').ok_or(Refused::Multipart)?;
        let is_odd = name.is_empty() || name.contains([' ', '\t']) || line.contains(['\r', '\n', '\0']);
        let slot = match name.to_ascii_lowercase().as_str() {
            _ if is_odd => return Err(Refused::Multipart),
            "content-disposition" => &mut disposition,
            "content-type" => &mut kind,
            "content-transfer-encoding" if is_as_it_is(value) => continue,
            "content-transfer-encoding" => return Err(Refused::Multipart),
            _ => {
                visit(Text { place: Place::Name, text: value });
                continue;
            }
        };
        if slot.replace(value).is_some() {
            return Err(Refused::Multipart);
        }
    }
    let kind = kind.map(ContentType::parse).transpose()?;
    let (name, is_file) = names(disposition.unwrap_or_default(), visit)?;
    let is_passed = match kind {
        Some(ContentType::Multipart(_)) => return Err(Refused::Multipart),
        Some(ContentType::Media) => is_file,
        Some(ContentType::Unknown) | None => is_file && files == Files::Pass,
        Some(_) => false,
    };
    Ok(Part { name, is_passed })
}

/// The name of a part, and whether it is that of a file.
fn names(disposition: &str, visit: &mut Visit<'_>) -> Result<(String, bool), Refused> {
    let (_, rest) = disposition.split_once(';').unwrap_or_default();
    let (mut name, mut is_file) = (String::new(), false);
    for (key, value) in parameters(rest).map_err(|_| Refused::Multipart)? {
        visit(Text { place: Place::Name, text: &value });
        match key.as_str() {
            "name" => name = value.into_owned(),
            "filename" | "filename*" => is_file = true,
            _ => {}
        }
    }
    Ok((name, is_file))
}

/// RFC 7578, section 4.7, deprecates all others, and readers differ on them.
fn is_as_it_is(coding: &str) -> bool {
    ["7bit", "8bit", "binary"].iter().any(|known| coding.trim().eq_ignore_ascii_case(known))
}

impl Part {
    fn visit(&self, content: &[u8], visit: &mut Visit<'_>) {
        if !self.is_passed {
            visit(Text { place: Place::Field(&self.name), text: &String::from_utf8_lossy(content) });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str, files: Files, step: usize) -> Result<String, Refused> {
        let mut found = Vec::new();
        let mut multipart = Multipart::new("X", files, 100);
        for chunk in body.as_bytes().chunks(step) {
            multipart.push(chunk, &mut |text| found.push(format!("{}={}", text.place, text.text)))?;
        }
        multipart.finish()?;
        Ok(found.join("|"))
    }

    fn part(head: &str, content: &str) -> String {
        format!("--X\r\nContent-Disposition: form-data; {head}\r\n\r\n{content}\r\n")
    }

    #[test]
    fn bodies() {
        let long = part("name=a", &"x".repeat(200));
        let named = part("name=\"status\"", "hi");
        let picture = part("name=f; filename=\"p.png\"\r\nContent-Type: image/png", &"\0".repeat(300));
        let file = part("name=f; filename=p\r\nContent-Type: application/octet-stream", "text");
        for (body, expected) in [
            (format!("{named}--X--\r\n"), Ok("(name)=status|status=hi")),
            (format!("\r\n{named}--X--"), Ok("(name)=status|status=hi")),
            (format!("{named}{named}--X--"), Ok("(name)=status|status=hi|(name)=status|status=hi")),
            (format!("{}--X--", part("name=\"\"", "")), Ok("(name)=|=")),
            (format!("{picture}{named}--X--"), Ok("(name)=f|(name)=p.png|(name)=status|status=hi")),
            (format!("{file}--X--"), Ok("(name)=f|(name)=p|f=text")),
            ("--X\r\nX-A: b\r\n\r\nc\r\n--X--".into(), Ok("(name)= b|=c")),
            (format!("{long}--X--"), Err(Refused::TooLarge)),
            ("--X--".into(), Ok("")),
            (String::new(), Err(Refused::Multipart)),
            (named.clone(), Err(Refused::Multipart)),
            (format!("text\r\n{named}--X--"), Err(Refused::Multipart)),
            (format!("{named}--X--\r\ntext"), Err(Refused::Multipart)),
            (named.replace("\r\n", "\n") + "--X--", Err(Refused::Multipart)),
            (format!("{}--X--", part("name=a", "b\n--X\nc")), Err(Refused::Multipart)),
            (format!("{}--X--", part("name=a", "b\r\n--X \r\nc")), Err(Refused::Multipart)),
            (format!("{}--X--", part("name=a; name=b", "c")), Err(Refused::Multipart)),
            (
                format!("{}--X--", part("name=a\r\nContent-Type: multipart/mixed; boundary=Y", "c")),
                Err(Refused::Multipart),
            ),
            (format!("{}--X--", part("name=a\r\nContent-Transfer-Encoding: base64", "c")), Err(Refused::Multipart)),
            (format!("{}--X--", part("name=a\r\nContent-Type: text/plain; charset=utf-7", "c")), Err(Refused::Charset)),
            (
                format!("{}--X--", part("name=a\r\ncontent-disposition: form-data; name=b", "c")),
                Err(Refused::Multipart),
            ),
            (format!("{}--X--", part("name=a\r\n folded", "c")), Err(Refused::Multipart)),
        ] {
            for step in [1, 2, 7, 10_000] {
                assert_eq!(read(&body, Files::Read, step).as_deref(), expected.as_ref().copied(), "{step}: {body}");
            }
        }
        assert_eq!(read(&format!("{file}--X--"), Files::Pass, 3).unwrap(), "(name)=f|(name)=p");
    }

    #[test]
    fn heads_and_parts_have_a_limit() {
        let head = format!("--X\r\nA: {}\r\n\r\n\r\n--X--", "b".repeat(PART_HEAD_MAX_BYTES));
        assert_eq!(read(&head, Files::Read, 1_000), Err(Refused::Multipart));
        for (parts, fits) in [(PARTS_MAX, true), (PARTS_MAX + 1, false)] {
            assert_eq!(
                read(&(part("name=a", "").repeat(parts) + "--X--"), Files::Read, 1_000).is_ok(),
                fits,
                "{parts}"
            );
        }
    }
}
