//! What models cost, as the command line says it, for every command that counts money.

use std::path::{Path, PathBuf};

use tribune_study::{PriceTable, Source};

use crate::error::Failure;
use crate::exit::Exit;

/// What models cost.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct Prices {
    /// What a model costs, in dollars for a million tokens sent and received, where that is not
    /// known: 'openai/gpt-5.2=1.75/14'
    #[arg(long, value_name = "MODEL=IN/OUT")]
    price: Vec<String>,
    /// A table of prices, before the one that comes with the program
    #[arg(long, value_name = "FILE")]
    prices: Option<PathBuf>,
}

impl Prices {
    /// Single prices, and a table.
    pub(crate) fn read(&self) -> Result<tribune_study::Prices, Failure> {
        let given = tribune_study::prices(&self.price).map_err(|what| {
            Failure::new(Exit::Usage, format!("--price: {what}"))
                .help("an example: --price 'openai/gpt-5.2=1.75/14'")
        })?;
        let own = self.prices.as_deref().map(read_table).transpose()?;
        Ok(tribune_study::Prices::new(given, own))
    }
}

/// A table of prices of a person's own.
pub(crate) fn read_table(path: &Path) -> Result<PriceTable, Failure> {
    let text = std::fs::read_to_string(path).map_err(Failure::io(path))?;
    let source = Source::new(path.display().to_string(), text);
    Ok(PriceTable::parse(&source)?)
}
