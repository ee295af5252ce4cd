//! Every string of a JSON value, names included, with the place where it stands.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use super::{Place, Refused, Step, Text, Visit};

/// Deeper values are refused; `serde_json` itself ends at 128.
const DEPTH_MAX: usize = 100;
const BOM: &[u8] = "\u{feff}".as_bytes();

/// Visits the strings of one value. Nothing, or blank space, holds none.
pub(super) fn value(body: &[u8], visit: &mut Visit<'_>) -> Result<(), Refused> {
    let body = body.strip_prefix(BOM).unwrap_or(body);
    if body.trim_ascii().is_empty() {
        return Ok(());
    }
    let mut json = serde_json::Deserializer::from_slice(body);
    Walk { path: &mut Vec::new(), visit }.deserialize(&mut json).map_err(|_| Refused::Json)?;
    json.end().map_err(|_| Refused::Json)
}

/// Visits the strings of values that follow each other.
pub(super) fn values(body: &[u8], visit: &mut Visit<'_>) -> Result<(), Refused> {
    // RFC 7464 puts a record separator before each.
    let is_gap = |byte: &u8| matches!(byte, b'\n' | b'\r' | 0x1e);
    body.split(is_gap).try_for_each(|line| value(line, visit))
}

/// What is being walked: the way to it and who takes what is found.
struct Walk<'w, 'v, 't> {
    path: &'w mut Vec<Step<'t>>,
    visit: &'w mut Visit<'v>,
}

impl<'de> DeserializeSeed<'de> for Walk<'_, '_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walk<'_, '_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        (self.visit)(Text { place: Place::Json(self.path), text });
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        deeper(self.path)?;
        while let Some(Name(name)) = map.next_key()? {
            (self.visit)(Text { place: Place::Name, text: &name });
            self.path.push(Step::Member(name));
            map.next_value_seed(Walk { path: &mut *self.path, visit: &mut *self.visit })?;
            self.path.pop();
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        deeper(self.path)?;
        self.path.push(Step::Element);
        while seq.next_element_seed(Walk { path: &mut *self.path, visit: &mut *self.visit })?.is_some() {}
        self.path.pop();
        Ok(())
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
}

/// The name of a member, borrowed where it has no escapes.
#[derive(serde::Deserialize)]
struct Name<'t>(#[serde(borrow)] std::borrow::Cow<'t, str>);

fn deeper<E: serde::de::Error>(path: &[Step<'_>]) -> Result<(), E> {
    if path.len() < DEPTH_MAX { Ok(()) } else { Err(E::custom("too deep")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(body: &[u8]) -> Result<Vec<String>, Refused> {
        let mut found = Vec::new();
        value(body, &mut |text| found.push(format!("{}={}", text.place, text.text)))?;
        Ok(found)
    }

    #[test]
    fn every_string_is_seen_where_it_stands() {
        for (body, expected) in [
            (r#"{"a":"x","b":{"c":["y",{"d":"z"}]}}"#, "(name)=a /a=x (name)=b (name)=c /b/c/*=y (name)=d /b/c/*/d=z"),
            (r#"{"a":"x","a":"y"}"#, "(name)=a /a=x (name)=a /a=y"),
            (r#"{"a/b~":"x"}"#, "(name)=a/b~ /a~1b~0=x"),
            (r#"{"\u0061":"\u0078"}"#, "(name)=a /a=x"),
            (r#"[["x"]]"#, "/*/*=x"),
            (r#""x""#, "=x"),
            ("\u{feff}\"x\"", "=x"),
            ("1", ""),
            (" \n", ""),
            ("[true,null,-1,1.5,123456789012345678901234567890]", ""),
        ] {
            assert_eq!(texts(body.as_bytes()).unwrap().join(" "), expected, "{body}");
        }
    }

    #[test]
    fn what_parsers_differ_on_is_refused() {
        let deep = "[".repeat(DEPTH_MAX + 1) + &"]".repeat(DEPTH_MAX + 1);
        for body in [
            r#"{"a":"x",}"#,
            r"{'a':'x'}",
            r#"{/**/"a":"x"}"#,
            r#"{"a":"x"} {"a":"y"}"#,
            r#"{"a":"\ud800"}"#,
            "{\"a\":\"\n\"}",
            r#"{"a":1e999999}"#,
            r#"{"a":NaN}"#,
            &deep,
            "{",
        ] {
            assert_eq!(texts(body.as_bytes()), Err(Refused::Json), "{body}");
        }
        assert_eq!(texts(b"{\"a\":\"\xff\"}"), Err(Refused::Json));
        assert_eq!(texts(b"\xff\xfe{\0"), Err(Refused::Json));
        assert!(texts(("[".repeat(DEPTH_MAX) + &"]".repeat(DEPTH_MAX)).as_bytes()).is_ok());
    }

    #[test]
    fn values_one_after_the_other() {
        let mut found = Vec::new();
        values(b"{\"a\":\"x\"}\n\n\x1e\"y\"\r\n", &mut |text| found.push(text.text.to_owned())).unwrap();
        assert_eq!(found, ["a", "x", "y"]);
    }
}
