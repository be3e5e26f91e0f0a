//! An answer, as a terminal may print it.

/// Leaves out what a terminal would obey instead of show.
pub(super) fn printable(text: &str) -> String {
    text.chars().filter(|c| matches!(c, '\n' | '\t') || !c.is_control()).collect()
}

#[cfg(test)]
mod tests {
    use super::printable;

    #[test]
    fn escape_sequences_lose_their_power() {
        let table = [
            ("plain\n\ttext", "plain\n\ttext"),
            ("\u{1b}[2Jgone", "[2Jgone"),
            ("a\u{9b}31mb", "a31mb"),
            ("bell\u{7} nul\0 return\r", "bell nul return"),
        ];
        for (given, printed) in table {
            assert_eq!(printable(given), printed);
        }
    }
}
