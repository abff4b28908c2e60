//! `tribune holds`: the calls that wait for a person.

use std::path::PathBuf;

use reqwest::Method;
use tribune_guard::control::Decide;
use tribune_guard::holds::Hold;

use super::guard::Place;
use crate::error::Failure;
use crate::exit::Exit;
use crate::screen;

/// Show the calls that wait for a person, and approve or deny one
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The guard's folder [default: guard in Tribune's state folder]
    #[arg(long, value_name = "DIR", env = "TRIBUNE_GUARD", global = true)]
    guard: Option<PathBuf>,
    #[command(subcommand)]
    command: Option<Command>,
    /// Print JSON
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Let a call pass: just the one that was asked, byte by byte
    Approve(Which),
    /// Deny a call
    Deny(Which),
}

#[derive(Debug, clap::Args)]
struct Which {
    /// The id of the hold
    id: String,
    /// Why; it is kept in the record and told to the agent
    #[arg(long, default_value = "")]
    reason: String,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let place = Place {
        guard: arguments.guard.clone(),
    };
    let guarded = place.guarded()?;
    let holds: Vec<Hold> = guarded.ask(Method::GET, "/v1/holds", None::<&()>)?;
    let (approve, which) = match &arguments.command {
        None => {
            return match arguments.json {
                true => screen::print_json(&holds),
                false => screen::print(&shown(&holds)),
            }
            .map(|()| Exit::Fine);
        }
        Some(Command::Approve(which)) => (true, which),
        Some(Command::Deny(which)) => (false, which),
    };
    let hold = holds
        .iter()
        .find(|hold| hold.id == which.id)
        .ok_or_else(|| {
            let what = format!("no call waits under the id {:?}", which.id);
            Failure::new(Exit::Input, what).help("`tribune holds` lists those that do.")
        })?;
    let decide = Decide {
        approve,
        bound: hold.bound.clone(),
        reason: which.reason.clone(),
    };
    let path = format!("/v1/holds/{}", hold.id);
    let decided: Hold = guarded.ask(Method::POST, &path, Some(&decide))?;
    if arguments.json {
        screen::print_json(&decided)?;
    } else {
        let did = if approve { "Approved" } else { "Denied" };
        screen::say(&format!("{did}: {} of {}.", decided.tool, decided.agent));
    }
    Ok(Exit::Fine)
}

/// The holds for people.
fn shown(holds: &[Hold]) -> String {
    if holds.is_empty() {
        return "Nothing waits.\n".to_owned();
    }
    let mut text = String::new();
    for hold in holds {
        let below = hold
            .parent
            .as_ref()
            .map_or(String::new(), |parent| format!(" (started by {parent})"));
        text.push_str(&format!(
            "{}  {}{below} asks for {}, until {}\n",
            hold.id,
            hold.agent,
            hold.tool,
            time(hold.expires)
        ));
        for line in &hold.does {
            text.push_str(&format!("  would   {line}\n"));
        }
        for line in &hold.because {
            text.push_str(&format!("  because {line}\n"));
        }
        text.push_str(&format!("  call    {}\n", hold.call));
    }
    text.push_str("\nDecide with `tribune holds approve ID` or `tribune holds deny ID`.\n");
    tribune_console::inert(&text)
}

/// A moment in this machine's time.
fn time(millis: i64) -> String {
    jiff::Timestamp::from_millisecond(millis).map_or_else(
        |_| "?".to_owned(),
        |moment| {
            moment
                .to_zoned(jiff::tz::TimeZone::system())
                .strftime("%H:%M:%S")
                .to_string()
        },
    )
}
