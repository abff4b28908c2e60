//! Makers and families of models are taken out of what a judge is shown. They are named here, since no
//! source of the room may name them.
#![allow(clippy::unwrap_used, reason = "tests")]

use tribune_judge::{Blind, Name};

#[test]
fn makers_and_families_are_taken_out_as_whole_words() {
    let blind = Blind::new([
        (Name::Model, "acme/fable-7"),
        (Name::Party, "Bo"),
        (Name::Party, "Rowan"),
    ])
    .unwrap();
    for (text, blinded) in [
        (
            "As Claude 4.5 I differ from GPT-5.2 and gemini-3.",
            "As [model] I differ from [model] and [model].",
        ),
        ("ACME/FABLE-7 here", "[model] here"),
        (
            "the googled opustone of Grokking",
            "the googled opustone of Grokking",
        ),
        ("Bo, bob and rowan-7b", "[party], bob and [party]-7b"),
    ] {
        assert_eq!(blind.apply(text), blinded);
    }
    assert!(Blind::new([(Name::Party, "x".repeat(300).as_str())]).is_err());
}
