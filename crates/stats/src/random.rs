//! A small source of numbers that look random and repeat exactly: resampling is a pure function of
//! its seed, on every machine.
//!
//! Source: SplitMix64 of Steele, Lea and Flood 2014, OOPSLA, "Fast splittable pseudorandom number
//! generators". For resampling only; it keeps no secrets.

/// The generator: one number of state.
#[derive(Debug, Clone)]
pub(crate) struct SplitMix64(u64);

impl SplitMix64 {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A place in a list of `count`, which must not be 0. Places differ in probability by less than
    /// count / 2^64.
    pub(crate) fn place(&mut self, count: usize) -> usize {
        ((u128::from(self.next()) * count as u128) >> 64) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_sequence() {
        // The first five of seed 1234567, as printed for every implementation of it.
        let mut source = SplitMix64::new(1_234_567);
        for right in [
            6_457_827_717_110_365_317,
            3_203_168_211_198_807_973,
            9_817_491_932_198_370_423,
            4_593_380_528_125_082_431,
            16_408_922_859_458_223_821_u64,
        ] {
            assert_eq!(source.next(), right);
        }
    }

    #[test]
    fn places_stay_inside_and_are_spread() {
        let mut source = SplitMix64::new(7);
        let mut seen = [0_u32; 7];
        for _ in 0..7000 {
            seen[source.place(7)] += 1;
        }
        assert!(
            seen.iter().all(|count| (850..1150).contains(count)),
            "{seen:?}"
        );
    }
}
