//! Tables of prices: read, refused with the line, and looked up.

use proptest::prelude::*;

use super::*;

const HEAD: &str = "date = \"2026-11-25\"\nunit = \"USD per million tokens\"\n";
const ROW: &str = "[[prices]]\nmodels = [\"some/model\"]\ninput = 2.0\noutput = 8.0\nsource = \"https://models.example/prices\"\n";

fn parse(text: &str) -> Result<PriceTable, SourceError> {
    PriceTable::parse(&Source::new("prices.toml", text))
}

fn wrong(text: &str) -> String {
    parse(text).unwrap_err().to_string()
}

#[test]
fn the_table_of_the_program_is_sound_and_says_where_each_price_stands() {
    let table = PriceTable::embedded().unwrap();
    assert!(!table.rows().is_empty());
    for row in table.rows() {
        let PricedBy::Table { date, source, .. } = &row.by else {
            panic!("{row:?}");
        };
        assert_eq!(date.len(), 10);
        assert!(source.starts_with("https://"), "{source}");
        assert!(row.price.output > row.price.input, "{row:?}");
        // A snapshot costs what its model costs, and no other model does by its beginning alone.
        for name in &row.models {
            assert_eq!(table.row(name).map(|row| &row.price), Some(&row.price));
        }
    }
    let haiku = table.row("anthropic/claude-haiku-4-5-20251001").unwrap();
    assert_eq!((haiku.price.input, haiku.price.output), (1.0, 5.0));
    assert_eq!(table.row("anthropic/claude-haiku-4-5-turbo"), None);
    assert_eq!(table.row("zai/glm-4.7-flash"), None);
    assert_eq!(table.row("openai/stand-in"), None);
}

#[test]
fn what_is_wrong_is_named_with_its_line() {
    assert!(parse(&format!("{HEAD}{ROW}")).is_ok());
    let row = |from: &str, to: &str| format!("{HEAD}{}", ROW.replace(from, to));
    for (text, part) in [
        (
            HEAD.replace("million", "thousand") + ROW,
            "prices.toml:2:8: the unit \"USD per thousand tokens\" is not known",
        ),
        (row("2.0", "-2.0"), "prices.toml:5:9: -2 USD"),
        (row("2.0", "nan"), "prices.toml:5:9: NaN USD"),
        (row("8.0", "inf"), "prices.toml:6:10: inf USD"),
        (
            row("2.0", "0.000002"),
            "prices.toml:5:9: 0.000002 USD per million tokens is no price (less than any model costs: is it for a single token?)",
        ),
        (row("8.0", "2000000.0"), "is it in another unit?"),
        (row("output", "ouput"), "prices.toml:6:"),
        (row("input = 2.0\n", ""), "input"),
        (
            row("input", "cached-input = 3.0\ninput"),
            "prices.toml:5:16: what the provider has in its cache costs more",
        ),
        (
            HEAD.replace("2026-11-25", "yesterday") + ROW,
            "prices.toml:1:8: \"yesterday\" is not a date",
        ),
        (
            HEAD.replace("2026-11-25", "2026-11-25T10:00") + ROW,
            "is not a date",
        ),
        (HEAD.lines().nth(1).unwrap().to_owned() + "\n" + ROW, "date"),
        (
            row("https://", "ftp://"),
            "prices.toml:7:10: this is no page",
        ),
        (
            row("some/model", "model"),
            "prices.toml:4:11: \"model\" is not a model's name",
        ),
        (row("some/model", "*"), "is not a model's name"),
        (row("some/model", "some/m*l"), "is not a model's name"),
        (
            format!("{HEAD}{ROW}{ROW}"),
            "prices.toml:9:11: \"some/model\" has two prices",
        ),
        (row("[\"some/model\"]", "[]"), "names no model"),
    ] {
        let told = wrong(&text);
        assert!(told.contains(part), "{told}\nhas not {part:?} for\n{text}");
    }
}

#[test]
fn the_very_name_goes_before_the_longest_beginning_and_a_person_before_all() {
    let row = |name: &str, input: &str| ROW.replace("some/model", name).replace("2.0", input);
    let text = [
        HEAD,
        &row("a/m*", "1.0"),
        &row("a/m-x*", "2.0"),
        &row("a/m-x", "3.0"),
    ]
    .concat();
    let table = parse(&text).unwrap();
    let input = |name: &str| table.row(name).map(|row| row.price.input);
    assert_eq!(input("a/m-x"), Some(3.0));
    assert_eq!(input("a/m-xy"), Some(2.0));
    assert_eq!(input("a/m"), Some(1.0));
    assert_eq!(input("b/m"), None);
    let plain = |input: f64| Price {
        input,
        output: 9.0,
        ..Price::default()
    };
    let study: BTreeMap<_, _> = ["a/m", "b/m", "zai/glm-5"]
        .map(|name| (name.to_owned(), plain(7.0)))
        .into();
    let given = [("a/m-x".to_owned(), plain(0.0))].into();
    let prices = Prices::new(given, Some(table));
    let of = |name: &str| {
        let found = prices.of(name, &study).unwrap();
        found.map(|(price, by)| (price.input, by.to_string()))
    };
    assert_eq!(of("a/m-x"), Some((0.0, "as given by --price".to_owned())));
    assert_eq!(of("a/m").unwrap().0, 1.0);
    assert_eq!(of("b/m"), Some((7.0, "as the study gives it".to_owned())));
    assert_eq!(of("zai/glm-5").unwrap().0, 7.0);
    assert!(of("zai/glm-4.7").unwrap().1.contains("docs.z.ai"));
    assert_eq!(of("c/m"), None);
}

proptest! {
    /// No text is a table of prices that no price can be.
    #[test]
    fn a_table_that_is_read_holds_prices(input in any::<f64>(), cached in any::<f64>(), output in any::<f64>()) {
        let text = format!("{HEAD}{}", ROW
            .replace("2.0", &format!("{input:?}\ncached-input = {cached:?}"))
            .replace("8.0", &format!("{output:?}")));
        if let Ok(table) = parse(&text) {
            let price = table.rows()[0].price;
            for dollars in [price.input, price.output, price.cached_input.unwrap()] {
                prop_assert!(dollars == 0.0 || (CHEAPEST..=DEAREST).contains(&dollars));
            }
            prop_assert!(price.cached_input.unwrap() <= price.input);
        }
    }

    #[test]
    fn nothing_that_is_written_breaks_the_reader(text in ".{0,200}") {
        let _ = parse(&text);
        let _ = parse(&format!("{HEAD}{ROW}{text}"));
    }
}
