//! STIX patterns, as far as they are single values joined by OR.

use crate::lists::report::Refusal;

/// One thing that a pattern compares.
pub(super) struct Comparison {
    /// Such as `url:value`.
    pub(super) path: String,
    pub(super) value: String,
}

/// The comparisons of a pattern, any of which is enough.
///
/// Patterns that want several things at once cannot be told by one link. They are refused if they are about links at
/// all; otherwise there is nothing in them for us.
pub(super) fn comparisons(text: &str) -> Result<Vec<Comparison>, Refusal> {
    let tokens = tokens(text).ok_or(Refusal::Pattern)?;
    let mut reader = Reader { tokens: &tokens, found: Vec::new(), joined: false, depth: 0 };
    let read = reader.pattern();
    let is_ours = tokens.iter().any(|token| matches!(token, Token::Word(word) if OUR_PATHS.contains(&word.as_str())));
    if (reader.joined || read.is_err()) && !is_ours && !reader.found.is_empty() {
        return Ok(reader.found);
    }
    read?;
    if reader.joined { Err(Refusal::Pattern) } else { Ok(reader.found) }
}

/// What links can be compared with.
const OUR_PATHS: [&str; 4] = ["url:value", "domain-name:value", "ipv4-addr:value", "ipv6-addr:value"];

#[derive(Clone, PartialEq, Eq)]
enum Token {
    /// A path, an operator in letters, a number.
    Word(String),
    Text(String),
    Mark(char),
}

/// Splits a pattern; `None` if a text has no end.
fn tokens(text: &str) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            _ if c.is_whitespace() => {}
            '\'' => tokens.push(Token::Text(quoted(&mut chars)?)),
            '[' | ']' | '(' | ')' | ',' | '=' | '!' | '<' | '>' => tokens.push(Token::Mark(c)),
            _ => {
                let mut word = String::from(c);
                while let Some(c) = chars.next_if(|c| !c.is_whitespace() && !"[](),=!<>'".contains(*c)) {
                    word.push(c);
                }
                // A path can have quoted parts: `file:hashes.'SHA-256'`.
                if word.ends_with('.') && chars.next_if_eq(&'\'').is_some() {
                    word.push_str(&quoted(&mut chars)?);
                }
                tokens.push(Token::Word(word));
            }
        }
    }
    Some(tokens)
}

fn quoted(chars: &mut impl Iterator<Item = char>) -> Option<String> {
    let mut text = String::new();
    loop {
        match chars.next()? {
            '\'' => return Some(text),
            '\\' => text.push(chars.next()?),
            c => text.push(c),
        }
    }
}

struct Reader<'t> {
    tokens: &'t [Token],
    found: Vec<Comparison>,
    /// Something other than OR stands between two parts.
    joined: bool,
    depth: usize,
}

/// Brackets inside brackets beyond this are nobody's indicator.
const DEPTH_MAX: usize = 16;

impl<'t> Reader<'t> {
    /// All of the pattern.
    fn pattern(&mut self) -> Result<(), Refusal> {
        self.observations()?;
        self.joined |= !self.tokens.is_empty();
        Ok(())
    }

    /// `[…] OR […]`, perhaps in brackets of their own.
    fn observations(&mut self) -> Result<(), Refusal> {
        loop {
            if self.tokens.first() == Some(&Token::Mark('(')) {
                self.bracketed(Self::observations)?;
            } else {
                self.mark('[')?;
                self.disjunction()?;
                self.mark(']')?;
            }
            match self.tokens.split_first() {
                Some((Token::Word(word), rest)) if word == "OR" => self.tokens = rest,
                _ => return Ok(()),
            }
        }
    }

    fn bracketed(&mut self, inner: fn(&mut Self) -> Result<(), Refusal>) -> Result<(), Refusal> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(Refusal::Pattern);
        }
        self.mark('(')?;
        inner(self)?;
        self.mark(')')?;
        self.depth -= 1;
        Ok(())
    }

    /// `… OR …`; AND is read on, so that it is known what the pattern is about.
    fn disjunction(&mut self) -> Result<(), Refusal> {
        loop {
            if self.tokens.first() == Some(&Token::Mark('(')) {
                self.bracketed(Self::disjunction)?;
            } else {
                self.comparison()?;
            }
            match self.tokens.first() {
                Some(Token::Word(word)) if word == "OR" => {}
                Some(Token::Word(word)) if word == "AND" => self.joined = true,
                _ => return Ok(()),
            }
            self.tokens = self.tokens.get(1..).unwrap_or(&[]);
        }
    }

    fn comparison(&mut self) -> Result<(), Refusal> {
        let path = self.word()?.to_owned();
        match self.tokens.split_first() {
            Some((Token::Mark('='), rest)) => {
                // Both `=` and `==` are in use.
                self.tokens = rest.strip_prefix(&[Token::Mark('=')]).unwrap_or(rest);
                self.value(path)
            }
            Some((Token::Word(word), rest)) => {
                self.tokens = rest;
                match word.as_str() {
                    "IN" => self.values(&path),
                    "LIKE" => Err(Refusal::Wildcard),
                    "MATCHES" => Err(Refusal::Regex),
                    _ => Err(Refusal::Pattern),
                }
            }
            _ => Err(Refusal::Pattern),
        }
    }

    /// `('…', '…')`
    fn values(&mut self, path: &str) -> Result<(), Refusal> {
        self.mark('(')?;
        loop {
            self.value(path.to_owned())?;
            if self.mark(',').is_err() {
                return self.mark(')');
            }
        }
    }

    fn value(&mut self, path: String) -> Result<(), Refusal> {
        let (value, rest) = match self.tokens.split_first() {
            Some((Token::Text(value) | Token::Word(value), rest)) => (value.clone(), rest),
            _ => return Err(Refusal::Pattern),
        };
        self.tokens = rest;
        self.found.push(Comparison { path, value });
        Ok(())
    }

    fn word(&mut self) -> Result<&'t str, Refusal> {
        match self.tokens.split_first() {
            Some((Token::Word(word), rest)) => {
                self.tokens = rest;
                Ok(word)
            }
            _ => Err(Refusal::Pattern),
        }
    }

    fn mark(&mut self, mark: char) -> Result<(), Refusal> {
        match self.tokens.split_first() {
            Some((Token::Mark(found), rest)) if *found == mark => {
                self.tokens = rest;
                Ok(())
            }
            _ => Err(Refusal::Pattern),
        }
    }
}
