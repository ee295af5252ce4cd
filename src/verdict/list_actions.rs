//! What one list's entries lead to, where that is not what the policy says of their category.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::index::{Action, Category};

/// Actions of one list, by category of the entry.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "BTreeMap<String, String>", into = "BTreeMap<Category, Action>")]
pub struct ListActions(BTreeMap<Category, Action>);

/// What is wrong with such a table.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ActionsError {
    /// Nothing of ours goes by that name.
    #[error("has {0:?}, which is no category; known are: {known}", known = Category::ALL.map(Category::name).join(", "))]
    NoCategory(String),
    /// Nothing can be done by that name.
    #[error("has {category:?} = {value:?}, which is no action; known are: {known}",
        known = Action::ALL.map(Action::name).join(", "))]
    NoAction {
        /// Of what category.
        category: String,
        /// What was to be done.
        value: String,
    },
}

impl TryFrom<BTreeMap<String, String>> for ListActions {
    type Error = ActionsError;

    fn try_from(table: BTreeMap<String, String>) -> Result<Self, ActionsError> {
        let pair =
            |(category, value): (String, String)| match (Category::from_name(&category), Action::from_name(&value)) {
                (None, _) => Err(ActionsError::NoCategory(category)),
                (_, None) => Err(ActionsError::NoAction { category, value }),
                (Some(category), Some(action)) => Ok((category, action)),
            };
        table.into_iter().map(pair).collect::<Result<_, _>>().map(Self)
    }
}

impl From<ListActions> for BTreeMap<Category, Action> {
    fn from(actions: ListActions) -> Self {
        actions.0
    }
}

impl ListActions {
    /// Whether the policy decides alone.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What its entries of a category lead to, if it is not for the policy to say.
    pub fn of(&self, category: Category) -> Option<Action> {
        self.0.get(&category).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_name_categories_and_actions() {
        let read = |category: &str, action: &str| {
            ListActions::try_from(BTreeMap::from([(category.to_owned(), action.to_owned())]))
        };
        let actions = read("csam", "hold").unwrap();
        assert_eq!((actions.of(Category::Csam), actions.of(Category::Spam)), (Some(Action::Hold), None));
        for (category, action, expected) in [
            ("CSAM", "hold", "has \"CSAM\", which is no category; known are: csam, csam_advertising, "),
            ("csam", "drop", "has \"csam\" = \"drop\", which is no action; known are: allow, flag, hold, reject"),
        ] {
            let error = read(category, action).unwrap_err().to_string();
            assert!(error.starts_with(expected), "{error}");
        }
    }
}
