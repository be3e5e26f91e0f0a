//! Several providers behind each other.

use std::sync::Arc;

use serde_json::json;
use switchboard::config::ModelSettings;
use switchboard::domain::ModelFailure;
use switchboard::model::{Chain, from_settings};

use super::{TWICE, ask, no_estimates, retrying, said};
use crate::support::models::{Answer, Fault, Models, RetryAfter};

const ROUTE: &str = "chat/completions";

fn chain(first: &Models, second: &Models) -> Chain {
    Chain::new(Arc::new(retrying(first, TWICE)), vec![Arc::new(retrying(second, TWICE))])
}

#[tokio::test]
async fn the_next_provider_answers_when_one_gives_nothing() {
    let table = [
        (Fault::ServerError, 3),
        (Fault::CutBefore, 3),
        (Fault::RateLimited(RetryAfter::Seconds(3_600)), 1),
        (Fault::InsufficientQuota, 1),
        (Fault::Unauthorized, 1),
        (Fault::Html(200), 1),
    ];
    for (fault, requests) in table {
        let (first, second) = (Models::start().await, Models::start().await);
        first.fault(ROUTE, usize::MAX, fault.clone());
        second.will_say("Yes.");
        let heard = ask(&chain(&first, &second), &said("hello")).await;
        assert_eq!(heard.end.unwrap().text, "Yes.", "{fault:?}");
        assert_eq!((first.count(), second.count()), (requests, 1), "{fault:?}");
    }
}

#[tokio::test]
async fn a_provider_without_the_model_is_passed_over() {
    let (first, second) = (Models::start().await, Models::start().await);
    first.fault(ROUTE, usize::MAX, Fault::ModelNotFound);
    second.will_say("Yes.");
    let heard = ask(&chain(&first, &second), &said("hello")).await;
    assert_eq!(heard.end.unwrap().text, "Yes.");
    assert_eq!((first.count(), second.count()), (1, 1));
}

#[tokio::test]
async fn a_refused_request_is_not_passed_on() {
    let (first, second) = (Models::start().await, Models::start().await);
    first.fault(ROUTE, usize::MAX, Fault::ContextLengthExceeded);
    let error = ask(&chain(&first, &second), &said("hello")).await.error();
    assert_eq!(error.failure(), ModelFailure::Rejected);
    assert_eq!((first.count(), second.count()), (1, 0));
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_begun_anew_by_the_next_provider() {
    let (first, second) = (Models::start().await, Models::start().await);
    first.will(Answer::deltas(["Hel", "lo"]).with(Fault::CutAfterDeltas(1)));
    second.will_say("Good day.");
    let heard = ask(&chain(&first, &second), &said("hello")).await;
    assert_eq!((heard.text.as_str(), heard.restarts), ("Good day.", 1));
    assert_eq!(heard.end.unwrap().text, "Good day.");
    assert_eq!((first.count(), second.count()), (1, 1));
}

#[tokio::test]
async fn an_answer_that_breaks_off_twice_is_not_begun_a_third_time() {
    let only = Models::start().await;
    for _ in 0..3 {
        only.will(Answer::deltas(["Hel", "lo"]).with(Fault::CutAfterDeltas(1)));
    }
    let heard = ask(&Chain::new(Arc::new(retrying(&only, TWICE)), Vec::new()), &said("hello")).await;
    assert_eq!(heard.error().failure(), ModelFailure::Cut);
    assert_eq!(only.count(), 2);
}

#[tokio::test]
async fn the_last_provider_has_the_last_word() {
    let (first, second) = (Models::start().await, Models::start().await);
    first.fault(ROUTE, usize::MAX, Fault::ServerError);
    second.fault(ROUTE, usize::MAX, Fault::InsufficientQuota);
    let error = ask(&chain(&first, &second), &said("hello")).await.error();
    assert_eq!(error.failure(), ModelFailure::QuotaGone);
    assert_eq!((first.count(), second.count()), (3, 1));
}

#[tokio::test]
async fn a_chosen_model_is_asked_of_the_provider_that_has_it_and_then_the_others_of_theirs() {
    let (first, second) = (Models::start().await, Models::start().await);
    let mut settings = model_settings(&["main", "spare"], &[("main", &first), ("spare", &second)]);
    settings.providers.get_mut("spare").unwrap().models = vec!["gpt-4o".to_owned()];
    let model = from_settings(&settings, &no_estimates()).unwrap();
    assert_eq!(model.choices(), ["gpt-4o-mini", "gpt-4o"]);
    let mut request = said("hello");
    request.model = Some("gpt-4o".to_owned());

    let finished = ask(model.as_ref(), &request).await.end.unwrap();
    assert_eq!((finished.model.as_str(), finished.provider.as_str()), ("gpt-4o", "spare"));
    assert_eq!(first.count(), 0);

    second.fault(ROUTE, usize::MAX, Fault::Unauthorized);
    let finished = ask(model.as_ref(), &request).await.end.unwrap();
    assert_eq!((finished.model.as_str(), finished.provider.as_str()), ("gpt-4o-mini", "main"));
    assert_eq!((first.count(), second.count()), (1, 2));
}

fn model_settings(chain: &[&str], models: &[(&str, &Models)]) -> ModelSettings {
    let providers: serde_json::Map<_, _> = models
        .iter()
        .map(|(name, models)| {
            let provider = json!({
                "base_url": models.base_url(),
                "api_key": models.key(),
                "model": "gpt-4o-mini",
                "retries": 0,
            });
            ((*name).to_owned(), provider)
        })
        .collect();
    let settings = json!({
        "chain": chain,
        "system_prompt": "Be brief.",
        "context_tokens": 4_000,
        "providers": providers,
    });
    serde_json::from_value(settings).unwrap()
}

#[tokio::test]
async fn the_settings_name_the_chain() {
    let (first, second) = (Models::start().await, Models::start().await);
    first.fault(ROUTE, 1, Fault::ServerError);
    second.will_say("Yes.");
    let settings = model_settings(&["main", "spare"], &[("main", &first), ("spare", &second)]);

    let model = from_settings(&settings, &no_estimates()).unwrap();

    let finished = ask(model.as_ref(), &said("hello")).await.end.unwrap();
    assert_eq!((finished.text.as_str(), finished.provider.as_str()), ("Yes.", "spare"));
    assert_eq!(model.name(), "gpt-4o-mini");
}

#[tokio::test]
async fn without_a_provider_the_stand_in_answers_and_without_a_chain_nobody() {
    let models = Models::start().await;
    let built = |chain: &[&str], providers: &[(&str, &Models)]| {
        from_settings(&model_settings(chain, providers), &no_estimates())
            .map(|model| model.name().to_owned())
            .map_err(|error| error.to_string())
    };
    assert_eq!(built(&["main"], &[]).unwrap(), "echo");
    assert!(built(&[], &[("main", &models)]).unwrap_err().contains("empty"));
    assert!(built(&["main", "spare"], &[("main", &models)]).unwrap_err().contains("`spare`"));
}
