//! What a captured piece of a URL must look like for a rule to hold.

/// Allowed letters, lengths and exceptions of a captured piece.
#[derive(Debug, Clone)]
pub(in crate::canonical) struct Shape {
    letters: [bool; 128],
    lengths: Vec<usize>,
    min: usize,
    max: usize,
    except: Vec<String>,
    form: Option<Form>,
    other_letters: bool,
}

/// A form that letters and lengths cannot describe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Form {
    /// A name with a dot in it.
    Host,
    /// A URL, or a host and whatever follows.
    Address,
}

/// A shape as the tables write it.
#[derive(Debug, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::canonical) struct ShapeRow {
    /// Ranges and single letters, such as `a-z2-7`; a hyphen stands first or last. Without it, any letters.
    chars: Option<String>,
    /// The only lengths allowed.
    #[serde(default)]
    lengths: Vec<usize>,
    min: Option<usize>,
    max: Option<usize>,
    /// Words that mean something else in that place, in lower case.
    #[serde(default)]
    except: Vec<String>,
    form: Option<Form>,
}

impl Shape {
    pub(in crate::canonical) fn holds(&self, text: &str) -> bool {
        (self.min..=self.max).contains(&text.len())
            && (self.lengths.is_empty() || self.lengths.contains(&text.len()))
            && text.bytes().all(|byte| self.allows(byte))
            && self.form.is_none_or(|form| form.holds(text))
            && !self.except.iter().any(|word| word.eq_ignore_ascii_case(text))
    }

    fn allows(&self, byte: u8) -> bool {
        let known = self.letters.get(usize::from(byte)).copied();
        known.unwrap_or(self.other_letters)
    }
}

impl From<&ShapeRow> for Shape {
    fn from(row: &ShapeRow) -> Self {
        Self {
            letters: row.chars.as_deref().map_or([true; 128], letters),
            lengths: row.lengths.clone(),
            min: row.min.unwrap_or(1),
            max: row.max.unwrap_or(usize::MAX),
            except: row.except.clone(),
            form: row.form,
            other_letters: row.chars.is_none(),
        }
    }
}

impl Form {
    fn holds(self, text: &str) -> bool {
        let head = text.split(['/', '?', '#', '%', ':']).next().unwrap_or_default();
        let is_web = head.eq_ignore_ascii_case("http") || head.eq_ignore_ascii_case("https");
        match self {
            Self::Host => is_host(text),
            Self::Address => is_host(head) || is_web && head.len() < text.len(),
        }
    }
}

/// ASCII host letters and anything beyond ASCII, with a dot inside.
fn is_host(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_') || !byte.is_ascii();
    text.bytes().all(allowed) && text.trim_matches('.').contains('.')
}

fn letters(chars: &str) -> [bool; 128] {
    let mut allowed = [false; 128];
    let mut rest = chars.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let (last, next) = match after {
            [b'-', last, next @ ..] => (*last, next),
            _ => (first, after),
        };
        for byte in first..=last {
            if let Some(place) = allowed.get_mut(usize::from(byte)) {
                *place = true;
            }
        }
        rest = next;
    }
    allowed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes() {
        let check = |row: &str, text, expected| {
            let row: ShapeRow = toml::from_str(row).unwrap();
            assert_eq!(Shape::from(&row).holds(text), expected, "{text}");
        };
        check("chars = 'a-z2-7'\nlengths = [3]", "ab7", true);
        check("chars = 'a-z2-7'\nlengths = [3]", "ab8", false);
        check("chars = 'a-z2-7'\nlengths = [3]", "ab", false);
        check("chars = 'a-z_-'", "a-_", true);
        check("min = 2\nexcept = ['share']", "Share", false);
        check("min = 2\nexcept = ['share']", "sharé", true);
        check("chars = 'a-z'", "", false);
        check("form = 'host'", "listed.example", true);
        check("form = 'host'", "listed.example/a", false);
        check("form = 'address'", "listed.example/a", true);
        check("form = 'address'", "HTTPS:/listed.example", true);
        check("form = 'address'", "http%3A%2F%2Flisted.example", true);
        check("form = 'address'", "20200101/listed.example", false);
        check("form = 'address'", "https", false);
    }
}
