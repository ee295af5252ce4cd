//! Any file in every format of lists: nothing panics, and every line is accounted for.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use linkgate::canonical::Tables;
use linkgate::lists::{self, Format, Options};

static TABLES: LazyLock<Tables> = LazyLock::new(|| Tables::shipped().expect("the shipped tables can be read"));

fuzz_target!(|body: &[u8]| {
    lists::detect(body);
    let _ = lists::unpack(body, &options());
    for format in Format::ALL {
        let mut entries = 0;
        let read = lists::read(body, format, &options(), &TABLES, &mut |_| entries += 1);
        let Ok(report) = read else { continue };
        let told = report.taken + report.refused() + report.ignored();
        assert_eq!(told, report.lines, "{}: lines are taken, refused or ignored", format.name());
        assert_eq!(entries, report.entries, "{}: entries are counted", format.name());
        assert!(report.entries >= report.taken, "{}: a line that is taken gives an entry", format.name());
    }
});

fn options() -> Options {
    Options { bytes_max: 1 << 20, ..Options::default() }
}
