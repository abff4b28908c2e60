//! What is made of sources and archives, and what hostile archives cannot do.

use proptest::prelude::*;

use super::*;

fn heron() -> Source {
    Source::Weights {
        key: "heron".to_owned(),
        size: 256 * 1024,
    }
}

#[test]
fn weights_are_a_valid_safetensors_file_of_the_size_asked_for() {
    let made = material(&heron());
    let read = safetensors::SafeTensors::deserialize(&made.bytes).unwrap();
    assert_eq!(read.len(), 8);
    assert!((255 * 1024..=257 * 1024).contains(&made.bytes.len()));
    assert_eq!(material(&heron()).content, made.content);
}

#[test]
fn a_table_is_as_large_as_weights_within_one_in_a_hundred() {
    let table = material(&Source::Table {
        key: "a".to_owned(),
        size: 256 * 1024,
    });
    let weights = material(&heron());
    let ratio = table.bytes.len() as f64 / weights.bytes.len() as f64;
    assert!((0.99..=1.01).contains(&ratio), "{ratio}");
}

#[test]
fn what_was_packed_comes_out_again() {
    let files = vec![
        ("a.bin".to_owned(), material(&heron())),
        ("b.txt".to_owned(), Material::new("hello")),
    ];
    for format in [PackFormat::Tar, PackFormat::TarGz, PackFormat::Zip] {
        let packed = pack(format, &files).unwrap();
        let out = unpack("x", &packed.bytes).unwrap();
        assert_eq!(out.len(), 2, "{format:?}");
        assert_eq!(out[0].1.bytes, files[0].1.bytes);
        assert_eq!(out[1].0, "b.txt");
    }
    let packed = pack(PackFormat::Gzip, &files[..1]).unwrap();
    let out = unpack("a.bin.gz", &packed.bytes).unwrap();
    assert_eq!(
        (out[0].0.as_str(), &out[0].1.bytes),
        ("a.bin", &files[0].1.bytes)
    );
}

#[test]
fn parts_join_to_the_whole() {
    let whole = material(&heron());
    let parts = split(&whole, 7);
    assert_eq!(parts.len(), 7);
    assert_eq!(
        join(&parts.iter().collect::<Vec<_>>()).unwrap().bytes,
        whole.bytes
    );
}

#[test]
fn an_archive_cannot_leave_its_folder_or_fill_memory() {
    assert!(member_name("../x").is_err());
    assert!(member_name("/x").is_err());
    assert!(unpack("x", b"nonsense").is_err());
    let bomb = gzip(&vec![0; UNPACKED_LIMIT as usize + 1]).unwrap();
    assert!(unpack("x.gz", &bomb).is_err());
}

/// Archives of a text and a table in every form, and a name to unpack each under.
fn archives() -> Vec<(&'static str, Vec<u8>)> {
    let files = vec![
        ("srv/a.csv".to_owned(), material(&table_of(4_096))),
        ("b.txt".to_owned(), Material::new("hello")),
        ("l".repeat(300), Material::new("long")),
    ];
    [PackFormat::Tar, PackFormat::TarGz, PackFormat::Zip]
        .map(|format| ("x", pack(format, &files).unwrap().bytes.to_vec()))
        .into()
}

fn table_of(size: usize) -> Source {
    Source::Table {
        key: "a".to_owned(),
        size,
    }
}

#[test]
fn a_member_with_a_name_that_is_too_long_is_refused() {
    let long = vec![("n".repeat(NAME_LIMIT + 1), Material::new("x"))];
    for format in [PackFormat::Tar, PackFormat::Zip] {
        let why = unpack("x", &pack(format, &long).unwrap().bytes).unwrap_err();
        assert!(why.len() < 200, "{why}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        rng_seed: proptest::test_runner::RngSeed::Fixed(0x776f_726c_6433),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn a_damaged_archive_is_unpacked_or_refused_but_never_breaks_out(
        which in 0_usize..3,
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..12),
        header in prop::collection::vec((0_usize..512, any::<u8>()), 0..4),
        cut in any::<prop::sample::Index>(),
    ) {
        let (name, mut bytes) = archives().swap_remove(which);
        for (at, byte) in damage {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        for (at, byte) in header {
            bytes[at] = byte;
        }
        bytes.truncate(cut.index(bytes.len() * 2).max(1));
        if let Ok(members) = unpack(name, &bytes) {
            let total: usize = members.iter().map(|(_, made)| made.bytes.len()).sum();
            prop_assert!(total as u64 <= UNPACKED_LIMIT);
            for (name, made) in members {
                // The one name that is not the archive's own is that of a bare gzip file.
                prop_assert!(name == "x.out" || member_name(&name).is_ok(), "{name:?}");
                prop_assert_eq!(made.content, Content::of(&made.bytes));
            }
        }
    }

    #[test]
    fn any_bytes_are_unpacked_or_refused(
        start in prop::sample::select(vec![&b"PK\x03\x04"[..], b"\x1f\x8b\x08", b"", b"PK\x05\x06"]),
        rest in prop::collection::vec(any::<u8>(), 0..600),
    ) {
        let bytes = [start, &rest].concat();
        let _ = unpack("x", &bytes);
        let mut tar = bytes;
        tar.resize(1_024, 0);
        tar[257..262].copy_from_slice(b"ustar");
        let _ = unpack("x", &tar);
    }
}
