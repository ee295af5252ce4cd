//! The words that a list has for its categories, and which of ours the operator takes each of them for.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::index::Category;

/// From a list's own words to our categories; case does not matter.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "BTreeMap<String, String>", into = "BTreeMap<String, Category>")]
pub struct CategoryWords(BTreeMap<String, Category>);

/// What is wrong with such a table.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WordsError {
    /// Nothing of ours goes by that name.
    #[error("has {word:?} = {value:?}, which is no category; known are: {}", known())]
    NoCategory {
        /// The list's word.
        word: String,
        /// What it was to mean.
        value: String,
    },
    /// A word that no list can have.
    #[error("has a word that is empty or longer than {WORD_MAX_BYTES} bytes")]
    WordLength,
    /// The same word with two meanings.
    #[error("has {0:?} twice; case does not matter")]
    Twice(String),
    /// A table of that size is a slip.
    #[error("has more than {WORDS_MAX} words")]
    TooMany,
}

/// A list has at most this many words.
const WORDS_MAX: usize = 1_000;
/// None of them is longer.
const WORD_MAX_BYTES: usize = 100;

fn known() -> String {
    Category::ALL.map(Category::name).join(", ")
}

impl TryFrom<BTreeMap<String, String>> for CategoryWords {
    type Error = WordsError;

    fn try_from(table: BTreeMap<String, String>) -> Result<Self, WordsError> {
        if table.len() > WORDS_MAX {
            return Err(WordsError::TooMany);
        }
        let mut words = BTreeMap::new();
        for (word, value) in table {
            let name = folded(&word);
            if name.is_empty() || name.len() > WORD_MAX_BYTES {
                return Err(WordsError::WordLength);
            }
            let Some(category) = Category::from_name(&value) else {
                return Err(WordsError::NoCategory { word, value });
            };
            if words.insert(name, category).is_some() {
                return Err(WordsError::Twice(word));
            }
        }
        Ok(Self(words))
    }
}

impl From<CategoryWords> for BTreeMap<String, Category> {
    fn from(words: CategoryWords) -> Self {
        words.0
    }
}

impl CategoryWords {
    /// Whether a list's words mean what they mean to us.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What a word of the table means.
    pub(super) fn meaning(&self, word: &str) -> Option<Category> {
        if self.0.is_empty() { None } else { self.0.get(&folded(word)).copied() }
    }

    /// The first of some words that stands in the table. Ours count only there: as a tag they can mean anything.
    pub(super) fn first<W: AsRef<str>>(&self, words: impl IntoIterator<Item = W>) -> Option<Category> {
        words.into_iter().find_map(|word| self.meaning(word.as_ref()))
    }

    /// What a word means where nothing but a category can stand: as the table says, else as we call our own.
    pub(super) fn category(&self, word: &str) -> Option<Category> {
        let own = || Category::from_name(word).or_else(|| Category::from_name(&word.trim().to_ascii_lowercase()));
        self.meaning(word).or_else(own)
    }
}

/// A word as it is compared.
fn folded(word: &str) -> String {
    word.trim().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(pairs: &[(&str, &str)]) -> Result<CategoryWords, WordsError> {
        let table: BTreeMap<_, _> = pairs.iter().map(|&(word, value)| (word.to_owned(), value.to_owned())).collect();
        table.try_into()
    }

    #[test]
    fn words_mean_what_the_operator_says_then_what_we_say() {
        let words = words(&[("ChildAbuse", "csam"), ("spam", "other"), ("Ältere Seite", "test")]).unwrap();
        for (word, expected) in [
            ("childabuse", Some(Category::Csam)),
            (" CHILDABUSE ", Some(Category::Csam)),
            ("ÄLTERE SEITE", Some(Category::Test)),
            ("Spam", Some(Category::Other)),
            ("Phishing", Some(Category::Phishing)),
            ("child abuse", None),
            ("", None),
        ] {
            assert_eq!(words.category(word), expected, "{word}");
        }
        assert_eq!(words.first(["phishing", "none", "spam", "childabuse"]), Some(Category::Other));
        assert_eq!(CategoryWords::default().category("csam"), Some(Category::Csam));
        assert_eq!(CategoryWords::default().first(["csam"]), None);
    }

    #[test]
    fn tables_that_cannot_be_meant() {
        let value = || ("b".to_owned(), "csam".to_owned());
        let many = |count: usize| (0..count).map(|n| (n.to_string(), value().1)).collect::<BTreeMap<_, _>>();
        assert_eq!(CategoryWords::try_from(many(WORDS_MAX)).map(|words| words.0.len()), Ok(WORDS_MAX));
        assert_eq!(CategoryWords::try_from(many(WORDS_MAX + 1)), Err(WordsError::TooMany));
        let long = "x".repeat(WORD_MAX_BYTES);
        assert!(words(&[(&long, "csam")]).is_ok());
        assert_eq!(words(&[(&(long + "x"), "csam")]), Err(WordsError::WordLength));
        assert_eq!(words(&[(" ", "csam")]), Err(WordsError::WordLength));
        assert_eq!(words(&[("A", "csam"), ("a", "spam")]), Err(WordsError::Twice("a".into())));
        let error = words(&[("abuse", "CSAM")]).unwrap_err().to_string();
        assert!(error.starts_with("has \"abuse\" = \"CSAM\", which is no category; known are: csam, "), "{error}");
    }
}
