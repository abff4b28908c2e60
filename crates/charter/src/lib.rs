//! The charter: values in tiers and rules that serve them, to verdicts with their reasons.
