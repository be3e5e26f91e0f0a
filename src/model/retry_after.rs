//! How long a provider asks us to wait.

use std::time::Duration;

use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};
use time::PrimitiveDateTime;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;

/// The more exact header of OpenAI, in milliseconds.
const RETRY_AFTER_MS: &str = "retry-after-ms";
/// RFC 9110, section 5.6.7.
const HTTP_DATE: &[BorrowedFormatItem<'_>] =
    format_description!("[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT");

/// How long these headers ask us to wait, in whichever of the three forms.
pub(super) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let milliseconds = text(headers, RETRY_AFTER_MS).and_then(|value| seconds(value, 1_000.0));
    milliseconds.or_else(|| {
        let value = text(headers, RETRY_AFTER.as_str())?;
        seconds(value, 1.0).or_else(|| until(value, headers))
    })
}

fn seconds(value: &str, per_second: f64) -> Option<Duration> {
    let number: f64 = value.parse().ok()?;
    Duration::try_from_secs_f64(number / per_second).ok()
}

/// The time until a date, by the clock of the server that gave it: its own `Date` header.
fn until(value: &str, headers: &HeaderMap) -> Option<Duration> {
    let then = PrimitiveDateTime::parse(value, HTTP_DATE).ok()?;
    let now = PrimitiveDateTime::parse(text(headers, DATE.as_str())?, HTTP_DATE).ok()?;
    Some((then - now).try_into().unwrap_or(Duration::ZERO))
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

    use super::retry_after;

    type Headers = &'static [(&'static str, &'static str)];

    #[test]
    fn all_three_forms_are_read() {
        const NOON: (&str, &str) = ("date", "Sun, 06 Nov 1994 12:00:00 GMT");
        let table: [(Headers, Option<u64>); 12] = [
            (&[], None),
            (&[("retry-after", "7")], Some(7_000)),
            (&[("retry-after", "0.25")], Some(250)),
            (&[("retry-after", "-3")], None),
            (&[("retry-after-ms", "120"), ("retry-after", "7")], Some(120)),
            (&[("retry-after-ms", "soon"), ("retry-after", "7")], Some(7_000)),
            (&[("retry-after", "Sun, 06 Nov 1994 12:00:09 GMT"), NOON], Some(9_000)),
            (&[("retry-after", "Sun, 06 Nov 1994 11:00:00 GMT"), NOON], Some(0)),
            (&[("retry-after", "Sun, 06 Nov 1994 12:00:09 GMT")], None),
            (&[("retry-after", "tomorrow"), NOON], None),
            (&[("retry-after", "nan")], None),
            (&[("retry-after", "1e300")], None),
        ];
        for (pairs, expected) in table {
            let headers: HeaderMap = pairs
                .iter()
                .map(|(name, value)| {
                    (HeaderName::try_from(*name).unwrap(), HeaderValue::from_str(value).unwrap())
                })
                .collect();
            assert_eq!(retry_after(&headers), expected.map(Duration::from_millis), "{pairs:?}");
        }
    }
}
