//! Who may talk, where, and how they are let in: the real daemon, its command
//! line beside it, and what each person sees.

mod anonymous;
mod operations;
mod owner;
mod pairing;
mod platforms;
mod table;

use crate::support::stage::Stage;

/// The code in a text, such as `ABCD-EFGH`.
fn code_in(text: &str) -> String {
    let is_code = |word: &&str| {
        word.len() >= 9 && word.split('-').all(|group| group.len() == 4 && group.bytes().all(is_of_code))
    };
    let word = text.split([' ', ',', '.']).find(is_code);
    word.unwrap_or_else(|| panic!("there is no code in `{text}`")).to_owned()
}

fn is_of_code(byte: u8) -> bool {
    byte.is_ascii_uppercase() || byte.is_ascii_digit()
}

impl Stage {
    /// Runs `switchboard access …` beside the daemon; returns the exit code and all it says.
    async fn access(&self, words: &[&str]) -> (i32, String) {
        let ran = self.setup.run(&[&["access"], words].concat()).await;
        (ran.code.unwrap(), ran.out + &ran.err)
    }

    /// Lets somebody in, or shuts them out, and expects that it works.
    async fn does(&self, words: &[&str]) {
        let (code, said) = self.access(words).await;
        assert_eq!(code, 0, "{words:?}: {said}");
    }
}
