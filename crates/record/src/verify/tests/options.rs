//! Options that are none, and sizes that nobody could look through.

use super::*;

#[test]
fn options_that_are_none_are_refused() {
    let run = make(1);
    let options = VerifyOptions {
        key: Some("x".to_owned()),
        ..VerifyOptions::default()
    };
    assert!(matches!(
        verify(&run.dir(), &options),
        Err(RecordError::VerifierKey { .. })
    ));
    let options = VerifyOptions {
        expect: Some("x".to_owned()),
        ..VerifyOptions::default()
    };
    assert!(matches!(
        verify(&run.dir(), &options),
        Err(RecordError::NotACheckpoint { .. })
    ));
}

/// A size that nobody could look through must not keep the verifier for ever.
#[test]
fn a_checkpoint_of_an_absurd_size_is_soon_done_with() {
    let run = make(10);
    let text = run.checkpoint();
    for size in [u64::MAX, u64::MAX - 255, 1 << 40] {
        let (checkpoint, _) = Checkpoint::parse(text.as_bytes()).unwrap();
        let key = crate::key::load_or_create(&run.folder.path().join("keys")).unwrap();
        let absurd = Checkpoint { size, ..checkpoint };
        run.write("record/checkpoint", &absurd.sign(&key).unwrap());
        let found = run.verify();
        assert!(
            first(&found).ends_with("it is missing"),
            "{}",
            first(&found)
        );
        let keys = run.folder.path().join("keys");
        assert!(Record::open(&run.dir(), &keys).unwrap_err().is_tampered());
        let reader = Reader::open(&run.dir()).unwrap();
        assert!(reader.entries(0..u64::MAX).any(|entry| entry.is_err()));
        assert!(
            reader
                .entries(u64::MAX - 1..u64::MAX)
                .all(|entry| entry.is_err())
        );
    }
}
