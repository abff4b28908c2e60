//! The progress bar: trials done, rate, time left, cost and states, on standard error.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tribune_evidence::TrialState;
use tribune_study::{Progress, Snapshot};

/// How often the bar is drawn.
const EVERY: Duration = Duration::from_millis(100);

/// Draws a bar until it is dropped.
pub(crate) struct Meter {
    done: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Meter {
    /// Begins to draw, where a person watches.
    pub(crate) fn start(progress: Arc<Progress>, planned: u64, shown: bool) -> Self {
        let done = Arc::new(AtomicBool::new(false));
        if !shown {
            return Self { done, thread: None };
        }
        let stop = Arc::clone(&done);
        let thread = std::thread::spawn(move || draw(&progress, planned, &stop));
        Self {
            done,
            thread: Some(thread),
        }
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        self.done.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            // A bar that panicked takes nothing with it.
            let _ = thread.join();
        }
    }
}

fn draw(progress: &Progress, planned: u64, stop: &AtomicBool) {
    let bar = ProgressBar::with_draw_target(Some(planned), ProgressDrawTarget::stderr());
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len}  {wide_msg}") {
        bar.set_style(style);
    }
    let began = Instant::now();
    while !stop.load(Ordering::Relaxed) {
        let now = progress.snapshot();
        bar.set_position(now.done);
        bar.set_message(fitting(&line(&now, planned, began.elapsed()), room()));
        std::thread::park_timeout(EVERY);
    }
    bar.finish_and_clear();
}

/// The words beside the bar.
pub(crate) fn line(now: &Snapshot, planned: u64, elapsed: Duration) -> String {
    let here = now.done.saturating_sub(now.earlier);
    let seconds = elapsed.as_secs_f64();
    let mut parts = Vec::new();
    if here > 0 && seconds > 0.0 {
        let rate = here as f64 / seconds;
        parts.push(if rate >= 10.0 {
            format!("{rate:.0}/s")
        } else {
            format!("{rate:.1}/s")
        });
        let left = planned.saturating_sub(now.done) as f64 / rate;
        parts.push(format!("{} left", span(left)));
    }
    parts.push(match now.cost {
        Some(cost) => format!("${cost:.2}"),
        None => format!("{} tokens, price unknown", now.tokens),
    });
    for (state, count) in TrialState::NAMES.iter().zip(now.states) {
        if count > 0 {
            parts.push(format!("{count} {state}"));
        }
    }
    parts.join(GAP)
}

/// What stands between two parts of the line.
const GAP: &str = "  ";

/// As many whole parts of a line as fit: half a number would be a wrong one.
fn fitting(line: &str, room: usize) -> String {
    let mut shown = String::new();
    for part in line.split(GAP) {
        if shown.chars().count() + GAP.len() + part.chars().count() > room {
            break;
        }
        if !shown.is_empty() {
            shown.push_str(GAP);
        }
        shown.push_str(part);
    }
    shown
}

/// The columns that are left beside the bar and its two numbers.
fn room() -> usize {
    let width = rustix::termios::tcgetwinsize(std::io::stderr())
        .map_or(80, |size| usize::from(size.ws_col));
    width.saturating_sub(30 + 2 * 11)
}

/// Seconds as people say them.
pub(crate) fn span(seconds: f64) -> String {
    let whole = seconds.round().max(0.0) as u64;
    match whole {
        0..=99 => format!("{whole} s"),
        100..=5_999 => format!("{} min {} s", whole / 60, whole % 60),
        _ => format!("{} h {} min", whole / 3_600, whole % 3_600 / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_tells_rate_time_left_cost_and_states() {
        let progress = Progress::default();
        let mut now = progress.snapshot();
        now.done = 30;
        now.earlier = 10;
        now.states[0] = 19;
        now.states[6] = 1;
        let text = line(&now, 130, Duration::from_secs(2));
        assert_eq!(text, "10/s  10 s left  $0.00  19 completed  1 failed");
        now.cost = None;
        now.tokens = 7;
        assert!(line(&now, 130, Duration::ZERO).starts_with("7 tokens, price unknown"));
        assert_eq!(span(7_300.0), "2 h 1 min");
        assert_eq!(
            fitting("10/s  10 s left  620 refused", 17),
            "10/s  10 s left"
        );
    }
}
