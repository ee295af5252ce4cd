//! Every limit of the guards, with its unit and what it is by default.

/// What is still believed without a human.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GuardOptions {
    /// A `label` entry with fewer letters and digits waits.
    pub label_min_letters: usize,
    /// A network of IPv4 addresses with a shorter prefix waits; 16 is 65,536 addresses.
    pub network_v4_min_bits: u8,
    /// The same for IPv6; 32 is what a registry gives a provider.
    pub network_v6_min_bits: u8,
    /// An update that holds back more entries waits as a whole, and no more of them are named.
    pub held_max_entries: usize,
    /// A list may grow by this share of what it had.
    pub growth_max_share: f64,
    /// A list may shrink by this share of what it had.
    pub shrink_max_share: f64,
    /// A change of no more entries than this is never a jump: small lists move a lot.
    pub size_floor_entries: u64,
    /// This share of lines may be bad; entries that are refused as too wide do not count.
    pub bad_lines_max_share: f64,
    /// An update may newly match this share of what was checked lately.
    pub newly_matched_max_share: f64,
    /// So few newly matched posts are no share of anything.
    pub newly_matched_floor_posts: u64,
}

impl Default for GuardOptions {
    fn default() -> Self {
        Self {
            label_min_letters: 5,
            network_v4_min_bits: 16,
            network_v6_min_bits: 32,
            held_max_entries: 1_000,
            growth_max_share: 0.3,
            shrink_max_share: 0.3,
            size_floor_entries: 100,
            bad_lines_max_share: 0.01,
            newly_matched_max_share: 0.001,
            newly_matched_floor_posts: 2,
        }
    }
}
