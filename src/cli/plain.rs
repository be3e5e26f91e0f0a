//! Ages, lengths of time and foreign texts, in words for a terminal.

use std::io::{self, Write};
use std::time::Duration;

use serde_json::Value;
use time::format_description::well_known::Rfc3339;

use crate::domain::Timestamp;

/// How many entries a list shows unless told otherwise.
pub(super) const SHOWN: u64 = 50;

/// How long ago something was, roughly.
pub(super) fn age(then: Timestamp, now: Timestamp) -> String {
    let seconds = (now - then).whole_seconds().max(0);
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} d", seconds / 86_400),
    }
}

/// Reads a length of time such as `14d`, `12h`, `30m` or `90s`.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("`{text}` is no length of time; write 14d, 12h, 30m or 90s");
    let unit = text.chars().last().ok_or_else(wrong)?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        _ => return Err(wrong()),
    };
    let count: u32 = text.strip_suffix(unit).and_then(|count| count.parse().ok()).ok_or_else(wrong)?;
    Ok(Duration::from_secs(u64::from(count) * seconds))
}

/// A moment for programs.
pub(super) fn stamp(moment: Timestamp) -> Value {
    moment.format(&Rfc3339).map_or(Value::Null, Value::String)
}

/// Prints a text that somebody else wrote, indented, without what would steer the terminal.
pub(super) fn print_foreign(out: &mut impl Write, text: &str) -> io::Result<()> {
    text.lines().try_for_each(|line| writeln!(out, "    {}", harmless(line)))
}

/// A line that somebody else wrote, without what would steer the terminal.
pub(super) fn harmless(line: &str) -> String {
    line.chars().map(|c| if c.is_control() && c != '\t' { '\u{fffd}' } else { c }).collect()
}

/// Takes what is shown of a list that was asked for one entry more, and says whether more is left.
pub(super) fn cut<T>(mut entries: Vec<T>, limit: u64) -> (Vec<T>, bool) {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let has_more = entries.len() > limit;
    entries.truncate(limit);
    (entries, has_more)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{age, duration, print_foreign};
    use crate::domain::Timestamp;

    #[test]
    fn ages_are_told_in_their_own_unit() {
        let then = Timestamp::UNIX_EPOCH;
        let table = [(0, "0 s"), (119, "119 s"), (120, "2 min"), (7_200, "2 h"), (172_800, "2 d")];
        for (seconds, expected) in table {
            assert_eq!(age(then, then + Duration::from_secs(seconds)), expected);
        }
        assert_eq!(age(then + Duration::from_secs(9), then), "0 s", "clocks differ a little");
    }

    #[test]
    fn a_length_of_time_has_a_unit() {
        let table = [("90s", 90), ("30m", 1_800), ("12h", 43_200), ("14d", 1_209_600), ("0d", 0)];
        for (text, seconds) in table {
            assert_eq!(duration(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for text in ["", "d", "14", "-1d", "1.5h", "1w", "99999999999d", "1\u{1f600}"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_foreign_text_does_not_steer_the_terminal() {
        let mut out = Vec::new();
        print_foreign(&mut out, "one\u{1b}[2J\ttwo\r\nthree\u{9b}").unwrap();
        let seen = String::from_utf8(out).unwrap();
        assert_eq!(seen, "    one\u{fffd}[2J\ttwo\n    three\u{fffd}\n");
    }
}
