//! One rich answer on every platform, as the README shows it: drawn from what the
//! emulators hold after a real conversation.

use std::fs;
use std::path::Path;

use switchboard::domain::Platform;

use crate::support::discord::Discord;
use crate::support::models::Models;
use crate::support::picture::svg;
use crate::support::program::Setup;
use crate::support::shown::{Kind, Shown, ShownBlock, Span};
use crate::support::slack::Slack;
use crate::support::stage::On;
use crate::support::telegram::Telegram;

const NAME: &str = "Switchboard";

/// What a model says, with some of everything.
const ANSWER: &str = "## Backups\n\nThere are **three ways**, from *simple* to ~~safe~~ safe:\n\n\
    1. Copy the file:\n   ```sh\n   cp -a data/ /backup\n   ```\n\
    2. Use `sqlite3 .backup`\n3. Let a timer do it\n   - daily\n   - [x] tested\n\n\
    | way | minutes | safe |\n|---|--:|---|\n| copy | 1 | no |\n| backup | 3 | yes |\n\n\
    > Test what you *restore*.\n\nMore is in [the manual](https://sqlite.org/backup.html).";

/// Compares a picture with the one of the README.
fn compare(platform: Platform, shown: &Shown) {
    let picture = svg(platform, NAME, shown);
    let name = format!("{platform}.svg");
    let fresh = Path::new(env!("CARGO_TARGET_TMPDIR")).join("looks");
    fs::create_dir_all(&fresh).unwrap();
    fs::write(fresh.join(&name), &picture).unwrap();
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/looks").join(&name);
    let is_kept = fs::read_to_string(&kept).is_ok_and(|kept| kept == picture);
    assert!(is_kept, "the answer looks different: compare {} with {}", kept.display(), fresh.display());
}

#[tokio::test]
async fn an_answer_on_discord_looks_like_its_picture() {
    let stage = On::<Discord>::lifelike().await;
    stage.models.will_say(ANSWER);
    let bot = stage.serve().await;
    let alice = stage.platform.user(1001, "alice");
    alice.dm("How do I back it up?");

    let is_whole = |shown: &crate::support::discord::Shown| shown.text.contains("manual");
    let shown = stage.platform.wait_for_message(alice.dm_channel(), is_whole).await;

    compare(Platform::Discord, &shown.drawn());
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn an_answer_on_telegram_looks_like_its_picture() {
    let stage = On::<Telegram>::lifelike().await;
    stage.models.will_say(ANSWER);
    let bot = stage.serve().await;
    stage.platform.user(1001, "Alice").says("How do I back it up?");

    let waited = stage.platform.wait_for_message(1001, |shown| shown.text.contains("manual"));
    let shown = waited.await.unwrap();

    compare(Platform::Telegram, &shown.drawn());
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn an_answer_on_slack_looks_like_its_picture() {
    let stage = On::<Slack>::lifelike().await;
    stage.models.will_say(ANSWER);
    let bot = stage.serve().await;
    let alice = stage.platform.user("U1", "alice");
    alice.dm("How do I back it up?");

    let chat = alice.dm_channel();
    let waited = stage.platform.wait_for_message(&chat, |shown| shown.text.contains("manual"));
    let shown = waited.await.unwrap();

    compare(Platform::Slack, &stage.platform.drawn(&shown));
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn an_answer_in_the_terminal_looks_like_its_picture() {
    let models = Models::start().await;
    models.will_say(ANSWER);
    let ran = Setup::with_model(&models).pipe("How do I back it up?").await;
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let spans = vec![Span::default().saying(ran.out.trim_end())];
    let block = ShownBlock { kind: Kind::Code { language: None }, quoted: false, indent: 0, spans };

    compare(Platform::Terminal, &Shown { blocks: vec![block] });
}
