//! What a value must be like, beyond its type.
//!
//! Every section lists the rules of its keys; a key without one takes whatever
//! fits its type.

use config::ValueKind;

use crate::config::nearest::nearest;
use crate::config::problem::Fault;
use crate::config::url;

/// Says what is wrong with a text.
pub(super) type Complaint = fn(&str) -> Option<String>;

/// What a value must be like.
#[derive(Debug, Clone, Copy)]
pub(super) enum Rule {
    Any,
    /// A whole number from the first to the second.
    Between(i64, i64),
    /// A number from zero to this.
    UpTo(f64),
    OneOf(&'static [&'static str]),
    /// A text of one to this many characters.
    Chars(usize),
    /// The base of a web API, over http or https.
    BaseUrl,
    /// Where a platform reaches us, over https; may be empty.
    WebhookUrl,
    /// A text about which the function has no complaint.
    Text(Complaint),
    /// A list of texts about which the function has no complaint.
    Each(Complaint),
    /// A text that is never shown.
    Secret,
    /// A database; its password is never shown.
    DatabaseUrl,
}

impl Rule {
    /// Whether a value may be given as a path, and its type may not print it.
    pub(super) const fn is_secret(self) -> bool {
        matches!(self, Self::Secret | Self::DatabaseUrl)
    }

    /// Returns the value as we use it, or what is wrong with it.
    pub(super) fn apply(self, value: ValueKind) -> Result<ValueKind, Fault> {
        match (self, &value) {
            (Self::BaseUrl, ValueKind::String(text)) => {
                return match url::complain_about_base(text) {
                    Some(complaint) => Err(complaint.into()),
                    None => Ok(text.trim_end_matches('/').into()),
                };
            }
            (Self::Between(..) | Self::UpTo(_), _) => self.check_number(&value)?,
            (_, ValueKind::String(text)) => self.check_text(text)?,
            (Self::Each(complaint), ValueKind::Array(items)) => {
                for item in items {
                    complain_about(complaint, &item.to_string())?;
                }
            }
            _ => {}
        }
        Ok(value)
    }

    /// The limits in words, where the type does not say it all.
    pub(super) fn limits(self) -> Option<String> {
        match self {
            Self::Between(least, most) => Some(format!("{least} to {most}")),
            Self::UpTo(most) => Some(format!("0 to {most}")),
            Self::OneOf(names) => Some(names.join(", ")),
            Self::Chars(most) => Some(format!("1 to {most} characters")),
            Self::BaseUrl => Some("a URL with http:// or https://".to_owned()),
            Self::WebhookUrl => Some("a URL with https:// and a path".to_owned()),
            Self::Any | Self::Text(_) | Self::Each(_) | Self::Secret | Self::DatabaseUrl => None,
        }
    }

    fn check_number(self, value: &ValueKind) -> Result<(), Fault> {
        let fits = match (self, value) {
            (Self::Between(least, most), ValueKind::I64(number)) => (least..=most).contains(number),
            (Self::UpTo(most), ValueKind::Float(number)) => (0.0..=most).contains(number),
            _ => true,
        };
        let limits = self.limits().unwrap_or_default();
        if fits { Ok(()) } else { Err(format!("{value} is out of range, expected {limits}").into()) }
    }

    fn check_text(self, text: &str) -> Result<(), Fault> {
        match self {
            Self::OneOf(names) if !names.contains(&text) => Err(Fault {
                what: format!("expected one of {}, got {}", names.join(", "), quoted(text)),
                suggestion: nearest(text, names.iter().copied()).map(str::to_owned),
            }),
            Self::Chars(_) if text.trim().is_empty() => Err("must not be empty".into()),
            Self::Chars(most) if text.chars().count() > most => {
                Err(format!("is longer than {most} characters").into())
            }
            Self::Text(complaint) => complain_about(complaint, text),
            Self::WebhookUrl => url::complain_about_webhook(text).map_or(Ok(()), |what| Err(what.into())),
            Self::Secret => url::complain_about_secret(text).map_or(Ok(()), |what| Err(what.into())),
            Self::DatabaseUrl => url::complain_about_database(text).map_or(Ok(()), |what| Err(what.into())),
            _ => Ok(()),
        }
    }
}

/// Shows a text that somebody wrote, shortened.
pub(super) fn quoted(text: &str) -> String {
    const SHOWN_CHARS: usize = 60;
    let shown: String = text.chars().take(SHOWN_CHARS).collect();
    let more = if text.chars().count() > SHOWN_CHARS { "…" } else { "" };
    format!("`{}{more}`", shown.escape_debug())
}

fn complain_about(complaint: Complaint, text: &str) -> Result<(), Fault> {
    complaint(text).map_or(Ok(()), |what| Err(format!("{} {what}", quoted(text)).into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_out_of_bounds_are_refused() {
        let cases: [(Rule, ValueKind, Option<&str>); 9] = [
            (Rule::Between(1, 50), 50.into(), None),
            (Rule::Between(1, 50), 51.into(), Some("51 is out of range, expected 1 to 50")),
            (Rule::UpTo(10.0), 0.5.into(), None),
            (Rule::UpTo(10.0), f64::NAN.into(), Some("NaN is out of range, expected 0 to 10")),
            (Rule::OneOf(&["auto", "json"]), "json".into(), None),
            (Rule::OneOf(&["auto", "json"]), "jsno".into(), Some("expected one of auto, json, got `jsno`")),
            (Rule::Chars(3), "abcd".into(), Some("is longer than 3 characters")),
            (Rule::Chars(3), " ".into(), Some("must not be empty")),
            (Rule::Secret, "a b".into(), Some("contains white space or control characters")),
        ];
        for (rule, value, expected) in cases {
            let what = rule.apply(value.clone()).err().map(|fault| fault.what);
            assert_eq!(what.as_deref(), expected, "{rule:?} {value}");
        }
    }

    #[test]
    fn a_base_url_loses_its_last_slash() {
        let tidy = Rule::BaseUrl.apply("http://localhost/v1/".into());
        assert_eq!(tidy, Ok(ValueKind::String("http://localhost/v1".to_owned())));
    }
}
