//! How much of a conversation the model hears: the last that fits, by the
//! provider's own measure, and never an answer without its question.

use crate::support::models::{Answer, AskedRequest, Fault, ModelCard};
use crate::support::stage::Stage;

/// What a model may hear, in tokens.
const BUDGET: u64 = 365;

/// Ten tokens, and four for being a message.
const SYSTEM: &str = "Answer as briefly as anybody ever could.";

/// Twenty-five tokens, and four for being a message.
fn hundred_bytes(kind: &str, number: usize) -> String {
    format!("{:-<100}", format!("{kind} {number:02} "))
}

/// A stage in which little is heard.
async fn stage() -> Stage {
    let stage = Stage::lifelike().await;
    stage.platform.without_rate_limits();
    stage.unhurried().set("MODEL__SYSTEM_PROMPT", SYSTEM).set("MODEL__CONTEXT_TOKENS", &BUDGET.to_string())
}

/// Says so many things, each answered at once; returns what the model heard with the last.
async fn talks(stage: &Stage, turns: usize, answer: impl Fn(Answer) -> Answer) -> AskedRequest {
    let alice = stage.platform.user(1001, "Alice");
    for number in 1..=turns {
        let text = hundred_bytes("answer", number);
        stage.models.will(answer(Answer::text(text.as_str())));
        alice.says(&hundred_bytes("question", number));
        stage.wait_until_last_is(1001, |shown| shown == text).await;
    }
    stage.models.finished_request(turns).await
}

/// What it should hear with the last of these questions: so many pairs, and what it always hears.
fn with_pairs(turns: usize, pairs: usize) -> Vec<String> {
    let earlier = (turns - pairs..turns)
        .flat_map(|number| [hundred_bytes("question", number), hundred_bytes("answer", number)]);
    let always = [SYSTEM.to_owned()].into_iter();
    always.chain(earlier).chain([hundred_bytes("question", turns)]).collect()
}

fn texts(asked: &AskedRequest) -> Vec<String> {
    asked.messages.iter().map(|message| message.text.clone()).collect()
}

#[tokio::test]
async fn a_model_hears_the_last_questions_and_answers_that_fit() {
    let stage = stage().await;
    let bot = stage.serve().await;
    // Nobody tells how many tokens there were: what is known are bytes.
    let last = talks(&stage, 12, |answer| answer.with(Fault::WithoutUsage)).await;
    // There would be room for one answer more, without its question.
    assert_eq!(texts(&last), with_pairs(12, 5));
    assert!(last.usage.unwrap().prompt_tokens <= BUDGET);
    let roles: Vec<&str> = last.messages.iter().map(|message| message.role.as_str()).collect();
    assert_eq!(roles[..3], ["system", "user", "assistant"]);
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn a_large_budget_is_used_however_short_the_lines_are() {
    let stage = stage().await.set("MODEL__CONTEXT_TOKENS", "20000");
    let bot = stage.serve().await;
    let last = talks(&stage, 40, |answer| answer).await;
    assert_eq!(texts(&last), with_pairs(40, 39));
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn a_question_that_leaves_no_room_is_asked_all_the_same() {
    let stage = stage().await;
    let bot = stage.serve().await;
    talks(&stage, 2, |answer| answer).await;
    stage.models.will_say("So be it.");
    let long = "long ".repeat(600);
    stage.platform.user(1001, "Alice").says(&long);
    stage.wait_until_last(1001, "So be it.").await;
    assert_eq!(texts(&stage.models.request(3).await), [SYSTEM, long.trim()]);
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn a_provider_whose_tokens_are_smaller_than_its_bytes_suggest_hears_less() {
    // Many providers answer an alias by the name of what stands behind it.
    for name in ["gpt-4o", "gpt-4o-2024-08-06"] {
        let stage = stage().await;
        stage.models.knows(ModelCard::new("gpt-4o").with_tokens_that_weigh(2).answering_as(name));
        let bot = stage.serve().await;
        let last = talks(&stage, 12, |answer| answer).await;
        let tokens = last.usage.unwrap().prompt_tokens;
        assert!(tokens <= BUDGET, "{name}: {tokens} tokens are more than {BUDGET}");
        assert_eq!(texts(&last), with_pairs(12, 2), "{name}");
        stage.ends_well(bot).await;
    }
}
