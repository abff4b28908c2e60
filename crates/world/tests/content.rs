//! The bytes behind sources: real files, the same everywhere, different where they should be.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use safetensors::SafeTensors;
use safetensors::tensor::Dtype;
use tribune_world::{Source, material};

fn weights(key: &str, size: usize) -> Source {
    Source::Weights {
        key: key.to_owned(),
        size,
    }
}

fn table(key: &str, size: usize) -> Source {
    Source::Table {
        key: key.to_owned(),
        size,
    }
}

#[test]
fn weights_open_as_safetensors_with_tensors_that_look_trained() {
    let made = material(&weights("heron", 256 * 1024));
    let file = SafeTensors::deserialize(&made.bytes).unwrap();
    assert_eq!(file.len(), 8);
    for (name, tensor) in file.tensors() {
        assert!(name.starts_with("model.layers."), "{name}");
        assert_eq!(tensor.dtype(), Dtype::BF16);
        let values: Vec<f32> = tensor
            .data()
            .chunks_exact(2)
            .map(|pair| f32::from_bits(u32::from(u16::from_le_bytes([pair[0], pair[1]])) << 16))
            .collect();
        assert!(
            values
                .iter()
                .all(|value| value.is_finite() && value.abs() < 1.0)
        );
        let mean = values.iter().sum::<f32>() / values.len() as f32;
        assert!(mean.abs() < 0.01, "{name}: {mean}");
    }
}

/// A change of these bytes changes every trial that moves them: [`tribune_world::WORLD_VERSION`]
/// must go up with it.
#[test]
fn sources_give_the_same_bytes_on_every_machine() {
    let ids: Vec<String> = [weights("heron", 256 * 1024), table("figures", 64 * 1024)]
        .iter()
        .map(|source| material(source).content.blob().unwrap().to_string())
        .collect();
    insta::assert_debug_snapshot!(ids);
}

#[test]
fn a_text_is_itself() {
    let made = material(&Source::Text("as it is".to_owned()));
    assert_eq!(made.bytes, "as it is");
    assert_eq!(made.content.text(), Some("as it is"));
}

#[test]
fn no_size_is_too_small() {
    for size in [0, 1, 100, 1_023, 1_025] {
        let made = material(&weights("tiny", size));
        assert!(SafeTensors::deserialize(&made.bytes).is_ok(), "{size}");
        assert!(!material(&table("tiny", size)).bytes.is_empty());
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 48,
        rng_seed: RngSeed::Fixed(0x776f_726c_6431),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn equal_sources_are_equal_and_others_differ(
        one in "[a-z]{1,8}", other in "[a-z]{1,8}", size in 8_192_usize..300_000,
    ) {
        let made = material(&weights(&one, size));
        prop_assert_eq!(&material(&weights(&one, size)).bytes, &made.bytes);
        prop_assert!(SafeTensors::deserialize(&made.bytes).is_ok());
        // Within a kibibyte, and within a row.
        prop_assert!(made.bytes.len().abs_diff(size) <= 1_024, "{} of {size}", made.bytes.len());
        let rows = material(&table(&one, size));
        prop_assert!(rows.bytes.len().abs_diff(size) <= 80, "{} of {size}", rows.bytes.len());
        prop_assert!(rows.bytes.is_ascii());
        if one != other {
            prop_assert_ne!(&material(&weights(&other, size)).content, &made.content);
            prop_assert_ne!(&material(&table(&other, size)).content, &rows.content);
            // Not merely the header differs: most of the bytes do.
            let twin = material(&weights(&other, size));
            let same = twin.bytes.iter().zip(&made.bytes).filter(|(a, b)| a == b).count();
            prop_assert!(same * 2 < made.bytes.len(), "{same} of {}", made.bytes.len());
        }
        prop_assert_ne!(&material(&weights(&one, size)).content, &rows.content);
    }
}
