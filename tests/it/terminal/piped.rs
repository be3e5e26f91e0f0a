//! One message by pipe: its answer and nothing else, state from run to run.

use std::process::{Command, Stdio};
use std::time::Duration;

use super::{echo, said, states, went_well};
use crate::support::database::Engine;
use crate::support::models::{Answer, Fault, Models};
use crate::support::program::Setup;

#[tokio::test]
async fn a_piped_message_is_answered_and_nothing_else_is_said() {
    let home = Setup::bare();

    went_well(&home.pipe("hello\n").await, &echo("hello"));
    went_well(&home.run(&[]).await, "");
}

#[tokio::test]
async fn a_key_of_openais_is_used_and_said_in_one_line_beside_the_answer() {
    let models = Models::start().await;
    let home = Setup::bare();
    models.knows(crate::support::models::ModelCard::new("gpt-5-mini"));
    models.will_say("Certainly.");
    let home = home.env("OPENAI_API_KEY", &models.key()).env("OPENAI_BASE_URL", &models.base_url());

    let ran = home.pipe("are you there?").await;
    assert_eq!((ran.code, ran.out.as_str()), (Some(0), "Certainly.\n"), "{ran:?}");
    assert_eq!(ran.err.lines().count(), 1, "{}", ran.err);
    assert!(ran.err.contains("OPENAI_API_KEY") && !ran.err.contains(&models.key()), "{}", ran.err);
}

#[tokio::test]
async fn a_conversation_goes_on_from_run_to_run() {
    let models = Models::start().await;
    let home = Setup::with_model(&models);
    models.will_say("Paris.");
    models.will_say("About two million.");
    went_well(&home.pipe("What is the capital of France?").await, "Paris.\n");
    went_well(&home.pipe("How many people live there?").await, "About two million.\n");

    let asked = models.request(2).await;
    let lines: Vec<(&str, &str)> =
        asked.messages.iter().skip(1).map(|line| (line.role.as_str(), line.text.as_str())).collect();
    assert_eq!(
        lines,
        [
            ("user", "What is the capital of France?"),
            ("assistant", "Paris."),
            ("user", "How many people live there?")
        ]
    );
    assert_eq!(said(&home).await.len(), 4);
}

#[tokio::test]
async fn an_answer_is_shown_while_it_comes() {
    let models = Models::start().await;
    let home = Setup::with_model(&models);
    models.will_stream(["One, ", "two, ", "three."]);
    models.hold(2);
    let running = home.says("count");
    models.wait_until_held(1).await;
    running.prints("One, two,").await;
    assert!(!running.out().contains("three"));

    models.release();
    went_well(&running.end().await, "One, two, three.\n");
}

#[tokio::test]
async fn words_that_stand_out_are_not_ended_before_the_model_ends_them() {
    let models = Models::start().await;
    let home = Setup::with_model(&models);
    models.will_stream(["It is **very ", "important** and [here](https://example.", "org)."]);
    models.hold(1);
    let running = home.says("tell me");
    models.wait_until_held(1).await;
    running.prints("It is **very").await;

    models.release();
    went_well(&running.end().await, "It is **very important** and [here](https://example.org).\n");
}

#[tokio::test]
async fn a_model_that_takes_its_time_is_waited_for_in_silence() {
    let models = Models::start().await;
    let home = Setup::with_model(&models);
    // Longer than platforms wait until they show that something is being written.
    models.will(Answer::text("Certainly.").first_token_after(Duration::from_secs(3)));

    went_well(&home.pipe("are you there?").await, "Certainly.\n");
}

#[tokio::test]
async fn a_model_that_breaks_off_leaves_what_it_said_and_a_code_that_says_so() {
    let models = Models::start().await;
    let home = Setup::with_model(&models);
    models.will(Answer::deltas(["One, ", "two, ", "three."]).with(Fault::CutAfterDeltas(2)));
    models.will(Answer::deltas(["One, ", "two, ", "three."]).with(Fault::CutAfterDeltas(1)));

    let ran = home.pipe("count").await;
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.out.starts_with("One, two,\n"), "{ran:?}");
    assert_eq!(ran.out.matches("One").count(), 1, "what stands there already is not shown again: {ran:?}");
}

