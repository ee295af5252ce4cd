//! A JSON value, walked along with the tree of places: what nobody reads is passed over and never built.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::field::Node;

/// What is done with the values at the places that are read.
pub(super) trait Visit<'de> {
    /// Takes the value at a place that is used for something.
    fn meet<D: Deserializer<'de>>(&mut self, node: &Node, value: D) -> Result<(), D::Error>;
}

/// A value, the node it belongs to, and who takes what is below it.
pub(super) struct Walk<'w, V> {
    pub(super) node: &'w Node,
    pub(super) visit: &'w mut V,
}

/// The methods of a visitor that wants objects and lists, and passes over everything else.
macro_rules! passes_over_scalars {
    () => {
        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("an object or a list")
        }

        fn visit_unit<E>(self) -> Result<(), E> {
            Ok(())
        }

        fn visit_bool<E>(self, _: bool) -> Result<(), E> {
            Ok(())
        }

        fn visit_i64<E>(self, _: i64) -> Result<(), E> {
            Ok(())
        }

        fn visit_u64<E>(self, _: u64) -> Result<(), E> {
            Ok(())
        }

        fn visit_f64<E>(self, _: f64) -> Result<(), E> {
            Ok(())
        }

        fn visit_str<E>(self, _: &str) -> Result<(), E> {
            Ok(())
        }
    };
}
pub(super) use passes_over_scalars;

impl<'de, V: Visit<'de>> DeserializeSeed<'de> for Walk<'_, V> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        if self.node.is_read() { self.visit.meet(self.node, deserializer) } else { deserializer.deserialize_any(self) }
    }
}

impl<'de, V: Visit<'de>> Visitor<'de> for Walk<'_, V> {
    type Value = ();

    passes_over_scalars!();

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(child) = map.next_key_seed(Name { of: self.node })? {
            match child {
                Some(node) => map.next_value_seed(Walk { node, visit: &mut *self.visit })?,
                None => map.next_value::<IgnoredAny>().map(drop)?,
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        for number in 0.. {
            let more = match self.node.element(number) {
                Some(node) => seq.next_element_seed(Walk { node, visit: &mut *self.visit })?.is_some(),
                None => seq.next_element::<IgnoredAny>()?.is_some(),
            };
            if !more {
                break;
            }
        }
        Ok(())
    }
}

/// The name of a field → what stands under it.
struct Name<'w> {
    of: &'w Node,
}

impl<'de, 'w> DeserializeSeed<'de> for Name<'w> {
    type Value = Option<&'w Node>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'w> Visitor<'_> for Name<'w> {
    type Value = Option<&'w Node>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        Ok(self.of.child(name))
    }
}
