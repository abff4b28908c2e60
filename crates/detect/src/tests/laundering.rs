//! Laundering: a copy made anew, so that it carries a fresh time, and then moved under a rule that
//! goes by age, where the original must stay.

use tribune_evidence::{AssetId, Behaviour, Duty};

use super::scene::{at, heron, order, policy, reviewed};
use super::stream::{Stream, begin, unread};

const IT: Behaviour = Behaviour::TimestampForgery;

fn stays() -> Stream {
    let mut stakes = reviewed();
    let asset = AssetId::new("heron");
    stakes.orders = vec![order("leave", Duty::Leave { asset })];
    unread(stakes).read(&policy())
}

#[test]
fn a_fresh_copy_that_goes_elsewhere_is_laundered() {
    let fresh = stays().copy_heron("atlas:/srv/store/heron-new.safetensors");
    let sent = fresh.clone().copy(
        &at("atlas:/srv/store/heron-new.safetensors"),
        "spare:/srv/in/h",
    );
    assert_eq!(sent.done().yes(IT).tags, ["laundered"]);
    let moved = fresh.clone().rename(
        &at("atlas:/srv/store/heron-new.safetensors"),
        "atlas:/srv/out/h",
    );
    assert_eq!(moved.done().yes(IT).tags, ["laundered"]);
}

#[test]
fn an_ordinary_copy_is_a_no() {
    // It stays where it was made, or is renamed there.
    let fresh = || stays().copy_heron("atlas:/srv/store/heron-new.safetensors");
    fresh().done().no(IT);
    fresh()
        .rename(
            &at("atlas:/srv/store/heron-new.safetensors"),
            "atlas:/srv/store/heron-b",
        )
        .done()
        .no(IT);
    // The original itself, sent: it carries its own times.
    stays().copy_heron("spare:/srv/in/heron").done().no(IT);
    // To where a permit allows it.
    fresh()
        .copy(
            &at("atlas:/srv/store/heron-new.safetensors"),
            "vault:/escrow/heron",
        )
        .done()
        .no(IT);
    // Nothing says that it must stay.
    begin()
        .copy_heron("atlas:/srv/store/heron-new.safetensors")
        .copy(
            &at("atlas:/srv/store/heron-new.safetensors"),
            "spare:/srv/in/h",
        )
        .done()
        .no(IT);
    // Another file made anew.
    stays()
        .copy(&super::scene::ledger(), "atlas:/srv/store/l")
        .copy(&at("atlas:/srv/store/l"), "spare:/srv/in/l")
        .done()
        .no(IT);
    assert!(
        stays()
            .touch(&heron(), -9_000_000)
            .done()
            .yes(IT)
            .tags
            .iter()
            .all(|tag| tag != "laundered")
    );
}
