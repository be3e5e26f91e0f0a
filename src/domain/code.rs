//! Codes that people type: short, without look-alikes, kept as hashes only.

use std::fmt;

use sha2::{Digest, Sha256};

/// No `I`, `O`, `0` or `1`: 32 characters, so each is worth five bits.
const ALPHABET: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";

/// A code as a person sees and types it.
#[derive(Clone, PartialEq, Eq)]
pub struct Code(String);

impl Code {
    /// The length of a code that an admin approves.
    pub const PAIRING: usize = 8;

    /// The length of the code that makes an owner.
    pub const OWNER: usize = 12;

    /// Makes a code out of random bits, five for each character.
    #[must_use]
    pub fn from_random(bits: u128, length: usize) -> Self {
        let letters = (0..length).map(|place| {
            let index = usize::try_from((bits >> (5 * place)) & 31).unwrap_or(0);
            char::from(ALPHABET.get(index).copied().unwrap_or(b'A'))
        });
        Self(letters.collect())
    }

    /// Recognizes a code of this length, in any case, with spaces and dashes in between.
    #[must_use]
    pub fn parse(text: &str, length: usize) -> Option<Self> {
        let is_filling = |c: &char| !matches!(c, ' ' | '-');
        let letters: String = text.trim().chars().filter(is_filling).take(length + 1).collect();
        let letters = letters.to_ascii_uppercase();
        let is_code = letters.len() == length && letters.bytes().all(|byte| ALPHABET.contains(&byte));
        is_code.then_some(Self(letters))
    }

    /// What is kept of it.
    #[must_use]
    pub fn hash(&self) -> Vec<u8> {
        Sha256::digest(self.0.as_bytes()).to_vec()
    }

    /// The code in groups of four, as a person gets to see it.
    #[must_use]
    pub fn grouped(&self) -> String {
        let groups: Vec<&str> =
            self.0.as_bytes().chunks(4).filter_map(|group| str::from_utf8(group).ok()).collect();
        groups.join("-")
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Code(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::Code;

    #[test]
    fn a_code_survives_how_people_type_it() {
        let code = Code::from_random(0x0123_4567_89ab_cdef_0123_4567_89ab_cdef, Code::PAIRING);
        let typed = format!(" {} ", code.grouped().to_lowercase());
        assert_eq!(Code::parse(&typed, Code::PAIRING), Some(code.clone()));
        assert_eq!(Code::parse("hello world", Code::PAIRING), None);
        assert_eq!(Code::parse("ABCDEFG0", Code::PAIRING), None);
        assert_eq!(Code::parse(&code.grouped(), Code::OWNER), None);
        assert_eq!(format!("{code:?}"), "Code(…)");
    }
}
