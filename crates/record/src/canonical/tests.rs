//! Canonical JSON against the reference and against RFC 8785.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde::Serialize;
use serde_json::{Value, json};

use super::{CanonicalError, to_vec};

fn text(value: &(impl Serialize + ?Sized)) -> String {
    String::from_utf8(to_vec(value).unwrap()).unwrap()
}

/// Any JSON value whose integers are exact in a double.
fn values() -> impl Strategy<Value = Value> {
    let keys = prop_oneof![
        any::<String>(),
        "[a-c]{0,2}",
        Just("\u{20ac}".to_owned()),
        Just("\u{fb33}".to_owned()),
        Just("\u{1f600}".to_owned()),
        Just("\"\\\n".to_owned()),
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-(1_i64 << 53)..=(1 << 53)).prop_map(Value::from),
        any::<f64>()
            .prop_filter("finite", |value| value.is_finite())
            .prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 64, 8, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            proptest::collection::btree_map(keys.clone(), inner, 0..8)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn it_equals_the_reference(value in values()) {
        prop_assert_eq!(text(&value), serde_json_canonicalizer::to_string(&value).unwrap());
    }

    #[test]
    fn every_double_is_written_as_the_reference_writes_it(bits: u64) {
        let value = f64::from_bits(bits);
        if value.is_finite() {
            prop_assert_eq!(text(&value), serde_json_canonicalizer::to_string(&value).unwrap());
            prop_assert_eq!(text(&(bits as f64)), serde_json_canonicalizer::to_string(&(bits as f64)).unwrap());
        }
    }

    #[test]
    fn reading_and_writing_again_changes_nothing(value in values()) {
        let once = to_vec(&value).unwrap();
        let read: Value = serde_json::from_slice(&once).unwrap();
        // An integral double reads back as an integer, which may be beyond 2^53.
        if let Ok(twice) = to_vec(&read) {
            prop_assert_eq!(once, twice);
        }
    }
}

/// RFC 8785, appendix B: bits of a double and its text.
#[test]
fn numbers_are_those_of_the_rfc() {
    let vectors: [(u64, &str); 26] = [
        (0x0000_0000_0000_0000, "0"),
        (0x8000_0000_0000_0000, "0"),
        (0x0000_0000_0000_0001, "5e-324"),
        (0x8000_0000_0000_0001, "-5e-324"),
        (0x7fef_ffff_ffff_ffff, "1.7976931348623157e+308"),
        (0xffef_ffff_ffff_ffff, "-1.7976931348623157e+308"),
        (0x4340_0000_0000_0000, "9007199254740992"),
        (0xc340_0000_0000_0000, "-9007199254740992"),
        (0x4430_0000_0000_0000, "295147905179352830000"),
        (0x44b5_2d02_c7e1_4af5, "9.999999999999997e+22"),
        (0x44b5_2d02_c7e1_4af6, "1e+23"),
        (0x44b5_2d02_c7e1_4af7, "1.0000000000000001e+23"),
        (0x444b_1ae4_d6e2_ef4e, "999999999999999700000"),
        (0x444b_1ae4_d6e2_ef4f, "999999999999999900000"),
        (0x444b_1ae4_d6e2_ef50, "1e+21"),
        (0x3eb0_c6f7_a0b5_ed8c, "9.999999999999997e-7"),
        (0x3eb0_c6f7_a0b5_ed8d, "0.000001"),
        (0x41b3_de43_5555_5553, "333333333.3333332"),
        (0x41b3_de43_5555_5554, "333333333.33333325"),
        (0x41b3_de43_5555_5555, "333333333.3333333"),
        (0x41b3_de43_5555_5556, "333333333.3333334"),
        (0x41b3_de43_5555_5557, "333333333.33333343"),
        (0xbecb_f647_612f_3696, "-0.0000033333333333333333"),
        (0x4314_3ff3_c1cb_0959, "1424953923781206.2"),
        (0x3ff8_0000_0000_0000, "1.5"),
        (0x4024_0000_0000_0000, "10"),
    ];
    for (bits, expected) in vectors {
        let value = f64::from_bits(bits);
        assert_eq!(
            serde_json_canonicalizer::to_string(&value).unwrap(),
            expected,
            "{bits:x}"
        );
        assert_eq!(text(&value), expected, "{bits:x}");
    }
    assert!(matches!(
        to_vec(&f64::NAN),
        Err(CanonicalError::NotFinite(_))
    ));
    assert!(matches!(
        to_vec(&f64::INFINITY),
        Err(CanonicalError::NotFinite(_))
    ));
}

