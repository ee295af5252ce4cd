//! Where a page sends its reader by itself: `<meta http-equiv="refresh" content="0;url=/there">`.

use super::client::refreshed;

/// A longer tag is none of those.
const TAG_MAX_BYTES: usize = 4_096;

/// The target, as written, of the first tag that has one.
pub(super) fn refresh(page: &str) -> Option<String> {
    let lower = page.to_ascii_lowercase();
    let mut from = 0;
    while let Some(found) = lower.get(from..)?.find("<meta") {
        let start = from + found;
        let end = lower.get(start..)?.find('>').map_or(lower.len(), |length| start + length);
        if end - start <= TAG_MAX_BYTES && lower.get(start..end)?.contains("refresh") {
            let target = content(page.get(start..end)?, lower.get(start..end)?);
            if target.is_some() {
                return target;
            }
        }
        from = end.max(start + 1);
    }
    None
}

fn content(tag: &str, lower: &str) -> Option<String> {
    let at = lower.find("content")? + "content".len();
    let value = tag.get(at..)?.trim_start().strip_prefix('=')?.trim_start();
    let value = match value.chars().next()? {
        quote @ ('"' | '\'') => value.get(1..)?.split(quote).next()?,
        _ => value.split_ascii_whitespace().next()?,
    };
    refreshed(&htmlize::unescape(value)).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_that_send_on() {
        for (page, expected) in [
            (r#"<META HTTP-EQUIV="Refresh" CONTENT="0;URL=/Go?a=1&amp;b=2">"#, Some("/Go?a=1&b=2")),
            (
                "<meta charset=utf-8><meta content='3; url=https://a.example/' http-equiv=refresh>",
                Some("https://a.example/"),
            ),
            ("<meta http-equiv=refresh content=0;url=/x>", Some("/x")),
            ("<meta name=description content=refresh>", Some("refresh")),
            ("<meta http-equiv=refresh content=5>", None),
            ("<meta charset=utf-8>", None),
            ("<meta http-equiv=refresh", None),
            ("", None),
        ] {
            assert_eq!(refresh(page).as_deref(), expected, "{page}");
        }
    }
}
