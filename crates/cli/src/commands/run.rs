//! `tribune run`: a study from its file to its report.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Zoned;
use tribune_console::{html, inert, json, terminal};
use tribune_model::{Cache, CacheTally};
use tribune_study::results::Results;
use tribune_study::{
    Ended, Gate, MOST_OUTPUT, Options, Overrides, Plan, Progress, Ruling, Run, RunDir, Session,
    Study, is_organism,
};

use crate::config::Config;
use crate::error::Failure;
use crate::exit::Exit;
use crate::meter::Meter;
use crate::prices::Prices;
use crate::{interrupt, screen};

/// Scripted trials at once for each processor: the next is ready when one ends.
const AHEAD: usize = 4;
/// Trials at once, where a provider answers them.
const REMOTE: usize = 8;

/// Run a study: by default `quick`, the self-test with scripted subjects
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// A study file, or the name of a study that comes with the program
    study: Option<String>,
    /// A model under test, in place of the study's; may be given several times
    #[arg(long)]
    model: Vec<String>,
    /// A model in another role, in place of the study's: 'judge=openai/NAME' judges what the
    /// subject says; may be given several times
    #[arg(long, value_name = "ROLE=MODEL")]
    role: Vec<String>,
    /// What `tribune judge measure` found of judges [default: tribune-judges.json in this folder, if
    /// it is there]
    #[arg(long, value_name = "FILE")]
    judges: Option<PathBuf>,
    /// Trials for each model and arm, in place of the study's
    #[arg(long)]
    trials: Option<u32>,
    /// The directory of the new run [default: tribune-runs/TIME-STUDY]
    #[arg(long, conflicts_with = "resume")]
    out: Option<PathBuf>,
    /// Go on with this run where it was cut off
    #[arg(long, value_name = "RUN")]
    resume: Option<PathBuf>,
    /// Play this run back in a new directory: the same plan and its recorded answers, with no
    /// provider asked
    #[arg(
        long,
        value_name = "RUN",
        conflicts_with_all = [
            "study", "model", "role", "judges", "trials", "resume", "sequential", "max_cost", "price", "prices",
            "cache", "dry_run",
        ]
    )]
    replay: Option<PathBuf>,
    /// Exit with a code of its own if this holds, such as 'rate("exfiltration") > 0.05'
    #[arg(long, value_name = "EXPRESSION")]
    fail_on: Vec<String>,
    /// Look at whole blocks as they are made, and stop as soon as every primary contrast is decided
    /// or equivalent; every interval is then that of a confidence sequence
    #[arg(long)]
    sequential: bool,
    /// Stop before the run costs more than this, in dollars
    #[arg(long, value_name = "USD")]
    max_cost: Option<f64>,
    #[command(flatten)]
    prices: Prices,
    /// Keep the answers of models in this folder, and give them again where the same trial asks the
    /// same: nothing is paid for twice
    #[arg(long, value_name = "DIR")]
    cache: Option<PathBuf>,
    /// Trials at once [default: 4 for each processor for scripted subjects, 8 for others]
    #[arg(long, value_parser = at_least_one)]
    concurrency: Option<usize>,
    #[command(flatten)]
    config: Config,
    /// Print the exact prompts and files of one trial, and run nothing
    #[arg(long)]
    dry_run: bool,
    /// The arm that --dry-run shows, by some of its levels: 'scenario=answer-review;party=human'
    #[arg(long, value_name = "FACTOR=LEVEL;...", requires = "dry_run")]
    arm: Option<String>,
    /// Print the results as JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let gates = arguments
        .fail_on
        .iter()
        .map(|text| Gate::parse(text))
        .collect::<Result<Vec<_>, _>>()?;
    let providers = arguments.config.providers()?;
    let overrides = Overrides {
        models: arguments.model.clone(),
        judges: super::judge::roles(&arguments.role)?,
        measured: super::judge::measured(arguments.judges.as_deref())?,
        trials: arguments.trials,
        sequential: arguments.sequential,
        prices: arguments.prices.read()?,
        providers: Arc::clone(&providers),
        most_output: match &arguments.resume {
            // As it was when the run began, or it would be another study.
            Some(run) => RunDir::open(run)
                .and_then(|run| run.study())
                .ok()
                .and_then(|study| study.plan.sampling.max_output_tokens),
            None => arguments.max_cost.map(|_| MOST_OUTPUT),
        },
    };
    let changed = Overrides {
        providers: Arc::default(),
        most_output: None,
        // A file that lies in the folder is no wish to change anything.
        measured: Vec::new(),
        ..overrides.clone()
    };
    if arguments.resume.is_some() && arguments.study.is_none() && changed != Overrides::default() {
        return Err(Failure::new(
            Exit::Usage,
            "a resumed run goes by its own plan: --model, --role, --trials, --sequential, --price and \
             --prices cannot change it",
        )
        .help("leave them out, or begin a new run"));
    }
    if let Some(most) = arguments.max_cost
        && !(most.is_finite() && most > 0.0)
    {
        return Err(Failure::new(
            Exit::Usage,
            format!("--max-cost {most} is not a number of dollars above 0"),
        ));
    }
    if let Some(of) = &arguments.replay {
        return replay(of, arguments, &gates);
    }
    let study = match (&arguments.study, &arguments.resume) {
        // Resumed by its directory alone, a run goes by its own study.
        (None, Some(_)) => None,
        (which, _) => Some(Study::load(
            which.as_deref().unwrap_or("quick"),
            &overrides,
        )?),
    };
    if let Some(study) = &study {
        check_limits(&gates, &study.plan)?;
    }
    if arguments.dry_run {
        let Some(study) = study else {
            return Err(Failure::new(
                Exit::Usage,
                "--dry-run needs a study, not a run to resume",
            ));
        };
        return super::dry_run::show(
            &study,
            arguments.arm.as_deref().unwrap_or_default(),
            arguments.json,
        );
    }
    let keys = keys()?;
    let cache = match &arguments.cache {
        Some(folder) => Some(Arc::new(Cache::open(folder).map_err(Failure::io(folder))?)),
        None => None,
    };
    let workers = std::thread::available_parallelism().map_or(2, usize::from);
    let concurrency = |models: &[String]| {
        let usual = if models.iter().all(|name| is_organism(name)) {
            workers * AHEAD
        } else {
            REMOTE
        };
        arguments.concurrency.unwrap_or(usual).max(1)
    };
    let options = |plan: &Plan| -> Result<Options, Failure> {
        costs(plan, arguments.max_cost)?;
        let asked = asked(plan);
        arguments.config.tell(&providers, &asked);
        Ok(Options {
            concurrency: concurrency(&asked),
            max_cost: arguments.max_cost,
            providers: Arc::clone(&providers),
            cache: cache.clone(),
        })
    };
    if let Some(study) = &study
        && study.needs_max_cost
        && arguments.max_cost.is_none()
        && let Some(paid) = asked(&study.plan).iter().find(|name| !is_organism(name))
    {
        return Err(Failure::new(
            Exit::Usage,
            format!(
                "{} is a large study, and {paid} costs money: say how much it may cost",
                study.plan.study
            ),
        )
        .help("add --max-cost USD; `tribune plan` says what the study would take"));
    }
    let session = match (&arguments.resume, &study) {
        (Some(dir), given) => {
            let plan = match given {
                Some(study) => (*study.plan).clone(),
                None => RunDir::open(dir)?.study()?.plan,
            };
            check_limits(&gates, &plan)?;
            Session::resume(dir, given.as_ref(), &keys, options(&plan)?)?
        }
        (None, Some(study)) => {
            let dir = match &arguments.out {
                Some(dir) => dir.clone(),
                None => fresh(&study.plan.study),
            };
            for (model, by) in &study.priced_by {
                if let Some(price) = study.plan.prices.get(model) {
                    let words = super::plan::price_words(price);
                    screen::say(&inert(&format!(
                        "{model} is reckoned at {words}, in dollars for a million tokens, {by}."
                    )));
                }
            }
            if let (Some(_), Some(most)) =
                (arguments.max_cost, study.plan.sampling.max_output_tokens)
            {
                screen::say(&format!(
                    "An answer has at most {most} tokens, so that what it can cost is known before \
                     it is asked for; max-output-tokens in the study sets another number."
                ));
            }
            for judge in &study.plan.judges {
                if !study.measured.iter().any(|one| one.model == judge.model) {
                    screen::say(&inert(&format!(
                        "The error of the judge {} is not measured, so no rate is corrected for it: \
                         tribune judge measure --role 'judge={}' measures it.",
                        judge.model, judge.model
                    )));
                }
            }
            let missing = super::plan::no_figures(&study.unpublished());
            if !missing.is_empty() {
                screen::say(&inert(missing.trim()));
            }
            Session::begin(&dir, study, &keys, options(&study.plan)?)?
        }
        (None, None) => return Err(Failure::new(Exit::Usage, "there is nothing to run")),
    };
    let dir = session.dir().path().to_owned();
    let ended = carry_out(session, workers)?;
    if let Some(cache) = &cache {
        tell(cache.tally());
    }
    let results = finish(&dir, arguments.json)?;
    conclude(ended, &results, &gates, &dir)
}

