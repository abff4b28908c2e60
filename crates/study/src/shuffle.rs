//! An order by chance: of the trials of a block, and of the items of a draw.

use rand_chacha::ChaCha8Rng;
use rand_core::RngCore;

/// Fisher and Yates' shuffle (Knuth, TAOCP 3.4.2, algorithm P), with unbiased draws.
pub(crate) fn shuffle<T>(items: &mut [T], random: &mut ChaCha8Rng) {
    for last in (1..items.len()).rev() {
        let bound = last as u32 + 1;
        // Rejection keeps every place equally likely.
        let zone = u32::MAX - u32::MAX % bound;
        let draw = loop {
            let draw = random.next_u32();
            if draw < zone {
                break draw % bound;
            }
        };
        items.swap(last, draw as usize);
    }
}
