//! What is kept of a turn, read from the tables: all of it, or nothing.

use std::time::{Duration, Instant};

use crate::support::database::{Beside, Engine};
use crate::support::models::{Answer, Fault, Usage};
use crate::support::stage::Stage;
use crate::talk::heard;

/// How long the model thinks, which is the least that an answer may be said to have taken.
const THINKS: Duration = Duration::from_millis(300);

/// Every message in its order: who said it, what it took, and how it ended.
const MESSAGES: &str = "SELECT role || ' | ' || content || ' | ' || COALESCE(model, '-') || ' | ' || \
    COALESCE(provider, '-') || ' | ' || COALESCE(CAST(prompt_tokens AS TEXT), '-') || ' | ' || \
    COALESCE(CAST(completion_tokens AS TEXT), '-') || ' | ' || COALESCE(CAST(cost_micros AS TEXT), '-') || \
    ' | ' || COALESCE(finish_reason, '-') || ' | ' || COALESCE(error, '-') FROM messages ORDER BY seq";

/// The row of an answer of which the provider counted this.
fn answer_row(text: &str, usage: Usage, finish_reason: &str) -> String {
    let Usage { prompt_tokens, completion_tokens, .. } = usage;
    // 2.5 and 10 for a million tokens, in millionths.
    let cost = (prompt_tokens * 5).div_ceil(2) + completion_tokens * 10;
    format!(
        "assistant | {text} | gpt-4o | main | {prompt_tokens} | {completion_tokens} | {cost} | {finish_reason} | -"
    )
}

