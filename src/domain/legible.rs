//! What people write and call themselves, made fit to be kept and shown.

/// The longest name that is kept, in characters; no platform allows as many.
const LONGEST_NAME: usize = 150;

/// How many combining marks a name may have in a row.
const MARKS: usize = 4;

/// Puts a visible mark where a NUL stood, which PostgreSQL cannot keep.
pub(super) fn text(text: String) -> String {
    if text.contains('\0') { text.replace('\0', "\u{fffd}") } else { text }
}

/// A name without what turns the text around it, hides in it, or towers over it.
pub(super) fn name(name: &str) -> String {
    let mut marks = 0;
    let seen = name.chars().filter(|c| !c.is_control() && !is_hidden(*c)).filter(|c| {
        marks = if is_mark(*c) { marks + 1 } else { 0 };
        marks <= MARKS
    });
    let seen: String = seen.take(LONGEST_NAME).collect();
    seen.trim().to_owned()
}

/// Zero-width characters, and those that set the direction of writing.
fn is_hidden(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
    )
}

fn is_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{483}'..='\u{489}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}' | '\u{20d0}'..='\u{20ff}')
}

#[cfg(test)]
mod tests {
    use super::{name, text};

    #[test]
    fn a_nul_becomes_a_mark() {
        assert_eq!(text(" a\0b \u{202e}\n".to_owned()), " a\u{fffd}b \u{202e}\n");
    }

    #[test]
    fn names_show_what_they_are() {
        let table = [
            ("Ann-Marie O'Neil", "Ann-Marie O'Neil"),
            ("עדי", "עדי"),
            ("Zoë ångström 李", "Zoë ångström 李"),
            ("\u{202e}nimda", "nimda"),
            ("ad\u{200b}min\u{feff}", "admin"),
            ("two\nlines\0", "twolines"),
            (" \u{2067}\t ", ""),
        ];
        for (given, shown) in table {
            assert_eq!(name(given), shown, "{given:?}");
        }
        assert_eq!(name(&"x".repeat(10_000)).len(), 150);
        assert_eq!(name(&format!("Z{}algo", "\u{301}".repeat(5_000))).chars().count(), 9);
    }
}
