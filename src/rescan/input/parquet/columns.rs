//! Which columns of a Parquet file hold what: its schema, walked along with the tree of places.

use parquet::basic::{ConvertedType, Repetition};
use parquet::schema::types::{SchemaDescriptor, Type};

use crate::rescan::error::{COLUMNS_SHOWN, RescanError};
use crate::rescan::field::{Fields, Node, Role};

/// A column that is read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Column {
    /// Its number among all columns that hold values.
    pub(super) leaf: usize,
    pub(super) role: Role,
    /// It is part of a structure that stands where a value should.
    pub(super) wrong: bool,
}

/// The columns that are used.
///
/// # Errors
/// If no column holds text or links.
pub(super) fn of(schema: &SchemaDescriptor, fields: &Fields, input: &str) -> Result<Vec<Column>, RescanError> {
    let tree = Node::of(fields);
    let mut walk = Walk::default();
    walk.value(schema.root_schema(), &Place { path: String::new(), node: Some(&tree), role: None, wrong: false });
    if walk.used.iter().any(|column| matches!(column.role, Role::Text(_) | Role::Link)) {
        return Ok(walk.used);
    }
    Err(RescanError::no_column(input, &fields.readable().collect::<Vec<_>>(), &walk.names))
}

/// A place in the schema, and what is read there.
struct Place<'n> {
    /// As a pointer says it.
    path: String,
    node: Option<&'n Node>,
    role: Option<Role>,
    wrong: bool,
}

impl<'n> Place<'n> {
    /// The elements of a list. A list of texts, or links, needs no `*`.
    fn each(&self) -> Self {
        let each = self.node.and_then(Node::each);
        let node = if self.role.is_some() { each.or(self.node) } else { each };
        let role = self.role.or(each.and_then(Node::column));
        Self { path: format!("{}/*", self.path), node, role, wrong: self.wrong }
    }

    /// A part of a structure.
    fn part(&self, name: &str) -> Self {
        let path = format!("{}/{}", self.path, name.replace('~', "~0").replace('/', "~1"));
        if self.role.is_some() && self.node.is_none_or(Node::is_end) {
            return Self { path, wrong: true, ..*self };
        }
        let node = self.node.and_then(|node| node.child(name));
        Self { path, node, role: node.and_then(|node: &'n Node| node.column()), wrong: false }
    }
}

/// A walk through a schema.
#[derive(Default)]
struct Walk {
    leaves: usize,
    used: Vec<Column>,
    /// Of all columns, as they can be asked for.
    names: Vec<String>,
}

impl Walk {
    fn field(&mut self, field: &Type, place: &Place<'_>) {
        let info = field.get_basic_info();
        if info.has_repetition() && info.repetition() == Repetition::REPEATED {
            self.value(field, &place.each());
        } else {
            self.value(field, place);
        }
    }

    /// A field, whether it may repeat or not.
    fn value(&mut self, field: &Type, place: &Place<'_>) {
        if field.is_primitive() {
            return self.leaf(place);
        }
        let fields = field.get_fields();
        match (field.get_basic_info().converted_type(), fields) {
            (ConvertedType::LIST, [repeated]) => match element(field, repeated) {
                Some(element) => self.field(element, &place.each()),
                None => self.value(repeated, &place.each()),
            },
            (ConvertedType::MAP | ConvertedType::MAP_KEY_VALUE, [entries]) if entries.is_group() => {
                // What is named by a key is not in a column of its own: `*` takes all.
                let keys = Place { path: place.path.clone(), node: None, role: None, wrong: false };
                let values = place.each();
                for (number, part) in entries.get_fields().iter().enumerate() {
                    self.field(part, if number == 0 { &keys } else { &values });
                }
            }
            _ => {
                for part in fields {
                    self.field(part, &place.part(part.name()));
                }
            }
        }
    }

    fn leaf(&mut self, place: &Place<'_>) {
        if let Some(role) = place.role {
            self.used.push(Column { leaf: self.leaves, role, wrong: place.wrong });
        }
        self.leaves += 1;
        let path = place.path.strip_suffix("/*").unwrap_or(&place.path);
        let name = path.strip_prefix('/').filter(|name| !name.contains(['/', '~'])).unwrap_or(path);
        // Keys and values of a map go by one name.
        if self.names.len() < COLUMNS_SHOWN && self.names.last().is_none_or(|last| last != name) {
            self.names.push(name.to_owned());
        }
    }
}

/// What a list holds, if that is wrapped; writers of old left the wrapping out.
///
/// The rules are those of the format (`LogicalTypes.md`, backward compatibility of lists).
fn element<'t>(list: &Type, repeated: &'t Type) -> Option<&'t Type> {
    let is_element = repeated.name() == "array" || repeated.name() == format!("{}_tuple", list.name());
    if repeated.is_primitive() || is_element {
        return None;
    }
    if let [element] = repeated.get_fields() { Some(element) } else { None }
}

