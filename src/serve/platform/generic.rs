//! A platform that is described by configuration alone.

use http::StatusCode;

use crate::extract::TextFormat;

use super::{Holds, Platform, Route, Shape, Treatment, fields};

/// What configuration says of a platform.
#[derive(Debug, Clone, Default)]
pub struct Generic {
    /// Fields of HTML: JSON pointers with `*`, or names of form fields.
    pub html: Vec<String>,
    /// Fields of Markdown.
    pub markdown: Vec<String>,
    /// Fields that are a link as a whole.
    pub links: Vec<String>,
    /// Requests whose body passes unread.
    pub pass: Vec<Route>,
    /// Multipart uploads of any size: texts are read, files pass.
    pub uploads: Vec<Route>,
    /// Requests that may become a WebSocket.
    pub upgrades: Vec<Route>,
    /// Forms that may name another method in `_method`.
    pub forms: Vec<Route>,
    /// How a refusal looks; the default is a problem of RFC 9457 with status 422.
    pub refusal: Option<Refusal>,
    /// AT Protocol: whole repositories may be imported although nobody reads what is in them.
    pub pass_imports: bool,
}

/// How a platform refuses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// From 400 to 499.
    pub status: StatusCode,
    /// Of the body.
    pub content_type: String,
    /// The body, with `{message}` and `{id}` where those belong.
    pub template: String,
}

const PROBLEM: &str = r#"{"type":"about:blank","title":"{message}","status":422,"request_id":"{id}"}"#;

impl Generic {
    pub(super) fn platform(&self) -> Platform {
        let problem = || Shape {
            status: StatusCode::UNPROCESSABLE_ENTITY,
            content_type: "application/problem+json".into(),
            template: PROBLEM.into(),
        };
        let own = self.refusal.clone().map(|refusal| Shape {
            status: refusal.status,
            content_type: refusal.content_type.into(),
            template: refusal.template.into(),
        });
        Platform { name: "generic", fields: Vec::new(), routes: Vec::new(), refusal: own.unwrap_or_else(problem) }
    }

    /// What configuration adds to a preset, this one or another.
    pub(super) fn add_to(&self, platform: &mut Platform) {
        let holds = [
            (Holds::Text(TextFormat::Html), &self.html),
            (Holds::Text(TextFormat::Markdown), &self.markdown),
            (Holds::Link, &self.links),
        ];
        platform.fields.extend(holds.into_iter().flat_map(|(holds, places)| fields(holds, places.iter().cloned())));
        let routes = [
            (Treatment::Pass, &self.pass),
            (Treatment::Upload, &self.uploads),
            (Treatment::Upgrade, &self.upgrades),
            (Treatment::Form, &self.forms),
        ];
        let named =
            routes.into_iter().flat_map(|(treatment, rules)| rules.iter().cloned().map(move |rule| (rule, treatment)));
        platform.routes.extend(named);
    }
}