#[tokio::test]
async fn everything_about_a_streamed_answer_is_kept_beside_its_question() {
    let mut stage = Stage::lifelike().await;
    for (key, price) in [("PROMPT", "2.5"), ("COMPLETION", "10")] {
        let key = format!("SWITCHBOARD__MODEL__PROVIDERS__MAIN__PRICE__{key}_PER_MILLION");
        stage.setup = stage.setup.env(&key, price);
    }
    stage.models.will(Answer::deltas(["There are", " four", " of them."]).first_token_after(THINKS));
    let limited = Answer::deltas(["One,", " two,"]).finished_by("length").first_token_after(THINKS);
    stage.models.will(limited);
    let bot = stage.serve().await;
    let alice = stage.platform.user(1001, "Alice");
    let asked_at = Instant::now();
    alice.says("How many are there?");
    stage.wait_until_last(1001, "There are four of them.").await;
    let most = asked_at.elapsed();
    alice.says("Count them.");
    stage.wait_until_last_is(1001, |text| text.starts_with("One, two,")).await;
    stage.ends_well(bot).await;

    let beside = Beside::open(&stage.setup.database_url()).await;
    let usage = async |number| stage.models.request(number).await.usage.expect("it is counted");
    let (first, second) = (usage(1).await, usage(2).await);
    assert!(second.prompt_tokens > first.prompt_tokens, "{first:?} {second:?}");
    let expected = [
        "user | How many are there? | - | - | - | - | - | - | -".to_owned(),
        answer_row("There are four of them.", first, "stop"),
        "user | Count them. | - | - | - | - | - | - | -".to_owned(),
        answer_row("One, two,", second, "length"),
    ];
    assert_eq!(beside.texts(MESSAGES).await, expected);
    let took: Vec<i64> =
        beside.column("SELECT response_ms FROM messages WHERE role = 'assistant' ORDER BY seq").await;
    let (least, most) = (THINKS.as_millis().try_into().unwrap(), most.as_millis().try_into().unwrap());
    assert!(
        (least..=most).contains(&took[0]) && took[1] >= least,
        "{took:?} are not within {least} and {most}"
    );
    // Nothing of it is missing, and nothing stands where it does not belong.
    let whole = "SELECT COUNT(*) FROM messages WHERE turn_id IS NOT NULL AND tokens > 0 AND \
        (role = 'user') = (user_id IS NOT NULL) AND (role = 'user') = (origin_identity_id IS NOT NULL) AND \
        (role = 'user') = (completed_at IS NULL) AND (role = 'user') = (response_ms IS NULL)";
    assert_eq!(beside.number(whole).await, 4);
    beside.close().await;
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_kept_with_its_model_and_what_it_took() {
    let mut stage = Stage::lifelike().await;
    for (key, price) in [("PROMPT", "2.5"), ("COMPLETION", "10")] {
        let key = format!("SWITCHBOARD__MODEL__PROVIDERS__MAIN__PRICE__{key}_PER_MILLION");
        stage.setup = stage.setup.env(&key, price);
    }
    stage.models.when_asked("?", Answer::deltas(["There are", " four."]).with(Fault::CutAfterDeltas(1)));
    let bot = stage.serve().await;
    stage.platform.user(1001, "Alice").says("How many are there?");
    stage.wait_until_last_is(1001, |text| text.contains("broke off")).await;
    stage.ends_well(bot).await;

    let beside = Beside::open(&stage.setup.database_url()).await;
    let whole = "SELECT COUNT(*) FROM messages WHERE role = 'assistant' AND error = 'cut' AND model = 'gpt-4o' \
        AND provider = 'main' AND prompt_tokens > 0 AND completion_tokens > 0 AND cost_micros > 0";
    let kept = beside.texts(MESSAGES).await;
    assert_eq!(beside.number(whole).await, 1, "{kept:#?}");
    beside.close().await;
}

/// Has the database refuse what is written, from now on.
async fn refuses(beside: &Beside, event: &str, condition: &str) {
    let sql = match beside.engine() {
        Engine::Sqlite => format!(
            "CREATE TRIGGER refusing BEFORE {event} WHEN {condition} BEGIN SELECT RAISE(ABORT, 'no'); END"
        ),
        Engine::Postgres => format!(
            "CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql \
             AS $$ BEGIN RAISE EXCEPTION 'no'; END $$; \
             CREATE TRIGGER refusing BEFORE {event} FOR EACH ROW WHEN ({condition}) EXECUTE FUNCTION refuse()"
        ),
    };
    beside.run(&sql).await;
}

/// Lets it write again.
async fn relents(beside: &Beside, table: &str) {
    let on = if beside.engine() == Engine::Postgres { format!(" ON {table}") } else { String::new() };
    beside.run(&format!("DROP TRIGGER refusing{on}")).await;
}

/// What is kept of answers at this moment, beside the first of this test: messages,
/// turns whose answer is stored, and parts on their way.
const KEPT: &str = "SELECT (SELECT COUNT(*) FROM messages) - 2 + \
    (SELECT COUNT(*) FROM inbox WHERE state = 'ready') + (SELECT COUNT(*) FROM outbox WHERE state <> 'sent')";

#[tokio::test]
async fn an_answer_is_stored_with_its_question_and_its_parts_or_not_at_all() {
    let stage = Stage::lifelike().await;
    stage.platform.without_rate_limits();
    stage.models.answers_with(|asked| format!("Heard {}", asked.last_words()));
    let bot = stage.serve().await;
    let alice = stage.platform.user(1001, "Alice");
    alice.says("plum");
    stage.wait_until_last(1001, "Heard plum").await;
    bot.wait_for_logs("a turn on telegram ended", 1).await;
    let beside = Beside::open(&stage.setup.database_url()).await;
    let refusals = [
        ("messages", "INSERT ON messages", "NEW.role = 'assistant'", "pear"),
        ("outbox", "INSERT ON outbox", "NEW.number = 0", "fig"),
    ];
    let mut refused = 0;
    for (number, (table, event, condition, word)) in refusals.into_iter().enumerate() {
        refuses(&beside, event, condition).await;
        alice.says(word);
        refused += 2;
        bot.wait_for_logs("cannot store the answer yet", refused).await;
        let (kept, messages) = (beside.number(KEPT).await, 2 * i64::try_from(number).unwrap());
        assert_eq!(kept, messages, "something of `{word}` is kept");
        relents(&beside, table).await;
        let answer = format!("Heard {word}");
        stage.wait_until_last(1001, &answer).await;
        bot.wait_for_logs("a turn on telegram ended", number + 2).await;
        refused = bot.log().iter().filter(|line| line.contains("cannot store the answer yet")).count();
    }
    alice.says("quince");
    stage.wait_until_last(1001, "Heard quince").await;
    let all = ["plum", "Heard plum", "pear", "Heard pear", "fig", "Heard fig", "quince"];
    assert_eq!(heard(&stage.models, "quince"), all);
    beside.close().await;
    stage.ends_well(bot).await;
}
