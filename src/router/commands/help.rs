//! `/help`: explains the commands.

use crate::domain::Command;
use crate::domain::texts::Texts;

pub(super) fn run(texts: &Texts) -> String {
    let lines = Command::ALL.into_iter().map(|command| {
        let summary = texts.get(command.summary_key());
        texts.with("help-line", &[("command", command.name()), ("summary", &summary)])
    });
    let mut text = texts.get("help-intro");
    for line in lines {
        text.push('\n');
        text.push_str(&line);
    }
    text
}
