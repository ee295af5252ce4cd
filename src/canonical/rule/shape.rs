//! What a captured piece of a URL must look like for a rule to hold.

/// Allowed letters, lengths and exceptions of a captured piece.
#[derive(Debug, Clone)]
pub(in crate::canonical) struct Shape {
    letters: [bool; 128],
    lengths: Vec<usize>,
    min: usize,
    max: usize,
    except: Vec<String>,
    other_letters: bool,
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
}

impl Shape {
    pub(in crate::canonical) fn holds(&self, text: &str) -> bool {
        (self.min..=self.max).contains(&text.len())
            && (self.lengths.is_empty() || self.lengths.contains(&text.len()))
            && text.bytes().all(|byte| self.allows(byte))
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
            other_letters: row.chars.is_none(),
        }
    }
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
    }
}