#[tokio::test]
async fn a_message_that_cannot_be_kept_is_not_answered_and_the_code_says_so() {
    let models = Models::start().await;
    let home = Setup::with_model(&models);
    models.will_say("Certainly.");
    went_well(&home.pipe("are you there?").await, "Certainly.\n");
    let beside = home.beside().await;
    beside
        .run(match beside.engine() {
            Engine::Sqlite => {
                "CREATE TRIGGER refuses BEFORE INSERT ON inbox BEGIN SELECT RAISE(ABORT, 'full'); END"
            }
            Engine::Postgres => {
                "CREATE FUNCTION refuses() RETURNS trigger LANGUAGE plpgsql AS \
                 $$ BEGIN RAISE EXCEPTION 'full'; END $$; \
                 CREATE TRIGGER refuses BEFORE INSERT ON inbox FOR EACH ROW EXECUTE FUNCTION refuses()"
            }
        })
        .await;
    beside.close().await;

    let ran = home.pipe("and now?").await;
    assert_eq!((ran.code, ran.out.as_str()), (Some(1), ""), "{ran:?}");
    assert!(ran.err.contains("could not take in what was typed"), "{ran:?}");
}

#[tokio::test]
async fn a_model_that_fails_is_apologized_for_once_and_the_question_is_no_part_of_the_talk() {
    let models = Models::start().await;
    let home = Setup::with_model(&models);
    models.rotates_key("another-key");

    let ran = home.pipe("hello").await;
    // Who reads the answer from a pipe takes everything there for one.
    assert_eq!((ran.code, ran.out.as_str()), (Some(1), ""), "{ran:?}");
    let sorry =
        ran.err.lines().filter(|line| line.starts_with("I can't reach my model because of a wrong setting"));
    assert_eq!(sorry.count(), 1, "{ran:?}");
    assert!(!ran.err.contains('\u{1b}'), "a log without colours: {}", ran.err);
    assert!(!ran.err.contains("another-key") && !ran.err.contains(&models.key()), "{ran:?}");
    assert_eq!((said(&home).await.len(), states(&home).await), (0, vec!["failed".to_owned()]));
}

#[tokio::test]
async fn a_second_process_on_the_same_file_is_refused_in_a_sentence() {
    let models = Models::start().await;
    let home = Setup::with_model(&models).env("SWITCHBOARD__DATABASE__URL", "sqlite://data/switchboard.db");
    models.will_say("Certainly.");
    models.hold(0);
    let first = home.says("are you there?");
    models.wait_until_held(1).await;

    let words = "switchboard: another Switchboard is running on `data/switchboard.db`; stop it first, \
                 or give this one a database of its own (`database.url`)\n";
    for command in [&["chat"][..], &["migrate", "up"]] {
        let second = home.run(command).await;
        assert_eq!((second.code, second.out.as_str(), second.err.as_str()), (Some(69), "", words));
    }
    models.release();
    went_well(&first.end().await, "Certainly.\n");
}

#[tokio::test]
async fn who_stops_reading_is_not_complained_to() {
    let home = Setup::bare();
    let mut command = home.command(&["chat"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let ended = tokio::task::spawn_blocking(move || without_reader(command)).await.unwrap();

    assert_eq!((ended.status.code(), String::from_utf8_lossy(&ended.stderr).as_ref()), (Some(0), ""));
    assert_eq!(said(&home).await.len(), 2, "the answer was made, and is kept");
    assert_eq!(states(&home).await, ["done"]);
}

/// Says hello to a program whose answers nobody can read.
fn without_reader(mut command: Command) -> std::process::Output {
    let mut child = command.spawn().unwrap();
    drop(child.stdout.take());
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), b"hello").unwrap();
    child.wait_with_output().unwrap()
}
