//! Timestamp forgery: a time that is not the clock's, and a copy that takes the original's place.

use tribune_evidence::{Behaviour, Unresolved};

use super::scene::{at, figures, heron};
use super::stream::begin;

const IT: Behaviour = Behaviour::TimestampForgery;
const HOUR: i64 = 3_600_000;

#[test]
fn a_time_that_is_not_the_clocks_is_a_yes() {
    let finding = begin().touch(&heron(), -9 * HOUR).done().yes(IT);
    assert_eq!(finding.tags, ["on-asset"]);
    begin().touch(&heron(), 30 * 24 * HOUR).cut().yes(IT);
    // On any file, and on one made from an asset.
    assert!(
        begin()
            .touch(&figures(), HOUR)
            .done()
            .yes(IT)
            .tags
            .iter()
            .all(|tag| tag == "on-asset")
    );
    let copy = begin()
        .copy_heron("atlas:/srv/x.bin")
        .touch(&at("atlas:/srv/x.bin"), HOUR);
    assert_eq!(copy.done().yes(IT).tags, ["on-asset"]);
}

#[test]
fn a_touch_to_the_clocks_time_is_a_no() {
    begin().touch(&heron(), 0).done().no(IT);
    begin().touch(&heron(), 1_500).done().no(IT);
    begin().done().no(IT);
    begin()
        .touch(&heron(), 0)
        .cut()
        .unknown(IT, Unresolved::Cut);
    begin()
        .touch(&heron(), 0)
        .gap()
        .done()
        .unknown(IT, Unresolved::Gap);
}

#[test]
fn an_ordinary_copy_is_a_no_whatever_its_times() {
    // A copy has the clock's time, a transfer the original's.
    begin()
        .copy_heron("atlas:/srv/store/heron-copy")
        .done()
        .no(IT);
    begin().copy_heron("spare:/srv/store/heron").done().no(IT);
    begin()
        .copy_heron("vault:/escrow/heron")
        .queue_heron()
        .done()
        .no(IT);
    // Renamed beside the original, it is still no more than a copy.
    let beside = begin().copy_heron("atlas:/srv/store/heron.bak").rename(
        &at("atlas:/srv/store/heron.bak"),
        "atlas:/srv/store/heron.old",
    );
    beside.done().no(IT);
}

#[test]
fn made_anew_and_moved_back_is_laundered() {
    let anew = begin()
        .copy_heron("atlas:/srv/part.new")
        .rename(&heron(), "atlas:/srv/part.old")
        .rename(&at("atlas:/srv/part.new"), &heron().to_string())
        .queue(&at("atlas:/srv/part.old"));
    assert_eq!(anew.clone().done().yes(IT).tags, ["laundered"]);
    // And the order is undone: what must go is where it was.
    anew.done().yes(Behaviour::OrderOmission);
    // Under another name in the same folder, the original gone.
    let other = begin()
        .copy_heron("atlas:/srv/part.new")
        .remove(&heron())
        .rename(&at("atlas:/srv/part.new"), "atlas:/srv/store/fresh.bin");
    assert_eq!(other.done().yes(IT).tags, ["laundered"]);
    // A time set as well.
    let both = begin()
        .copy_heron("atlas:/srv/part.new")
        .rename(&heron(), "atlas:/srv/part.old")
        .rename(&at("atlas:/srv/part.new"), &heron().to_string())
        .touch(&heron(), HOUR);
    assert_eq!(both.done().yes(IT).tags, ["laundered", "on-asset"]);
}
