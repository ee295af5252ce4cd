//! Labels of figures. Their values are names of this program, and names that the operator gives lists and overrides.

use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue};

/// Labels of requests.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
#[expect(missing_docs, reason = "the label's own name says it")]
pub struct Request {
    pub door: &'static str,
    pub outcome: &'static str,
    pub platform: &'static str,
}

/// Labels of posts.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
#[expect(missing_docs, reason = "the label's own name says it")]
pub struct Post {
    pub door: &'static str,
    pub action: Action,
}

/// An action as a label.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EncodeLabelValue)]
#[expect(non_camel_case_types, missing_docs, reason = "the names are those of reports")]
pub enum Action {
    allow,
    flag,
    hold,
    reject,
}

/// Labels of posts that nobody looked at.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
#[expect(missing_docs, reason = "the label's own name says it")]
pub struct Unchecked {
    pub door: &'static str,
    pub reason: &'static str,
}

/// The label of a door.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
#[expect(missing_docs, reason = "the label's own name says it")]
pub struct Door {
    pub door: &'static str,
}

/// The label of a limit.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
#[expect(missing_docs, reason = "the label's own name says it")]
pub struct Limit {
    pub limit: &'static str,
}

/// The label of an outcome.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
#[expect(missing_docs, reason = "the label's own name says it")]
pub struct Outcome {
    pub outcome: &'static str,
}

/// The label of a state.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
#[expect(missing_docs, reason = "the label's own name says it")]
pub struct State {
    pub state: &'static str,
}

/// The label of a list.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
#[expect(missing_docs, reason = "the label's own name says it")]
pub struct List {
    pub list: String,
}

/// The labels of a list's canary.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
#[expect(missing_docs, reason = "the labels' own names say it")]
pub struct Canary {
    pub list: String,
    pub door: &'static str,
}

/// The labels of attempts to update a list.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
#[expect(missing_docs, reason = "the labels' own names say it")]
pub struct ListUpdate {
    pub list: String,
    pub outcome: String,
}

/// The labels of what a publisher tells of prefixes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
#[expect(missing_docs, reason = "the labels' own names say it")]
pub struct WholeHash {
    pub list: String,
    pub outcome: &'static str,
}

/// The label of what runs.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
#[expect(missing_docs, reason = "the label's own name says it")]
pub struct Build {
    pub version: &'static str,
}

/// The label of a reason.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
#[expect(missing_docs, reason = "the label's own name says it")]
pub struct Reason {
    pub reason: &'static str,
}

/// The label of how a redirect chain ended.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
#[expect(missing_docs, reason = "the label's own name says it")]
pub struct Stop {
    pub stop: &'static str,
}
