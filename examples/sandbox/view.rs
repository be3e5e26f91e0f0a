//! What a person sees, and what is new about it.

use std::collections::HashMap;

use crate::line::On;
use crate::stage::CHANNEL;

/// A message of the bot, as one person sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    pub on: On,
    /// Who sees it, or the name of the channel.
    pub by: String,
    pub id: String,
    pub text: String,
}

impl Seen {
    /// What `name` sees, or everybody in the channel.
    pub fn new(on: On, name: &str, is_shared: bool, id: impl ToString, text: String) -> Self {
        let by = if is_shared { format!("everybody in {CHANNEL}") } else { name.to_owned() };
        Self { on, by, id: id.to_string(), text }
    }
}

/// What has been printed so far.
#[derive(Debug, Default)]
pub struct Printed {
    texts: HashMap<(&'static str, String, String), String>,
}

impl Printed {
    /// Prints what has changed; returns how many messages are new.
    pub fn print(&mut self, screen: &[Seen]) -> usize {
        let mut new = 0;
        for seen in screen {
            let key = (seen.on.name(), seen.by.clone(), seen.id.clone());
            let before = self.texts.insert(key, seen.text.clone());
            let what = match before {
                None => "sees",
                Some(text) if text != seen.text => "sees it change to",
                Some(_) => continue,
            };
            new += usize::from(what == "sees");
            let text = seen.text.replace('\n', "\n    ");
            println!("{} {} {what}:\n    {text}", seen.on.name(), seen.by);
        }
        new
    }
}
