//! How long a server asks to wait, and what it takes the time to be.

use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;
use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};

/// How long the server asks to wait: in milliseconds, in seconds, or until a date, which is held
/// against the server's own clock, so that it does not depend on this machine's being right.
pub(super) fn wait(headers: &HeaderMap) -> Option<Duration> {
    let number =
        |name: &str| -> Option<f64> { headers.get(name)?.to_str().ok()?.trim().parse().ok() };
    let seconds = number("retry-after-ms")
        .map(|millis| millis / 1000.0)
        .or_else(|| number("retry-after"));
    if let Some(seconds) = seconds {
        return Duration::try_from_secs_f64(seconds).ok();
    }
    let until = moment(headers.get(RETRY_AFTER)?.to_str().ok()?)?;
    let now = date(headers)?;
    let wait = until.as_second().saturating_sub(now.as_second());
    Some(Duration::from_secs(u64::try_from(wait).unwrap_or(0)))
}

/// What the server takes the time to be.
pub(super) fn date(headers: &HeaderMap) -> Option<Timestamp> {
    moment(headers.get(DATE)?.to_str().ok()?)
}

/// A date as HTTP writes it (RFC 9110, section 5.6.7), which is one of RFC 2822.
fn moment(text: &str) -> Option<Timestamp> {
    static PARSER: DateTimeParser = DateTimeParser::new();
    PARSER.parse_timestamp(text.trim()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::header::{HeaderName, HeaderValue};

    fn of(headers: &[(&'static str, &'static str)]) -> Option<Duration> {
        let pair = |(name, value): &(&'static str, &'static str)| {
            (
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            )
        };
        wait(&headers.iter().map(pair).collect())
    }

    #[test]
    fn waits_are_read_and_nonsense_is_not() {
        assert_eq!(of(&[("retry-after", "3")]), Some(Duration::from_secs(3)));
        assert_eq!(
            of(&[("retry-after-ms", "250")]),
            Some(Duration::from_millis(250))
        );
        for nonsense in [
            "-1",
            "NaN",
            "inf",
            "1e300",
            "Wed, 21 Oct 2026 07:28:00 GMT",
            "soon",
            "",
        ] {
            assert_eq!(of(&[("retry-after", nonsense)]), None, "{nonsense}");
        }
    }

    #[test]
    fn a_date_is_held_against_the_servers_own_clock() {
        let until = ("retry-after", "Wed, 21 Oct 2026 07:28:10 GMT");
        let now = |now| of(&[until, ("date", now)]);
        assert_eq!(
            now("Wed, 21 Oct 2026 07:28:00 GMT"),
            Some(Duration::from_secs(10))
        );
        assert_eq!(now("Wed, 21 Oct 2026 07:29:00 GMT"), Some(Duration::ZERO));
        assert_eq!(now("today"), None);
    }
}
