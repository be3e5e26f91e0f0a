//! Reads the comments of `default.toml`: which keys there are, and what is said of each.
//!
//! A line that begins with `#` and no space is an example; it declares a key
//! like any other line does. A blank line ends a comment.

/// A key or section that the document declares.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Declared {
    /// Its dotted key.
    pub(super) path: String,
    /// Its comment, on one line.
    pub(super) sentence: String,
    /// Whether it is only an example.
    pub(super) is_example: bool,
}

/// Returns what the document declares, in its order.
pub(super) fn declared(text: &str) -> Vec<Declared> {
    let mut found = Vec::new();
    let mut section = String::new();
    let mut comment = Vec::new();
    for line in text.lines() {
        let (is_example, content) = without_mark(line);
        if let Some(header) = content.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            header.clone_into(&mut section);
            let sentence = std::mem::take(&mut comment).join(" ");
            found.push(Declared { path: section.clone(), sentence, is_example });
        } else if let Some(name) = key_name(content) {
            let sentence = std::mem::take(&mut comment).join(" ");
            found.push(Declared { path: format!("{section}.{name}"), sentence, is_example });
        } else if let Some(text) = line.strip_prefix('#') {
            comment.push(text.trim());
        } else {
            comment.clear();
        }
    }
    found
}

/// Returns the document with its examples switched on.
pub(super) fn with_examples(text: &str) -> String {
    text.lines().map(|line| without_mark(line).1).collect::<Vec<_>>().join("\n")
}

fn without_mark(line: &str) -> (bool, &str) {
    match line.strip_prefix('#') {
        Some(rest) if rest.starts_with('[') || key_name(rest).is_some() => (true, rest),
        _ => (false, line),
    }
}

fn key_name(line: &str) -> Option<&str> {
    let (name, _) = line.split_once(" = ")?;
    let is_name = name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    (is_name && !name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOCUMENT: &str = "# A header.\n\n# The first\n# section.\n[one]\n# A key.\nkey = 1\n\n# Example:\n#[one.x]\n# Its = key.\n#name = \"a\"\n";

    #[test]
    fn comments_belong_to_what_follows_them() {
        let cases = [
            ("one", "The first section.", false),
            ("one.key", "A key.", false),
            ("one.x", "Example:", true),
            ("one.x.name", "Its = key.", true),
        ];
        let expected = cases.map(|(path, sentence, is_example)| Declared {
            path: path.to_owned(),
            sentence: sentence.to_owned(),
            is_example,
        });
        assert_eq!(declared(DOCUMENT), expected);
    }

    #[test]
    fn examples_can_be_switched_on() {
        assert!(with_examples(DOCUMENT).ends_with("[one.x]\n# Its = key.\nname = \"a\""));
    }
}
