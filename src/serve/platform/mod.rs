//! What is known of a platform's API: where links and marked-up text stand, what passes unread, how a refusal looks.
//!
//! A platform never decides whether a request is inspected: everything is, unless a rule here names its path.

mod atproto;
mod generic;
mod mastodon;
mod probe;
mod route;

use std::borrow::Cow;

use http::{Method, StatusCode};

use crate::extract::TextFormat;

use super::inspect::{Place, Step};

pub use generic::{Generic, Refusal};
pub(super) use route::Spelling;
pub use route::{Route, RouteError};

/// A posting API.
#[derive(Debug, Clone)]
pub struct Platform {
    pub(super) name: &'static str,
    pub(super) fields: Vec<Field>,
    /// What is done with requests to paths that are named.
    pub(super) routes: Vec<(Route, Treatment)>,
    pub(super) refusal: Shape,
}

/// A field that is not plain text.
#[derive(Debug, Clone)]
pub(super) struct Field {
    /// A JSON pointer (RFC 6901) with `*` for every element, or the name of a form's field.
    pub(super) place: String,
    pub(super) holds: Holds,
}

/// What stands in a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Holds {
    Text(TextFormat),
    /// A link, whole.
    Link,
}

/// What is done with a request instead of reading all of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Treatment {
    /// Its body passes unread, as large as it is.
    Pass,
    /// A multipart upload of any size: texts are read, files pass.
    Upload,
    /// It may become a WebSocket.
    Upgrade,
    /// A form of the platform's own pages, which may name another method in `_method`: all of it is read all the same.
    Form,
    /// It is refused: what it carries cannot be read.
    Refuse,
}

/// How the platform's clients want to be told that something was not published.
#[derive(Debug, Clone)]
pub(super) struct Shape {
    pub(super) status: StatusCode,
    pub(super) content_type: Cow<'static, str>,
    /// `{message}` and `{id}` are filled in.
    pub(super) template: Cow<'static, str>,
}

impl Platform {
    /// The preset of that name, with what `generic` adds to it.
    pub fn preset(name: &str, generic: &Generic) -> Option<Self> {
        let mut platform = match name {
            "mastodon" => mastodon::platform(),
            "atproto" => atproto::platform(generic),
            "generic" => generic.platform(),
            _ => return None,
        };
        generic.add_to(&mut platform);
        Some(platform)
    }

    /// The names of all presets.
    pub const PRESETS: [&'static str; 3] = ["mastodon", "atproto", "generic"];

    /// What the rules say of a request whose path is spelled plainly.
    pub(super) fn treatment(&self, method: &Method, path: &str) -> Option<Treatment> {
        // What passes is named exactly; what is refused must not come through under another spelling.
        let applies = |(route, treatment): &&(Route, Treatment)| match treatment {
            Treatment::Refuse => route.resembles(method, path),
            Treatment::Pass | Treatment::Upload | Treatment::Upgrade | Treatment::Form => route.names(method, path),
        };
        self.routes.iter().find(applies).map(|(_, treatment)| *treatment)
    }

    pub(super) fn holds(&self, place: Place<'_>) -> Holds {
        let found = self.fields.iter().find(|field| match place {
            Place::Json(steps) => field.place.starts_with('/') && is_at(&field.place, steps),
            Place::Field(name) => field.place == name,
            _ => false,
        });
        found.map_or(Holds::Text(TextFormat::Plain), |field| field.holds)
    }
}

/// Whether a pointer with `*` names the place.
fn is_at(pointer: &str, steps: &[Step<'_>]) -> bool {
    let mut names = pointer.split('/').skip(1);
    let all = steps.iter().all(|step| match (names.next(), step) {
        (Some("*"), _) => true,
        (Some(name), Step::Member(member)) => name == member,
        _ => false,
    });
    all && names.next().is_none()
}

impl Shape {
    /// An answer with the placeholders filled in; neither of the two texts may hold what has a meaning in the template.
    pub(super) fn fill(&self, message: &str, id: &str) -> String {
        self.template.replace("{message}", message).replace("{id}", id)
    }
}

fn fields(holds: Holds, places: impl IntoIterator<Item = String>) -> impl Iterator<Item = Field> {
    places.into_iter().map(move |place| Field { place, holds })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn presets_have_every_rule_that_they_name() {
        let routes = |name: &str| Platform::preset(name, &Generic::default()).map(|platform| platform.routes.len());
        assert_eq!(Platform::PRESETS.map(routes), [Some(5 + mastodon::FORMS.len()), Some(3), Some(0)]);
        assert_eq!(routes("none"), None);
    }

    #[test]
    fn fields_are_found_by_place() {
        let atproto = Platform::preset("atproto", &Generic::default()).unwrap();
        let steps = |path: &'static str| -> Vec<Step<'static>> {
            let step = |name| if name == "0" { Step::Element } else { Step::Member(Cow::Borrowed(name)) };
            path.split('/').skip(1).map(step).collect()
        };
        for (path, expected) in [
            ("/record/facets/0/features/0/uri", Holds::Link),
            ("/record/facets/0/features/0/tag", Holds::Text(TextFormat::Plain)),
            ("/record/facets/0/features", Holds::Text(TextFormat::Plain)),
            ("/record/embed/external/uri", Holds::Link),
            ("/writes/0/value/embed/external/uri", Holds::Link),
            ("/record/text", Holds::Text(TextFormat::Plain)),
        ] {
            assert_eq!(atproto.holds(Place::Json(&steps(path))), expected, "{path}");
        }
    }
}
