//! Slack's markup, made readable: docs.slack.dev/messaging/formatting-message-text.

use std::fmt::Write;

/// How people are called, where that is known.
pub(super) type NameOf<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Whether a text calls the bot.
pub(super) fn mentions(text: &str, bot: &str) -> bool {
    text.match_indices("<@").any(|(at, _)| {
        let called = text.get(at + 2..).and_then(|rest| rest.strip_prefix(bot));
        called.is_some_and(|rest| rest.starts_with(['>', '|']))
    })
}

/// Whether a text calls anybody: a person, a group of people, or everybody.
pub(super) fn calls_somebody(text: &str) -> bool {
    ["<@", "<!subteam^", "<!here", "<!channel", "<!everyone"].into_iter().any(|call| text.contains(call))
}

/// The text as a person reads it, without the mentions of the bot.
pub(super) fn readable(text: &str, bot: &str, name_of: NameOf<'_>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((plain, after)) = rest.split_once('<') {
        unescape_into(&mut out, plain);
        match sequence(after) {
            Some((inside, remaining)) => {
                rest = remaining;
                if !is_bot(inside, bot) {
                    control(&mut out, inside, name_of);
                } else if out.is_empty() || out.ends_with(char::is_whitespace) {
                    rest = remaining.strip_prefix(' ').unwrap_or(remaining);
                }
            }
            None => {
                out.push('<');
                rest = after;
            }
        }
    }
    unescape_into(&mut out, rest);
    out.trim().to_owned()
}

/// Takes a control sequence apart from what follows it, if there is one; never
/// looks further than the next `<`.
fn sequence(after: &str) -> Option<(&str, &str)> {
    let end = after.find(['<', '>', '\n'])?;
    let (inside, rest) = after.split_at(end);
    let remaining = rest.strip_prefix('>')?;
    (!inside.is_empty()).then_some((inside, remaining))
}

fn is_bot(inside: &str, bot: &str) -> bool {
    let called = inside.strip_prefix('@').and_then(|id| id.strip_prefix(bot));
    called.is_some_and(|rest| rest.is_empty() || rest.starts_with('|'))
}

/// Writes what stood between `<` and `>`.
fn control(out: &mut String, inside: &str, name_of: NameOf<'_>) {
    let (target, label) = inside.split_once('|').unwrap_or((inside, ""));
    let mut label_text = String::new();
    unescape_into(&mut label_text, label);
    let label = Some(label_text).filter(|label| !label.is_empty());
    // Writing to a string cannot fail.
    let _ = if let Some(user) = target.strip_prefix('@') {
        let name = label.or_else(|| name_of(user)).unwrap_or_else(|| user.to_owned());
        write!(out, "@{}", name.trim_start_matches('@'))
    } else if let Some(channel) = target.strip_prefix('#') {
        write!(out, "#{}", label.as_deref().unwrap_or(channel))
    } else if let Some(group) = target.strip_prefix("!subteam^") {
        let name = label.as_deref().unwrap_or(group);
        write!(out, "@{}", name.trim_start_matches('@'))
    } else if let Some(word) = target.strip_prefix('!') {
        match label {
            Some(label) => write!(out, "{label}"),
            None => write!(out, "@{word}"),
        }
    } else {
        let mut url = String::new();
        unescape_into(&mut url, target);
        match label.filter(|label| !names_same(&url, label)) {
            Some(label) => write!(out, "{label} ({url})"),
            None => write!(out, "{}", url.strip_prefix("mailto:").unwrap_or(&url)),
        }
    };
}

/// Whether a label only repeats its link, as Slack's clients make them.
fn names_same(url: &str, label: &str) -> bool {
    let bare = |text: &str| {
        let text = ["https://", "http://", "mailto:", "tel:"]
            .iter()
            .find_map(|scheme| text.strip_prefix(scheme))
            .unwrap_or(text);
        text.trim_end_matches('/').to_ascii_lowercase()
    };
    bare(url) == bare(label)
}

/// Adds a text with its entities resolved, each once.
fn unescape_into(out: &mut String, text: &str) {
    let mut rest = text;
    while let Some((plain, after)) = rest.split_once('&') {
        out.push_str(plain);
        let entities = [("amp;", '&'), ("lt;", '<'), ("gt;", '>')];
        let found = entities.iter().find_map(|(name, c)| Some((after.strip_prefix(name)?, *c)));
        let (remaining, c) = found.unwrap_or((after, '&'));
        out.push(c);
        rest = remaining;
    }
    out.push_str(rest);
}

#[cfg(test)]
mod tests {
    use super::{mentions, readable};

    #[test]
    fn markup_becomes_readable() {
        let table = [
            ("<@UBOT> hello", "hello"),
            ("hello <@UBOT|switchboard>, there", "hello , there"),
            ("say <@UBOT> something", "say something"),
            ("ask <@U2> and <@U3|carol>", "ask @bob and @carol"),
            ("ask <@U9>", "ask @U9"),
            ("<@UBOTTOM> is somebody else", "@UBOTTOM is somebody else"),
            ("in <#C1|general> or <#C2> or <#C3|>", "in #general or #C2 or #C3"),
            ("<!here> <!subteam^S1|@admins> <!subteam^S2>", "@here @admins @S2"),
            ("<!date^1392734382^{date}|Feb 18>", "Feb 18"),
            ("see <https://example.com/a?b=1&amp;c=2>", "see https://example.com/a?b=1&c=2"),
            ("<https://example.com|this page>", "this page (https://example.com)"),
            ("<http://example.com|example.com>", "http://example.com"),
            ("<mailto:ann@example.com|ann@example.com>", "ann@example.com"),
            ("1 &lt; 2 &amp;&amp; 3 &gt; 2", "1 < 2 && 3 > 2"),
            ("&amp;lt; stays an entity", "&lt; stays an entity"),
            ("a < b and <", "a < b and <"),
            ("<> and <<x>", "<> and <x"),
            ("", ""),
        ];
        let name_of = |id: &str| (id == "U2").then(|| "bob".to_owned());
        for (given, read) in table {
            assert_eq!(readable(given, "UBOT", &name_of), read, "{given}");
        }
    }

    #[test]
    fn only_the_bots_own_mention_addresses_it() {
        assert!(mentions("hey <@UBOT>", "UBOT"));
        assert!(mentions("<@U1> <@UBOT|sb>", "UBOT"));
        assert!(!mentions("hey <@UBOTTOM>", "UBOT"));
        assert!(!mentions("hey @UBOT &lt;@UBOT&gt;", "UBOT"));
    }

    #[test]
    fn a_megabyte_of_brackets_is_read_in_no_time() {
        let text = "<".repeat(1 << 20);
        assert_eq!(readable(&text, "UBOT", &|_| None).len(), text.len());
    }
}