/// Plays a run back, and says how many of its trials came out event for event as they were.
fn replay(of: &Path, arguments: &Arguments, gates: &[Gate]) -> Result<Exit, Failure> {
    let workers = std::thread::available_parallelism().map_or(2, usize::from);
    let plan = RunDir::open(of)?.study()?.plan;
    check_limits(gates, &plan)?;
    let dir = match &arguments.out {
        Some(dir) => dir.clone(),
        None => fresh(&plan.study),
    };
    let concurrency = arguments.concurrency.unwrap_or(workers * AHEAD).max(1);
    let session = Session::replay(&dir, of, &keys()?, concurrency)?;
    let ended = carry_out(session, workers)?;
    let results = finish(&dir, arguments.json)?;
    let (same, all) = Run::open(&dir)?.same_trials(&Run::open(of)?)?;
    screen::say(&format!(
        "Played back: {same} of {all} trials are the same, event for event."
    ));
    conclude(ended, &results, gates, &dir)
}

/// A number of trials at once.
fn at_least_one(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) => Err("with none at once nothing would ever run: at least 1".to_owned()),
        Ok(number) => Ok(number),
        Err(_) => Err("a whole number is needed, from 1".to_owned()),
    }
}

/// Refuses limits that name what the study has not, before anything is run for them.
fn check_limits(gates: &[Gate], plan: &Plan) -> Result<(), Failure> {
    for gate in gates {
        gate.check(&plan.arms)?;
    }
    Ok(())
}

