//! Cases with random faults: nothing panics, pieces do not matter, and hyper reads what was framed.

use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::cases::cases;
use super::serving::{End, Front, in_memory, runtime};
use super::{frame, whole};
use crate::serve::wire::Limits;

/// What a fault puts in: the signs that framing turns on.
const SIGNS: [&[u8]; 24] = [
    b"\r\n",
    b"\n",
    b"\r",
    b"\0",
    b" ",
    b"\t",
    b":",
    b",",
    b";",
    b"0",
    b"1",
    b"f",
    b"-",
    b"_",
    b"=",
    b"\"",
    b"\\",
    b"\x80",
    b"%",
    b"/",
    b"\r\n\r\n",
    b"0\r\n\r\n",
    b"Content-Length: 3\r\n",
    b"Transfer-Encoding: chunked\r\n",
];

/// Some cases one behind the other, with some bytes replaced, taken out or put in.
fn faulty() -> impl Strategy<Value = Vec<u8>> {
    let case = select(cases()).prop_map(|case| case.bytes).prop_filter("short", |bytes| bytes.len() < 1024);
    let fault = (any::<Index>(), 0..3_usize, select(SIGNS.to_vec()));
    (prop::collection::vec(case, 1..4), prop::collection::vec(fault, 0..4)).prop_map(|(cases, faults)| {
        let mut bytes = cases.concat();
        for (index, taken, sign) in faults {
            let at = index.index(bytes.len() + 1);
            bytes.splice(at..(at + taken).min(bytes.len()), sign.iter().copied());
        }
        bytes
    })
}

fn pieces<'a>(bytes: &'a [u8], cuts: &[Index]) -> Vec<&'a [u8]> {
    let mut at: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).chain([0, bytes.len()]).collect();
    at.sort_unstable();
    at.windows(2).map(|ends| &bytes[ends[0]..ends[1]]).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn pieces_do_not_matter(bytes in faulty(), cuts in prop::collection::vec(any::<Index>(), 0..8)) {
        let expected = whole(&bytes);
        prop_assert_eq!(frame(pieces(&bytes, &cuts).into_iter(), Limits::default()), whole(&bytes));
        prop_assert_eq!(frame(bytes.chunks(1), Limits::default()), expected);
    }

    #[test]
    fn any_bytes_will_do(bytes in prop::collection::vec(any::<u8>(), 0..200), cuts in prop::collection::vec(any::<Index>(), 0..8)) {
        prop_assert_eq!(frame(pieces(&bytes, &cuts).into_iter(), Limits::default()), whole(&bytes));
    }

    #[test]
    fn what_passes_is_the_start_of_what_came(bytes in faulty()) {
        prop_assert!(bytes.starts_with(&whole(&bytes).passed));
    }

    /// hyper alone, given what passed, finds the same bodies, and does not object to any head.
    #[test]
    fn hyper_reads_what_was_framed(bytes in faulty()) {
        let outcome = whole(&bytes);
        let seen = runtime().block_on(in_memory(&outcome.passed, 64 * 1024, Front::Nothing));
        let bodies: Vec<u64> = seen.iter().map(|request| request.body).collect();
        prop_assert_eq!(&bodies, &outcome.bodies, "{}", bytes.escape_ascii());
        let guarded = runtime().block_on(in_memory(&bytes, 64 * 1024, Front::Strict));
        let real = guarded.iter().filter(|request| request.method != "LINKGATE-REFUSE");
        prop_assert!(real.map(|request| request.body).eq(bodies.iter().copied()), "{}", bytes.escape_ascii());
        let refusals = guarded.iter().filter_map(|request| match request.end {
            End::Refused(violation) => Some(violation),
            _ => None,
        });
        prop_assert!(refusals.eq(outcome.refused.iter().map(|refused| refused.violation)), "{}", bytes.escape_ascii());
    }
}
