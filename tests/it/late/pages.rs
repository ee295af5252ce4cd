//! Pages that lead on, and places that answer one way here and another there.

use std::io::Write as _;

use super::{PATIENT, Stand, check, told};

fn told_of(stand: &Stand, server: &crate::serve::Serving, place: &str) -> [String; 4] {
    told(&check(server, &stand.post(place)).0).map(str::to_owned)
}

/// A page with so many links besides one to a listed place, which is the last or the first.
fn page_of(stand: &Stand, others: usize, listed_is: usize) -> String {
    let link = |place: String| format!("<a href=\"{}\">x</a>\n", stand.web.url(&place));
    let mut links: Vec<_> = (0..others).map(|number| link(format!("end{number}.test/"))).collect();
    links.insert(listed_is, link("listed.test/x".into()));
    links.concat()
}

#[test]
fn of_a_long_page_the_beginning_counts_and_the_rest_is_not_hidden() {
    let stand = Stand::new();
    let server = stand.serve(&format!("{PATIENT}[fetch]\npage_max_bytes = 40000\n"));
    let cases = [
        ("all", page_of(&stand, 199, 199), ["reject", "listed", "-", "listed"]),
        ("many-first", page_of(&stand, 200, 0), ["reject", "listed", "-", "listed"]),
        ("many-last", page_of(&stand, 200, 200), ["flag", "undetermined", "redirect_unfinished", "hops"]),
        ("long-first", page_of(&stand, 0, 0) + &" ".repeat(40_000), ["reject", "listed", "-", "listed"]),
        (
            "long-last",
            " ".repeat(40_000) + &page_of(&stand, 0, 0),
            ["flag", "undetermined", "redirect_unfinished", "hops"],
        ),
        ("short", " ".repeat(10_000), ["allow", "unlisted", "-", "arrived"]),
    ];
    for (path, page, expected) in cases {
        let place = format!("pages.test/{path}");
        stand.web.page(&place, "text/html", page.as_bytes());
        let (report, _) = check(&server, &stand.post(&place));
        assert_eq!(told(&report), expected, "{path}");
        assert!(report["check_id"].is_null(), "{path}: another time it is as long");
    }
    assert_eq!(stand.web.counts(["listed.test"]), [0]);
}

#[test]
fn a_packed_page_is_unpacked_no_further_than_any_other() {
    let stand = Stand::new();
    let server = stand.serve(PATIENT);
    for (path, blanks, expected) in [("small", 1_000, "reject"), ("bomb", 64 << 20, "flag")] {
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packer.write_all(&vec![b' '; blanks]).unwrap();
        packer.write_all(page_of(&stand, 0, 0).as_bytes()).unwrap();
        let place = format!("pages.test/{path}");
        stand.web.page(&place, "text/html\r\nContent-Encoding: gzip", &packer.finish().unwrap());
        let told = told_of(&stand, &server, &place);
        assert_eq!(told[0], expected, "{path}: {told:?}");
        assert_eq!(told[3], if expected == "flag" { "hops" } else { "listed" }, "{path}: {told:?}");
    }
}

#[test]
fn pages_are_read_in_their_charset() {
    let stand = Stand::new();
    let server = stand.serve(PATIENT);
    let page = page_of(&stand, 0, 0);
    let little: Vec<u8> = page.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let marked: Vec<u8> = [0xFE, 0xFF].into_iter().chain(page.encode_utf16().flat_map(u16::to_be_bytes)).collect();
    stand.web.page("pages.test/named", "text/html; charset=\"UTF-16LE\"", &little);
    stand.web.page("pages.test/marked", "text/html", &marked);
    for place in ["pages.test/named", "pages.test/marked"] {
        assert_eq!(told_of(&stand, &server, place), ["reject", "listed", "-", "listed"], "{place}");
    }
}

#[test]
fn two_ways_to_one_place_are_no_loop_and_a_way_back_is_one() {
    let stand = Stand::new();
    stand.web.chain(&["a.test/1", "c.test/1", "end.test/"]);
    stand.web.chain(&["b.test/1", "c.test/1"]);
    stand.web.chain(&["b.test/back", "pages.test/loop"]);
    for (path, places) in [("twice", ["a.test/1", "b.test/1"]), ("loop", ["a.test/1", "b.test/back"])] {
        let page = places.map(|place| format!("<a href=\"{}\">x</a>", stand.web.url(place))).concat();
        stand.web.page(&format!("pages.test/{path}"), "text/html", page.as_bytes());
    }
    let server = stand.serve(PATIENT);
    assert_eq!(told_of(&stand, &server, "pages.test/twice"), ["allow", "unlisted", "-", "arrived"]);
    assert_eq!(told_of(&stand, &server, "pages.test/loop"), ["flag", "undetermined", "redirect_unfinished", "loop"]);
    assert_eq!(stand.web.counts(["c.test"]), [1]);
}

#[test]
fn the_head_of_a_stranger_proves_nothing() {
    let stand = Stand::new();
    stand.web.lies_to_heads("stranger.test/1", "listed.test/4", "stranger.test/2");
    let server = stand.serve(&format!("{PATIENT}[fetch]\nfollow = \"all\"\n"));
    assert_eq!(told_of(&stand, &server, "stranger.test/1"), ["reject", "listed", "-", "listed"]);
    assert_eq!(stand.web.counts(["stranger.test", "listed.test"]), [1, 0]);
}

#[test]
fn a_fragment_is_inherited_as_browsers_do() {
    let stand = Stand::new();
    let rule = "[[rule]]\nname = \"group\"\nhost = \"group.test\"\nfragment = \"{code}\"\n\
                gives = \"https://group.test/{code}\"\nsource = \"a test\"\n";
    stand.files.file("aliases.toml", rule);
    stand.files.file("list.txt", "https://group.test/bad\n");
    stand.web.chain(&["a.test/1", "b.test/2", "group.test/"]);
    stand.web.chain(&["c.test/own", "group.test/#fine"]);
    let server = stand.serve(PATIENT);
    for (place, action) in
        [("a.test/1", "allow"), ("a.test/1#bad", "reject"), ("a.test/1#fine", "allow"), ("c.test/own#bad", "allow")]
    {
        assert_eq!(told_of(&stand, &server, place)[0], action, "{place}");
    }
    assert_eq!(stand.web.counts(["a.test", "b.test", "c.test", "group.test"]), [1, 1, 1, 0], "asked without it");
}
