//! What people write, made fit to be kept and sent on.

/// Puts a visible mark where a NUL stood, which PostgreSQL cannot keep.
pub(super) fn clean(text: &str) -> String {
    text.trim().replace('\0', "\u{fffd}")
}

#[cfg(test)]
mod tests {
    use super::clean;

    #[test]
    fn a_nul_becomes_a_mark() {
        assert_eq!(clean(" a\0b \n"), "a\u{fffd}b");
    }
}