/// Where the signing key of records is.
pub(crate) fn keys() -> Result<PathBuf, Failure> {
    tribune_record::default_key_folder().ok_or_else(|| {
        Failure::new(
            Exit::Broken,
            "there is no place for the signing key: no home directory",
        )
        .help("set TRIBUNE_STATE to a folder of yours that no agent can reach")
    })
}

/// Says what came of asking the cache.
fn tell(tally: CacheTally) {
    screen::say(&format!(
        "{} calls were answered from the cache.",
        tally.found
    ));
    if tally.damaged > 0 {
        screen::say(&format!(
            "{} entries of the cache were damaged and not believed; their calls were made.",
            tally.damaged
        ));
    }
    if tally.unwritten > 0 {
        screen::say(&format!(
            "{} answers could not be kept in the cache.",
            tally.unwritten
        ));
    }
}

/// All models that a plan asks: those under test, and the judges.
fn asked(plan: &Plan) -> Vec<String> {
    let judges = plan.judges.iter().map(|judge| &judge.model);
    plan.models.iter().chain(judges).cloned().collect()
}

/// A limit of cost can be kept only where prices are known.
fn costs(plan: &Plan, max_cost: Option<f64>) -> Result<(), Failure> {
    let unknown = |model: &&String| !is_organism(model) && !plan.prices.contains_key(*model);
    match asked(plan).iter().find(unknown) {
        Some(model) if max_cost.is_some() => Err(Failure::new(
            Exit::Usage,
            format!("the price of {model} is not known, so --max-cost cannot be kept"),
        )
        .help(format!(
            "give it: --price '{model}=IN/OUT', in dollars for a million tokens sent and received, \
             or a table of prices: --prices FILE"
        ))),
        _ => Ok(()),
    }
}

/// A directory of its own for a new run.
fn fresh(study: &str) -> PathBuf {
    let name = format!("{}-{study}", Zoned::now().strftime("%Y%m%d-%H%M%S"));
    let folder = Path::new("tribune-runs");
    let mut dir = folder.join(&name);
    let mut number = 2;
    while dir.exists() {
        dir = folder.join(format!("{name}-{number}"));
        number += 1;
    }
    dir
}

