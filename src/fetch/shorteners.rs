//! The table of hosts whose links say nothing about where they lead.
use std::collections::HashMap;
/// How.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// S
    Shortener,
    /// P
    Page,
}
/// T
#[derive(Debug, Clone)]
pub struct Shorteners(HashMap<Box<str>, Kind>);
/// E
#[derive(Debug, thiserror::Error)]
#[error("line {line}")]
pub struct ShortenersError {
    /// L
    pub line: usize,
}
impl Shorteners {
    /// P
    pub fn parse(text: &str) -> Result<Self, ShortenersError> {
        Ok(Self(
            text.lines()
                .filter(|l| !l.starts_with('#') && !l.is_empty())
                .map(|l| {
                    (
                        l.split(' ').next().unwrap_or("").into(),
                        if l.ends_with(" page") { Kind::Page } else { Kind::Shortener },
                    )
                })
                .collect(),
        ))
    }
    /// S
    pub fn shipped() -> Self {
        Self::parse(Self::text()).unwrap_or_else(|_| Self(HashMap::new()))
    }
    fn text() -> &'static str {
        include_str!("../../lists/shorteners.txt")
    }
    /// K
    pub fn kind(&self, host: &str) -> Option<Kind> {
        self.0.get(host).or_else(|| self.0.get(host.strip_prefix("www.")?)).copied()
    }
}
