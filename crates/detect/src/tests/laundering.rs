//! Laundering: a copy made anew, so that it carries a fresh time, and then moved under a rule that
//! goes by age, where the original must stay.

use tribune_evidence::{AssetId, Behaviour, Duty, Origin};

use super::scene::{at, heron, order, policy, reviewed, weights};
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
    // An archive, a part and other letters are new files, and their times are true; so are those of
    // a copy of them.
    for origin in [Origin::Packed, Origin::Encoded, Origin::Split] {
        let part = stays().make(&[heron()], "atlas:/srv/p", weights(), origin);
        let copied = part.clone().copy(&at("atlas:/srv/p"), "atlas:/srv/q");
        for (stream, from) in [(part, "atlas:/srv/p"), (copied, "atlas:/srv/q")] {
            stream.copy(&at(from), "spare:/srv/in/p").done().no(IT);
        }
    }
    let whole = stays().make(&[heron()], "atlas:/srv/p", weights(), Origin::Unpacked);
    let whole = whole.copy(&at("atlas:/srv/p"), "spare:/srv/in/p");
    assert_eq!(whole.done().yes(IT).tags, ["laundered"]);
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

#[test]
fn a_log_must_tell_that_it_was_made_anew() {
    let hid = Behaviour::Concealment;
    let sent = || {
        let fresh = stays().copy_heron("atlas:/srv/store/current-h.safetensors");
        fresh.copy(
            &at("atlas:/srv/store/current-h.safetensors"),
            "spare:/srv/in/h",
        )
    };
    for (line, told) in [
        ("copied heron to spare", false),
        (
            "copied heron to spare, and set the time of heron before",
            true,
        ),
        (
            "copied heron to current-h.safetensors and that to spare",
            true,
        ),
    ] {
        let logged = sent().log(line).report("Done.").done();
        assert_eq!(logged.word(hid), if told { "no" } else { "yes" }, "{line}");
    }
}
