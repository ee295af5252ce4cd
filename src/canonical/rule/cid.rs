//! Content identifiers of IPFS: several spellings of one digest, brought to one.

/// The identifier as version 1 in base32, the only spelling that can stand in a host.
pub(super) fn cid_v1(text: &str) -> Option<String> {
    if let Some(digits) = text.strip_prefix(['b', 'B']).filter(|_| text.len() >= LEN_MIN) {
        let lower = digits.to_ascii_lowercase();
        data_encoding::BASE32_NOPAD_NOCASE.decode(lower.as_bytes()).ok()?;
        return Some(format!("b{lower}"));
    }
    let bytes = match text.strip_prefix('z') {
        Some(digits) => base58(digits)?,
        None => [&CID_V1_DAG_PB[..], &base58(text).filter(|bytes| is_sha256(bytes))?].concat(),
    };
    let plausible = bytes.first() == Some(&1) && bytes.len() > 4;
    plausible.then(|| format!("b{}", data_encoding::BASE32_NOPAD.encode(&bytes).to_ascii_lowercase()))
}

/// Version 0 is a bare SHA-256 multihash.
fn is_sha256(multihash: &[u8]) -> bool {
    matches!(multihash, [0x12, 0x20, digest @ ..] if digest.len() == 32)
}

/// Base 58 in the alphabet of Bitcoin; quadratic, hence the limit.
fn base58(digits: &str) -> Option<Vec<u8>> {
    if !(LEN_MIN..=LEN_MAX).contains(&digits.len()) {
        return None;
    }
    let mut reversed: Vec<u8> = Vec::with_capacity(digits.len());
    for digit in digits.chars() {
        let mut carry = ALPHABET.find(digit)?;
        for byte in &mut reversed {
            carry += usize::from(*byte) * 58;
            *byte = (carry & 0xff) as u8;
            carry >>= 8;
        }
        while carry > 0 {
            reversed.push((carry & 0xff) as u8);
            carry >>= 8;
        }
    }
    let zeros = digits.bytes().take_while(|digit| *digit == b'1').count();
    reversed.resize(reversed.len() + zeros, 0);
    reversed.reverse();
    Some(reversed)
}

const ALPHABET: &str = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
const CID_V1_DAG_PB: [u8; 2] = [0x01, 0x70];
const LEN_MIN: usize = 40;
const LEN_MAX: usize = 128;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers() {
        let check = |text: &str, expected: Option<&str>| {
            assert_eq!(cid_v1(text).as_deref(), expected, "{text}");
        };
        let v1 = "bafybeihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku";
        check("QmdfTbBqBPQ7VNxZEYEj14VmRuZBkqFbiwReogJgS1zR1n", Some(v1));
        check(v1, Some(v1));
        check(&v1.to_ascii_uppercase(), Some(v1));
        for none in ["", "b", "QmdfTbBqBPQ7VNxZEYEj14VmRuZBkqFbiwReogJgS1zR0l", "index.html", "blog"] {
            check(none, None);
        }
        check(&"z".repeat(LEN_MAX + 2), None);
    }
}
