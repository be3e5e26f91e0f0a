//! The commands, as a pipe gives them.

use super::{echo, said, went_well};
use crate::support::models::Models;
use crate::support::program::Setup;

#[tokio::test]
async fn help_lists_every_command() {
    let ran = Setup::bare().pipe("/help").await;

    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""));
    let commands: Vec<&str> = ran.out.lines().skip(1).map(|line| line.split(':').next().unwrap()).collect();
    assert_eq!(commands, ["/help", "/new", "/model", "/whoami", "/stop", "/retry"]);
}

#[tokio::test]
async fn whoami_tells_who_sits_there() {
    let ran = Setup::bare().pipe("/whoami").await;

    let words = "You are ann, the owner here. I know you as terminal user local. Your user id is ";
    assert!(ran.out.starts_with(words), "{ran:?}");
}

#[tokio::test]
async fn new_starts_over_and_keeps_the_earlier_conversation() {
    let models = Models::start().await;
    let home = Setup::with_model(&models);
    home.pipe("my name is Ann").await;
    let words = "Done. We start from a clean page; the earlier conversation is kept.\n";
    went_well(&home.pipe("/new").await, words);
    home.pipe("who am I?").await;

    assert!(models.request(2).await.text_of("user").eq(["who am I?"]));
    assert_eq!(said(&home).await.len(), 4);
}

#[tokio::test]
async fn model_shows_chooses_and_goes_back() {
    let models = Models::start().await;
    let home = Setup::with_model(&models);
    let answers = async |command: &str| home.pipe(command).await.out;
    let current = |name: &str| {
        format!(
            "{name} answers in this conversation. To choose another: /model NAME. To go back to the usual one: /model default. There are: gpt-4o-mini, gpt-4o.\n"
        )
    };

    assert_eq!(answers("/model").await, current("gpt-4o-mini"));
    assert_eq!(answers("/model gpt-4o").await, "From now on gpt-4o answers in this conversation.\n");
    assert_eq!(answers("/model").await, current("gpt-4o"));
    assert_eq!(answers("hello").await, "hello\n");
    assert_eq!(
        answers("/model default").await,
        "From now on the usual model, gpt-4o-mini, answers in this conversation.\n"
    );
    assert_eq!(answers("hello").await, "hello\n");
    assert_eq!(
        models.requests().iter().map(|asked| asked.model.as_str()).collect::<Vec<_>>(),
        ["gpt-4o", "gpt-4o-mini"]
    );
}

#[tokio::test]
async fn a_model_that_is_not_offered_is_not_asked() {
    let models = Models::start().await;
    let home = Setup::with_model(&models);
    let answers = async |command: &str| home.pipe(command).await.out;

    let near =
        "I don't know a model “gpt4o-mni”. Did you mean gpt-4o-mini? There are: gpt-4o-mini, gpt-4o.\n";
    assert_eq!(answers("/model gpt4o-mni").await, near);
    let long = format!("I don't know a model “{}”. There are: gpt-4o-mini, gpt-4o.\n", "x".repeat(32));
    assert_eq!(answers(&format!("/model {}", "x".repeat(101))).await, long);
    assert_eq!(answers("hello").await, "hello\n");
    assert_eq!(models.request(1).await.model, "gpt-4o-mini");
    // However it is written.
    assert_eq!(answers("/model GPT-4O").await, "From now on gpt-4o answers in this conversation.\n");
}

#[tokio::test]
async fn a_chosen_model_that_is_not_offered_any_more_gives_way_to_the_usual_one() {
    let models = Models::start().await;
    let home = Setup::with_model(&models);
    home.pipe("/model gpt-4o").await;
    let home = home.env("SWITCHBOARD__MODEL__PROVIDERS__MAIN__MODELS", "");

    assert_eq!(home.pipe("hello").await.out, "hello\n");
    assert_eq!(models.request(1).await.model, "gpt-4o-mini");
    let only = "gpt-4o-mini answers in this conversation. There is no other to choose.\n";
    assert_eq!(home.pipe("/model").await.out, only);
}

#[tokio::test]
async fn stop_has_nothing_to_stop_between_answers() {
    went_well(&Setup::bare().pipe("/stop").await, "There is nothing to stop right now.\n");
}

#[tokio::test]
async fn a_command_that_there_is_not_is_answered_with_the_nearest() {
    let home = Setup::bare();

    went_well(&home.pipe("/hepl me").await, "I don't know the command “hepl”. Did you mean /help?\n");
    went_well(&home.pipe("/modle").await, "I don't know the command “modle”. Did you mean /model?\n");
    went_well(&home.pipe("/xyzzy").await, "I don't know the command “xyzzy”. Try /help.\n");
    went_well(&home.pipe("/HELP").await, &home.pipe("/help").await.out);
    went_well(&home.pipe("/ hello").await, &echo("/ hello"));
}
