//! What of a provider's words may be shown to an operator.
//!
//! Providers quote what they complain about: the key, or the prompt. What goes
//! into an error is one short line with neither.

use crate::domain::Line;

/// The longest piece of a provider's words that is kept, in characters.
const MAX_CHARS: usize = 200;
/// A quotation of twice as many letters and digits is recognized wherever it begins.
const PROBE_CHARS: usize = 12;
/// Shorter lines of a prompt are words that any message may hold.
const MIN_QUOTED_CHARS: usize = 4;
/// Shorter keys are placeholders such as `x`, which local servers ask for.
const MIN_KEY_BYTES: usize = 6;

const WITHHELD: &str = "(its message quotes the prompt and is withheld)";

/// Knows the secrets of one request.
#[derive(Clone, Copy)]
pub(super) struct Discretion<'a> {
    pub(super) key: &'a str,
    pub(super) lines: &'a [Line],
}

impl Discretion<'_> {
    /// The first words of `text`, on one line, with neither key nor prompt.
    pub(super) fn one_line(&self, text: &str) -> String {
        let line = shortened(&self.without_key(text));
        if self.is_quoted_in(&line) { WITHHELD.to_owned() } else { line }
    }

    fn without_key(&self, text: &str) -> String {
        if self.key.len() < MIN_KEY_BYTES { text.to_owned() } else { text.replace(self.key, "[key]") }
    }

    fn is_quoted_in(&self, line: &str) -> bool {
        let message = letters(line);
        let characters: Vec<char> = message.chars().collect();
        let probes: Vec<String> =
            characters.chunks_exact(PROBE_CHARS).map(|probe| probe.iter().collect()).collect();
        self.lines.iter().any(|line| {
            let said = letters(&line.text);
            let is_whole = said.chars().nth(MIN_QUOTED_CHARS - 1).is_some() && message.contains(&said);
            is_whole || probes.iter().any(|probe| said.contains(probe))
        })
    }
}

/// One line of at most [`MAX_CHARS`] characters.
fn shortened(text: &str) -> String {
    let mut line = String::new();
    for word in text.split(|character: char| character.is_whitespace() || character.is_control()) {
        if word.is_empty() {
            continue;
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
        if let Some((end, _)) = line.char_indices().nth(MAX_CHARS) {
            line.truncate(end);
            line.push('…');
            break;
        }
    }
    line
}

/// Letters and digits only, since quotation and escaping change the rest.
fn letters(text: &str) -> String {
    text.chars().filter(|character| character.is_alphanumeric()).collect()
}

#[cfg(test)]
mod tests {
    use super::{Discretion, MAX_CHARS, WITHHELD};
    use crate::domain::{Line, Speaker};

    #[test]
    fn neither_key_nor_prompt_survive() {
        let said = "My password is hunter2, and \"my\" cat's name is Mittens\nof the north";
        let lines = [
            Line { speaker: Speaker::System, text: "Be brief.".to_owned(), tokens: None, voice: None },
            Line { speaker: Speaker::Person, text: said.to_owned(), tokens: None, voice: None },
        ];
        let discretion = Discretion { key: "sk-secret", lines: &lines };
        let table = [
            ("model `x` not found", "model `x` not found"),
            ("bad key sk-secret,\r\n  sorry\0", "bad key [key], sorry"),
            ("input: [{'content': 'My password is hunter2, and \"my\" cat'}]", WITHHELD),
            ("...cat\\'s name is Mittens\\nof the", WITHHELD),
            ("you said `Be brief.`", WITHHELD),
            ("", ""),
        ];
        for (text, expected) in table {
            assert_eq!(discretion.one_line(text), expected, "{text}");
        }
    }

    #[test]
    fn long_messages_are_cut() {
        let discretion = Discretion { key: "", lines: &[] };
        let line = discretion.one_line(&"й".repeat(5_000));
        assert_eq!(line.chars().count(), MAX_CHARS + 1);
    }
}