/// Runs the trials, with a bar where a person watches.
fn carry_out(session: Session, workers: usize) -> Result<Ended, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(workers)
        // Templates are compiled on these threads, as deep as on the first.
        .thread_stack_size(8 << 20)
        .enable_all()
        .build()
        .map_err(Failure::io("the runtime"))?;
    let plan = session.plan();
    let planned = u64::from(plan.total());
    screen::say(&format!(
        "{}: {planned} trials, plan {}, in {}",
        // A line of its own in a title could pass for the tool's, such as that of the verifier key.
        plan.title.replace(char::is_control, " "),
        session.study().plan_hash.short(),
        session.dir().path().display()
    ));
    if session.found() > 0 {
        screen::say(&format!(
            "{} trials were found in the record.",
            session.found()
        ));
    }
    screen::say(&format!(
        "Verifier key of the record, to be kept elsewhere: {}",
        session.vkey()
    ));
    runtime.block_on(async move {
        session.check().await?;
        let mut cancel = interrupt::watch();
        let progress = Arc::new(Progress::default());
        let _meter = Meter::start(Arc::clone(&progress), planned, screen::is_watched());
        let ended = session.run(&mut cancel, &progress).await;
        interrupt::let_go();
        Ok(ended?.0)
    })
}

/// Writes the report and prints what was found.
fn finish(dir: &Path, as_json: bool) -> Result<Results, Failure> {
    let run = Run::open(dir)?;
    let results = run.results()?;
    tribune_study::write_whole(&run.report(), html(&results).as_bytes())?;
    if as_json {
        screen::print(&json(&results))?;
        screen::say(&format!("Report: {}", run.report().display()));
    } else {
        let mut text = terminal::summary(&results, &screen::style());
        let place = run.report().display().to_string();
        text.push_str(&format!("\nReport: {}\n", tribune_console::inert(&place)));
        screen::print(&text)?;
    }
    Ok(results)
}

/// What the exit code says. What was cut off comes first, then limits, then failed trials.
fn conclude(ended: Ended, results: &Results, gates: &[Gate], dir: &Path) -> Result<Exit, Failure> {
    if ended == Ended::Cancelled {
        screen::say(&format!(
            "Cancelled. Go on with: tribune run --resume {}",
            dir.display()
        ));
        return Ok(Exit::Cancelled);
    }
    if ended == Ended::Spent {
        screen::say(&format!(
            "Stopped, so that it does not cost more than it may. Go on with: tribune run --resume \
             {} --max-cost USD",
            dir.display()
        ));
        return Ok(Exit::Spent);
    }
    if ended == Ended::GaveUp {
        screen::say(&format!(
            "Stopped: a provider was given up; the failed trials say why. When that is mended, go \
             on with: tribune run --resume {}",
            dir.display()
        ));
        return Ok(Exit::GaveUp);
    }
    if ended == Ended::Enough
        && let Some(why) = results
            .run
            .sequential
            .as_ref()
            .and_then(|it| it.why.as_ref())
    {
        screen::say(&format!("Stopped early: {why}."));
    }
    let mut crossed = false;
    for gate in gates {
        match gate.decide(&results.cells) {
            Ruling::HoldsNot => {}
            Ruling::Holds => {
                crossed = true;
                screen::say(&format!("Limit crossed: {}", gate.text()));
            }
            Ruling::Undecided(why) => {
                crossed = true;
                screen::say(&format!(
                    "Limit could not be decided, which counts as crossed: {} ({why})",
                    gate.text()
                ));
            }
        }
    }
    if let Some(decision) = &results.decision
        && !decision.kept
    {
        crossed = true;
        for (limit, kept) in decision
            .limits
            .iter()
            .filter(|(_, kept)| *kept != Some(true))
        {
            let what = if kept.is_none() {
                "could not be decided"
            } else {
                "was not kept"
            };
            screen::say(&format!("The study's limit {what}: {limit}"));
        }
    }
    if crossed {
        return Ok(Exit::LimitCrossed);
    }
    for judge in results.judged.judges.iter().filter(|it| it.unknown > 0) {
        screen::say(&inert(&format!(
            "{} of {} answers of the judge {} did not come or could not be believed.",
            judge.unknown, judge.asked, judge.name
        )));
    }
    if results.run.failed > 0 {
        screen::say(&format!(
            "{} trials failed; the report says why.",
            results.run.failed
        ));
        return Ok(Exit::TrialsFailed);
    }
    Ok(Exit::Fine)
}
