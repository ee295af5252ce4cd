//! Where platforms put the parts of a post in their exports and streams.

use crate::extract::TextFormat;

use super::field::{Fields, Others, Pointer, TextField};

/// An export of a platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Preset {
    /// A Mastodon archive or its scheduled posts, an `ActivityPub` outbox, activities or notes as JSON lines.
    ActivityPub,
    /// Records of Bluesky: Jetstream events, `listRecords`, bare records.
    Bluesky,
    /// A Discourse user archive, or posts as its API gives them.
    Discourse,
    /// Posts and comments of Lemmy, as its API gives them or as tables.
    Lemmy,
}

/// The places of one preset. Those that begin with `~` stand below each of the roots.
struct Places {
    roots: &'static [&'static str],
    /// Alternatives; the first that a record has is its id.
    id: &'static [&'static [&'static str]],
    plain: &'static [&'static str],
    html: &'static [&'static str],
    markdown: &'static [&'static str],
    links: &'static [&'static str],
    time: &'static [&'static str],
    items: &'static [&'static str],
}

/// `ActivityStreams` 2.0 vocabulary; `quoteUrl` and `quoteUri` are what servers add to it. `params` is what Mastodon keeps of
/// a scheduled post in its table `scheduled_statuses`: the request that made it.
const ACTIVITYPUB: Places = Places {
    roots: &["/object", ""],
    id: &[&["/object/id"], &["/id"]],
    plain: &["/params/text", "/params/spoiler_text", "/params/poll/options/*"],
    html: &[
        "~/content",
        "~/contentMap/*",
        "~/summary",
        "~/name",
        "~/oneOf/*/name",
        "~/anyOf/*/name",
        "~/attachment/*/name",
        "~/attachment/*/value",
        "~/source/content",
    ],
    markdown: &[],
    links: &[
        // A boost is an activity whose object is an address.
        "/object",
        "~/url",
        "~/url/*/href",
        "~/attachment/*/url",
        "~/attachment/*/href",
        "~/tag/*/href",
        // JSON-LD writes a list of one as its only element.
        "~/url/href",
        "~/attachment/url",
        "~/attachment/href",
        "~/tag/href",
        "~/quoteUrl",
        "~/quoteUri",
    ],
    time: &["/published", "/object/published", "/scheduled_at"],
    items: &["/orderedItems", "/first/orderedItems", "/items"],
};

/// Lexicons `app.bsky.feed.post`, `app.bsky.actor.profile`, `chat.bsky.convo.defs`.
const BLUESKY: Places = Places {
    roots: &["/commit/record", "/record", "/value", ""],
    id: &[&["/did", "/commit/collection", "/commit/rkey"], &["/uri"], &["/did", "/rkey"], &["/id"]],
    plain: &[
        "~/text",
        "~/displayName",
        "~/description",
        "~/embed/external/title",
        "~/embed/external/description",
        "~/embed/images/*/alt",
        "~/embed/alt",
        "~/embed/media/external/title",
        "~/embed/media/external/description",
        "~/embed/media/images/*/alt",
        "~/embed/media/alt",
    ],
    html: &[],
    markdown: &[],
    links: &["~/facets/*/features/*/uri", "~/embed/external/uri", "~/embed/media/external/uri", "~/website"],
    time: &["~/createdAt", "/time_us", "/indexedAt"],
    items: &["/records", "/feed", "/posts"],
};

/// The columns of `user_archive.csv`, and the fields of `PostSerializer`.
const DISCOURSE: Places = Places {
    roots: &["", "/post"],
    id: &[&["/id"], &["/url"]],
    plain: &["~/title", "~/topic_title"],
    html: &["~/cooked", "~/post_cooked"],
    markdown: &["~/raw", "~/post_raw"],
    links: &["~/link_counts/*/url", "~/featured_link"],
    time: &["/created_at"],
    items: &["/latest_posts", "/post_stream/posts", "/posts"],
};

/// The tables `post`, `comment` and `private_message`, and the views of the API around them.
const LEMMY: Places = Places {
    roots: &["/comment", "/post", "/private_message", ""],
    id: &[
        &["/comment/ap_id"],
        &["/comment/id"],
        &["/post/ap_id"],
        &["/post/id"],
        &["/private_message/id"],
        &["/ap_id"],
        &["/id"],
    ],
    plain: &["~/name", "~/alt_text", "~/embed_title", "~/embed_description"],
    html: &[],
    markdown: &["~/body", "~/content"],
    links: &["~/url", "~/embed_video_url", "~/thumbnail_url"],
    time: &["~/published"],
    items: &["/posts", "/comments", "/private_messages"],
};

impl Preset {
    /// All presets with the names that the command line takes.
    pub const ALL: [(&str, Self); 5] = [
        ("mastodon", Self::ActivityPub),
        ("activitypub", Self::ActivityPub),
        ("bluesky", Self::Bluesky),
        ("discourse", Self::Discourse),
        ("lemmy", Self::Lemmy),
    ];

    /// The preset of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(known, _)| *known == name).map(|(_, preset)| *preset)
    }

    /// Where everything stands.
    pub fn fields(self) -> Fields {
        match self {
            Self::ActivityPub => &ACTIVITYPUB,
            Self::Bluesky => &BLUESKY,
            Self::Discourse => &DISCOURSE,
            Self::Lemmy => &LEMMY,
        }
        .fields()
    }
}

impl Places {
    fn fields(&self) -> Fields {
        let texts =
            [(self.plain, TextFormat::Plain), (self.html, TextFormat::Html), (self.markdown, TextFormat::Markdown)];
        let texts = texts
            .into_iter()
            .flat_map(|(places, format)| self.pointers(places).into_iter().map(move |at| TextField { at, format }));
        Fields {
            id: self.id.iter().map(|parts| self.pointers(parts)).collect(),
            texts: texts.collect(),
            links: self.pointers(self.links),
            time: self.pointers(self.time),
            format: None,
            items: self.pointers(self.items),
            required: Vec::new(),
            others: Others::Expected,
        }
    }

    fn pointers(&self, places: &[&str]) -> Vec<Pointer> {
        let rooted = places.iter().flat_map(|place| match place.strip_prefix('~') {
            Some(rest) => self.roots.iter().map(|root| format!("{root}{rest}")).collect(),
            None => vec![(*place).to_owned()],
        });
        // The tables above are constants, and a test reads every one of them.
        rooted.filter_map(|place| place.parse().ok()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_can_be_read() {
        for places in [&ACTIVITYPUB, &BLUESKY, &DISCOURSE, &LEMMY] {
            let all = [places.plain, places.html, places.markdown, places.links, places.time, places.items];
            for place in all.into_iter().flatten().chain(places.id.iter().copied().flatten()) {
                let expected = if place.starts_with('~') { places.roots.len() } else { 1 };
                assert_eq!(places.pointers(&[place]).len(), expected, "{place}");
            }
        }
    }
}
