//! `/help`: explains the commands, as they are typed where it is asked.

use crate::domain::texts::Texts;
use crate::domain::{Command, Platform};

pub(super) fn run(texts: &Texts, platform: Platform) -> String {
    let line = match platform {
        // Slack gives an app one command; what we can do stands behind it.
        Platform::Slack => "help-line-slack",
        Platform::Discord | Platform::Telegram | Platform::Terminal => "help-line",
    };
    let lines = Command::ALL.into_iter().map(|command| {
        let summary = texts.get(command.summary_key());
        texts.with(line, &[("command", command.name()), ("summary", &summary)])
    });
    let mut text = texts.get("help-intro");
    for line in lines {
        text.push('\n');
        text.push_str(&line);
    }
    if platform == Platform::Slack {
        text.push('\n');
        text.push_str(&texts.get("help-threads-slack"));
    }
    text
}