/// RFC 8785, section 3.2.3.
#[test]
fn members_are_in_the_order_of_the_rfc() {
    let value = json!({
        "\u{20ac}": "Euro Sign",
        "\r": "Carriage Return",
        "\u{fb33}": "Hebrew Letter Dalet With Dagesh",
        "1": "One",
        "\u{1f600}": "Emoji: Grinning Face",
        "\u{80}": "Control",
        "\u{f6}": "Latin Small Letter O With Diaeresis",
    });
    assert_eq!(
        text(&value),
        "{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\u{80}\":\"Control\",\
         \"\u{f6}\":\"Latin Small Letter O With Diaeresis\",\"\u{20ac}\":\"Euro Sign\",\
         \"\u{1f600}\":\"Emoji: Grinning Face\",\
         \"\u{fb33}\":\"Hebrew Letter Dalet With Dagesh\"}"
    );
}

#[derive(Serialize)]
enum Shape {
    Unit,
    New(u8),
    Pair(u8, &'static str),
    Named { zeta: u8, alpha: Option<u8> },
}

#[derive(Serialize)]
struct All {
    shapes: Vec<Shape>,
    map: BTreeMap<i64, char>,
    flags: BTreeMap<bool, ()>,
    bytes: (u8, i128, f32),
    #[serde(flatten)]
    rest: BTreeMap<String, Value>,
}

fn all() -> All {
    All {
        shapes: vec![
            Shape::Unit,
            Shape::New(1),
            Shape::Pair(2, "\u{7f}\u{1}\"\\/\u{8}\t\n\u{c}\r"),
            Shape::Named {
                zeta: 1,
                alpha: None,
            },
        ],
        map: [(10, 'x'), (-1, '"'), (9, '😀')].into(),
        flags: [(true, ()), (false, ())].into(),
        bytes: (255, -5, 0.1),
        rest: [("a".to_owned(), json!({"b": [], "a": {}}))].into(),
    }
}

#[test]
fn every_shape_of_serde_comes_out_as_in_the_reference() {
    assert_eq!(
        text(&all()),
        serde_json_canonicalizer::to_string(&all()).unwrap()
    );
}

#[test]
fn integers_beyond_2_to_the_53_are_refused() {
    let limit = 1_u64 << 53;
    assert_eq!(text(&limit), "9007199254740992");
    assert_eq!(text(&-(limit as i64)), "-9007199254740992");
    for error in [
        to_vec(&(limit + 1)),
        to_vec(&u64::MAX),
        to_vec(&u128::MAX),
        to_vec(&i64::MIN),
        to_vec(&i128::MIN),
        to_vec(&-(limit as i64 + 1)),
        to_vec(&json!({"a": [limit + 1]})),
    ] {
        assert!(
            matches!(error, Err(CanonicalError::Integer(_))),
            "{error:?}"
        );
    }
}

#[test]
fn what_has_no_canonical_form_is_refused() {
    #[derive(Serialize)]
    struct Twice {
        a: u8,
        #[serde(flatten)]
        rest: BTreeMap<String, u8>,
    }
    let twice = Twice {
        a: 1,
        rest: [("a".to_owned(), 2)].into(),
    };
    assert_eq!(
        to_vec(&twice),
        Err(CanonicalError::Duplicate("a".to_owned()))
    );
    assert_eq!(
        to_vec(&BTreeMap::from([(vec![1], 2)])),
        Err(CanonicalError::Key)
    );
    let mut deep = json!(1);
    for _ in 0..300 {
        deep = json!([deep]);
    }
    assert_eq!(to_vec(&deep), Err(CanonicalError::Deep(256)));
}

#[test]
fn raw_json_is_put_in_order() {
    #[derive(Serialize)]
    struct Holder<'a> {
        raw: &'a serde_json::value::RawValue,
        after: u8,
    }
    let raw: &serde_json::value::RawValue =
        serde_json::from_str("{ \"b\" : 1.0, \"a\":[1e2] }").unwrap();
    assert_eq!(
        text(&Holder { raw, after: 1 }),
        r#"{"after":1,"raw":{"a":[100],"b":1}}"#
    );
    let large: &serde_json::value::RawValue = serde_json::from_str("[9007199254740993]").unwrap();
    assert!(matches!(to_vec(large), Err(CanonicalError::Integer(_))));
}
