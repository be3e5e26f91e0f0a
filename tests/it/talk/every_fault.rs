//! One bad day of every kind, of the model and of the platform: each ends in an
//! answer, in a kind notice, or on an admin's list, and the next message works.
//!
//! The kinds are those that the emulators have; one that is added there has to be
//! given an end here.

use crate::support::models::{Answer, Fault as ModelFault, Gate};
use crate::support::program::Running;
use crate::support::screens::said;
use crate::support::stage::Stage;
use crate::support::telegram::{Fault, Person};

/// With a letter and a sign beyond ASCII, of which some faults are about.
const DELTAS: [&str; 5] = ["The whole", " answer", ", wörd", " for", " word 🎉."];

/// How a fault ends.
enum End {
    /// In the answer, as if nothing had been.
    Answer,
    /// In its beginning, and that it broke off.
    Beginning,
    /// In a notice with these words.
    Notice(&'static str),
    /// In nothing that the person sees, and on an admin's list.
    Listed,
}

fn whole() -> String {
    DELTAS.concat()
}

/// How a fault of the model ends that comes again when it is asked again.
fn end_of_model(fault: &ModelFault) -> End {
    use ModelFault as F;
    match fault {
        F::Unauthorized | F::Forbidden | F::Html(401 | 404) | F::ModelNotFound | F::StringError => {
            End::Notice("wrong setting")
        }
        F::ContextLengthExceeded | F::Status(413 | 422) => End::Notice("refused this request"),
        F::IntegerErrorCode | F::FlatError => End::Notice("refused this request"),
        F::RateLimited(_) => End::Notice("too much to do"),
        F::InsufficientQuota | F::Status(402) => End::Notice("used up"),
        F::Html(200) | F::EmptyChoices | F::NullContent | F::InvalidJsonAfterDeltas(0) => {
            End::Notice("something I can't use")
        }
        F::ServerError | F::Unavailable | F::Overloaded | F::Status(_) | F::Html(_) => {
            End::Notice("not available")
        }
        F::CutBefore | F::CutAfter | F::CutAfterHeaders | F::CutAfterDeltas(0) | F::ErrorAfterDeltas(0) => {
            End::Notice("not available")
        }
        F::Hang | F::HangAfter | F::HangAfterHeaders | F::HangAfterDeltas(0) => End::Notice("not available"),
        F::CutAfterDeltas(_) | F::HangAfterDeltas(_) | F::ErrorAfterDeltas(_) => End::Beginning,
        F::InvalidJsonAfterDeltas(_) | F::WithoutFinishReason | F::WithoutFinishReasonAndDone => {
            End::Beginning
        }
        F::Delay(_) | F::WithoutDone | F::UnknownFinishReason | F::ExtraFields | F::WithoutUsage => {
            End::Answer
        }
        F::HugeDelta(_) | F::CrlfLineEnds | F::Comments | F::AsciiJson | F::SurrogatesApart => End::Answer,
        F::EventsPerWrite(_) | F::AllInOneWrite | F::BytesPerWrite(_) | F::SlowDrip { .. } => End::Answer,
    }
}

#[tokio::test]
async fn every_fault_of_the_model_ends_in_an_answer_or_a_kind_notice() {
    let stage = Stage::lifelike().await;
    stage.platform.without_rate_limits();
    let cases = ModelFault::every();
    for (number, fault) in cases.iter().enumerate() {
        stage.models.when_asked(&format!("case {number}."), Answer::deltas(DELTAS).with(fault.clone()));
    }
    stage.models.when_asked("and now?", "It works again.");
    let bot = stage.serve().await;
    let people = people(&stage, cases.len());
    for (number, person) in people.iter().enumerate() {
        person.says(&format!("case {number}."));
    }
    for (person, fault) in people.iter().zip(&cases) {
        let (words, begins) = match end_of_model(fault) {
            End::Answer => (whole(), !matches!(fault, ModelFault::HugeDelta(_))),
            End::Beginning => ("broke off".to_owned(), true),
            End::Notice(words) => (words.to_owned(), false),
            End::Listed => panic!("whatever the model does, its person is told"),
        };
        let waited = stage
            .platform
            .wait_for_message(person.id(), |shown| shown.is_from_bot() && shown.text.contains(&words));
        let shown = waited.await.unwrap_or_else(|error| panic!("{fault:?}: {error}\n{:#?}", bot.log()));
        assert_eq!(shown.text.starts_with("The whole"), begins, "{fault:?}: {}", shown.text);
    }
    for (person, fault) in people.iter().zip(&cases) {
        person.says("and now?");
        let screen = stage.wait_until_last(person.id(), "It works again.").await;
        assert_eq!(said(&screen).len(), 2, "{fault:?}: {screen:#?}");
    }
    stage.ends_well(bot).await;
}

/// How a fault of a post ends that comes once.
fn end_of_post(fault: &Fault) -> End {
    match fault {
        Fault::Status(401 | 403 | 404) => End::Listed,
        Fault::Status(400 | 409) => End::Notice("Sorry"),
        Fault::Refuse(_, words) if words.contains("can't parse entities") => End::Answer,
        Fault::Refuse(_, words) if words.contains("chat not found") => End::Listed,
        Fault::Refuse(..) => End::Notice("Sorry"),
        Fault::Status(_) | Fault::RetryAfter(_) | Fault::Page(_) | Fault::Garbage(_) => End::Answer,
        Fault::StatusAfter(_) | Fault::PageAfter(_) => End::Answer,
        Fault::CutBefore | Fault::CutAfter | Fault::Hang | Fault::HangAfter | Fault::Delay(_) => End::Answer,
    }
}

/// How a fault of an edit ends that comes once.
fn end_of_edit(fault: &Fault) -> End {
    match fault {
        // Nothing more is written where the place is closed.
        Fault::Status(403) => End::Listed,
        Fault::Refuse(_, words) if words.contains("chat not found") => End::Listed,
        // What is gone or cannot be changed is made anew.
        Fault::Status(400 | 409) | Fault::Refuse(..) => End::Answer,
        _ => end_of_post(fault),
    }
}

#[tokio::test]
async fn every_fault_of_a_post_ends_in_an_answer_a_notice_or_on_the_list() {
    let stage = Stage::lifelike().await;
    stage.models.when_asked("Really?", Answer::deltas(DELTAS));
    let (stage, bot) = opened(stage).await;
    let cases = Fault::every();
    let people = people(&stage, cases.len());
    for (person, fault) in people.iter().zip(&cases) {
        stage.platform.fault_in(person.id(), "sendMessage", 1, fault.clone());
        person.says("Really?");
    }
    bot.wait_for_logs("a turn on telegram ended", cases.len()).await;
    all_end_as_they_should((&stage, &bot), &people, &cases, end_of_post).await;
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn every_fault_of_an_edit_ends_in_an_answer_a_notice_or_on_the_list() {
    let stage = Stage::lifelike().await;
    let gate = Gate::closed_after(1);
    stage.models.when_asked("Really?", Answer::deltas(DELTAS).behind(&gate));
    let (stage, bot) = opened(stage).await;
    let cases = Fault::every();
    let people = people(&stage, cases.len());
    for (person, fault) in people.iter().zip(&cases) {
        stage.platform.fault_in(person.id(), "editMessageText", 1, fault.clone());
        person.says("Really?");
    }
    for person in &people {
        stage.wait_until_last(person.id(), DELTAS[0]).await;
    }
    gate.release();
    bot.wait_for_logs("a turn on telegram ended", cases.len()).await;
    all_end_as_they_should((&stage, &bot), &people, &cases, end_of_edit).await;
    stage.ends_well(bot).await;
}

/// Whether there may be more than the answer: a copy that says what it is, or what
/// the platform says is gone.
fn is_excused(fault: &Fault, last: &str) -> bool {
    let is_gone = match fault {
        Fault::Status(status) => *status == 403,
        Fault::Refuse(_, words) => words.contains("chat not found"),
        _ => false,
    };
    is_gone || last.contains("may be a duplicate")
}

fn people(stage: &Stage, count: usize) -> Vec<Person> {
    (1001..).take(count).map(|id| stage.platform.user(id, "Somebody")).collect()
}

/// Lets all come at once.
async fn opened(stage: Stage) -> (Stage, Running) {
    stage.models.when_asked("and now?", "It works again.");
    let stage = stage.unlimited().unhurried();
    let bot = stage.serve().await;
    (stage, bot)
}

/// Looks at what everybody sees, whether the next message works, and whether what
/// is listed arrives after all.
async fn all_end_as_they_should(
    (stage, bot): (&Stage, &Running),
    people: &[Person],
    cases: &[Fault],
    end_of: impl Fn(&Fault) -> End,
) {
    assert_eq!(stage.platform.faults_left(), 0, "every fault has happened");
    let mut listed = Vec::new();
    for (person, fault) in people.iter().zip(cases) {
        let screen = stage.platform.screen(person.id());
        let last = said(&screen).last().copied().unwrap_or_default();
        match end_of(fault) {
            End::Answer => {
                assert!(last.ends_with(&whole()), "{fault:?}: {screen:#?}");
                let others = said(&screen).len() - 1;
                assert!(others == 0 || is_excused(fault, last), "{fault:?}: {screen:#?}");
            }
            End::Notice(words) => assert!(last.contains(words), "{fault:?}: {screen:#?}"),
            End::Listed => {
                assert!(!last.contains(&whole()) && !last.contains("Sorry"), "{fault:?}: {screen:#?}");
                listed.push((person, fault));
            }
            End::Beginning => panic!("whatever the platform does, the answer is whole"),
        }
    }
    let list = stage.setup.run(&["deliveries", "list"]).await.out;
    assert_eq!(list.matches(" telegram ").count(), listed.len(), "{list}");
    for (person, fault) in people.iter().zip(cases) {
        person.says("and now?");
        let screen = stage.wait_until_last(person.id(), "It works again.").await;
        assert!(said(&screen).len() > 1 || matches!(end_of(fault), End::Listed), "{fault:?}: {screen:#?}");
    }
    stage.setup.run(&["deliveries", "retry", "--all"]).await;
    bot.wait_for_logs("a turn on telegram ended", 2 * cases.len() + listed.len()).await;
    for (person, fault) in listed {
        let screen = stage.platform.screen(person.id());
        let arrived = said(&screen).into_iter().filter(|text| *text == whole()).count();
        assert_eq!(arrived, 1, "{fault:?}: {screen:#?}");
    }
    assert_eq!(stage.setup.run(&["deliveries", "list"]).await.out, "Nothing is on its way.\n");
}
