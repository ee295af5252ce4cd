//! Which columns of a table hold what.

use crate::rescan::error::RescanError;
use crate::rescan::field::{Fields, Pointer, Role};

use super::Header;

/// What each column is used for.
#[derive(Debug)]
pub(in crate::rescan) struct Columns {
    pub(in crate::rescan) roles: Vec<Vec<Role>>,
    pub(in crate::rescan) delimiter: u8,
}

impl Columns {
    /// By the names in the first row.
    ///
    /// # Errors
    /// If no column holds text or links, or if one is missing that was named by hand.
    pub(super) fn of(header: &Header, fields: &Fields, input: &str) -> Result<Self, RescanError> {
        let roles: Vec<_> = header.names.iter().map(|name| roles(name, fields)).collect();
        let is_read = |role: &Role| matches!(role, Role::Text(_) | Role::Link);
        let has = |at: &&Pointer| header.names.iter().any(|name| at.is_column(name));
        let missing: Vec<&Pointer> = fields.required.iter().filter(|at| !has(at)).collect();
        if missing.is_empty() && roles.iter().flatten().any(is_read) {
            return Ok(Self { roles, delimiter: header.delimiter });
        }
        let missing = if missing.is_empty() { fields.readable().collect() } else { missing };
        Err(RescanError::no_column(input, &missing, &header.names))
    }
}

/// An id may be something else besides.
fn roles(name: &str, fields: &Fields) -> Vec<Role> {
    let is_one = |at: &Pointer| at.is_column(name);
    let part = |parts: &Vec<Pointer>| parts.iter().position(is_one);
    let id = (0..).zip(&fields.id).find_map(|(number, parts)| Some(Role::Id(number, part(parts)?)));
    let text = fields.texts.iter().position(|field| is_one(&field.at)).map(Role::Text);
    let other = text
        .or_else(|| fields.links.iter().any(is_one).then_some(Role::Link))
        .or_else(|| fields.time.iter().any(is_one).then_some(Role::Time))
        .or_else(|| fields.format.iter().any(is_one).then_some(Role::Format));
    id.into_iter().chain(other).collect()
}