#[cfg(test)]
mod tests {
    use parquet::schema::parser::parse_message_type;
    use std::sync::Arc;

    use super::*;

    fn check(schema: &str, text: &str, link: &str, expected: Result<&[(usize, Role, bool)], &str>) {
        let schema = SchemaDescriptor::new(Arc::new(parse_message_type(&format!("message m {{ {schema} }}")).unwrap()));
        let mut fields = Fields { links: vec![link.parse().unwrap()], ..Fields::default() };
        fields.texts =
            vec![crate::rescan::TextField { at: text.parse().unwrap(), format: crate::extract::TextFormat::Plain }];
        let found = of(&schema, &fields, "input").map_err(|error| match error {
            RescanError::NoColumn { columns, .. } => columns,
            other => other.to_string(),
        });
        let found = found.map(|used| used.iter().map(|one| (one.leaf, one.role, one.wrong)).collect::<Vec<_>>());
        assert_eq!(found, expected.map(<[_]>::to_vec).map_err(str::to_owned), "{schema:?}");
    }

    #[test]
    fn columns_go_by_name_and_by_pointer() {
        use Role::{Link, Text};
        const LIST: &str = "optional group l (LIST) { repeated group list { optional binary element (UTF8); } }";
        let flat = "required int64 id; optional binary text (UTF8); optional binary url;";
        check(flat, "text", "url", Ok(&[(1, Text(0), false), (2, Link, false)]));
        check(flat, "/text", "no", Ok(&[(1, Text(0), false)]));
        check(flat, "no", "/text/url", Err("id, text, url"));
        check(LIST, "no", "l", Ok(&[(0, Link, false)]));
        check(LIST, "no", "/l/*", Ok(&[(0, Link, false)]));
        check(LIST, "no", "/l/*/element", Err("l"));
        check(LIST, "no", "/l/list/element", Err("l"));
        check("repeated binary l (UTF8);", "no", "l", Ok(&[(0, Link, false)]));
        check("optional group l (LIST) { repeated binary array (UTF8); }", "no", "l", Ok(&[(0, Link, false)]));
        let tags = "optional group tag (LIST) { repeated group list { optional group element {
            optional binary href (UTF8); optional binary name (UTF8); } } }";
        check(tags, "/tag/*/name", "/tag/*/href", Ok(&[(0, Link, false), (1, Text(0), false)]));
        check(tags, "tag", "no", Ok(&[(0, Text(0), true), (1, Text(0), true)]));
        check(tags, "no", "no", Err("/tag/*/href, /tag/*/name"));
        let tuples = "optional group tag (LIST) { repeated group tag_tuple { optional binary href (UTF8); } }";
        check(tuples, "no", "/tag/*/href", Ok(&[(0, Link, false)]));
        let nested = "optional group record { optional binary text (UTF8); optional group a { optional int32 b; } }";
        check(nested, "/record/text", "no", Ok(&[(0, Text(0), false)]));
        check(nested, "record/text", "text", Err("/record/text, /record/a/b"));
        let map = "optional group c (MAP) { repeated group key_value { required binary key (UTF8); optional binary value (UTF8); } }";
        check(map, "/c/*", "no", Ok(&[(1, Text(0), false)]));
        check(map, "/c/en", "no", Err("c"));
    }
}
