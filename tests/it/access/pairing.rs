//! A stranger gets a code, and somebody who may lets them in with it.

use std::time::Duration;

use switchboard::domain::{Author, Code, Platform, Role, Timestamp, UserId};
use switchboard::store::{CodeKind, PairingCode, Store};
use switchboard::telemetry::Tasks;
use time::OffsetDateTime;

use super::code_in;
use crate::support::database;
use crate::support::program::Setup;
use crate::support::stage::Stage;

const HOUR: Duration = Duration::from_secs(60 * 60);

#[tokio::test]
async fn a_stranger_gets_a_sentence_and_a_code_that_lets_them_in_at_once() {
    let stage = Stage::new().await;
    let alice = stage.platform.user(1001, "Alice");
    let bot = stage.serve().await;
    alice.says("Hello?");
    let invitation = stage.wait_for(1001, "code").await.text;
    let code = code_in(&invitation);
    assert_eq!(
        invitation,
        format!(
            "I don't know you yet. Ask an admin of this bot to let you in with the code {code}, which is good for 60 minutes."
        )
    );

    let typed = code.to_lowercase().replace('-', " ");
    let (status, said) = stage.access(&["approve", &typed]).await;
    assert_eq!(status, 0, "{said}");
    assert!(said.contains("Alice may talk now"), "{said}");

    alice.says("And now?");
    stage.wait_for(1001, "Certainly.").await;
    let heard: Vec<String> =
        stage.models.requests().iter().map(|asked| asked.messages.last().unwrap().text.clone()).collect();
    assert_eq!(heard, ["And now?"], "what a stranger says never reaches the model");
    assert_eq!(stage.models.request(1).await.text_of("user").collect::<Vec<_>>(), ["And now?"]);
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn wrong_used_and_unreadable_codes_are_all_told_the_same() {
    let stage = Stage::new().await;
    let alice = stage.platform.user(1001, "Alice");
    let bot = stage.serve().await;
    alice.says("Hello?");
    let code = code_in(&stage.wait_for(1001, "code").await.text);
    stage.does(&["approve", &code]).await;
    let (_, used) = stage.access(&["approve", &code]).await;
    for wrong in [code.as_str(), "ABCD-EFGH", "abcdefgh", "hello", "", "\u{1f600}", "AAAA-AAAA-AAAA"] {
        let (status, said) = stage.access(&["approve", wrong]).await;
        assert_eq!((status, &said), (1, &used), "{wrong}");
    }
    assert!(used.contains("wrong, used already, or older than an hour"), "{used}");
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn a_person_has_at_most_three_open_codes_and_then_hears_nothing_more() {
    let stage = Stage::new().await;
    let (alice, bob) = (stage.platform.user(1001, "Alice"), stage.platform.user(1002, "Bob"));
    let bot = stage.serve().await;
    for number in 1..=5 {
        alice.says("Hello?");
        bot.wait_for_logs("a turn on telegram ended", number).await;
    }
    bob.says("Hello?");
    stage.wait_for(1002, "code").await;
    let codes: Vec<String> = stage.said(1001).iter().map(|text| code_in(text)).collect();
    assert_eq!(codes.len(), 3, "{codes:?}");

    // Any of them will do, and with the first one the others have no use any more.
    stage.does(&["approve", &codes[1]]).await;
    alice.says("And now?");
    stage.wait_for(1001, "Certainly.").await;
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn whoever_is_shut_out_cannot_come_back_by_an_open_code() {
    let stage = Stage::new().await;
    let alice = stage.platform.user(1001, "Alice");
    let bot = stage.serve().await;
    alice.says("Hello?");
    let code = code_in(&stage.wait_for(1001, "code").await.text);
    stage.does(&["deny", "telegram:1001"]).await;
    let (status, said) = stage.access(&["approve", &code]).await;
    assert_eq!(status, 1, "{said}");
    alice.says("And now?");
    bot.wait_for_logs("a turn on telegram ended", 2).await;
    assert_eq!(stage.said(1001).len(), 1);

    stage.does(&["allow", "telegram:1001"]).await;
    alice.says("And now?");
    stage.wait_for(1001, "Certainly.").await;
    stage.ends_well(bot).await;
}

/// A database by itself, and a stranger in it.
async fn stranger(setup: &Setup, tasks: &Tasks, now: Timestamp) -> (Store, UserId) {
    let store = Store::open(&database::settings(&setup.database_url()), tasks).await.unwrap();
    let author = Author {
        platform_user_id: "1".to_owned(),
        name: "A".to_owned(),
        username: None,
        locale: None,
        is_anonymous: false,
    };
    let user = store.allow_account(Platform::Telegram, String::new(), author, now).await.unwrap().id;
    (store, user)
}

fn kept(kind: CodeKind, code: &Code, user: Option<UserId>) -> PairingCode {
    PairingCode { kind, hash: code.hash(), user, lasts: HOUR }
}

#[tokio::test]
async fn a_code_is_good_for_an_hour_and_makes_room_when_it_has_expired() {
    let (setup, tasks, now) = (Setup::new(), Tasks::default(), OffsetDateTime::now_utc());
    let (store, user) = stranger(&setup, &tasks, now).await;
    let codes: Vec<Code> = (1..=5_u128).map(|bits| Code::from_random(bits, Code::PAIRING)).collect();
    let keep = async |number: usize, at| {
        store.keep_code(kept(CodeKind::Pairing, &codes[number], Some(user)), 3, at).await.unwrap()
    };
    for number in 0..3 {
        assert!(keep(number, now).await);
    }
    assert!(!keep(3, now + HOUR - Duration::from_secs(1)).await, "three are open");
    assert!(keep(4, now + HOUR).await, "they have expired");

    let approve =
        async |number: usize, at| store.approve(codes[number].hash(), at).await.unwrap().map(|user| user.id);
    assert_eq!(approve(0, now + HOUR).await, None, "too late");
    assert_eq!(approve(0, now + HOUR - Duration::from_micros(1)).await, Some(user), "just in time");
    assert_eq!(approve(0, now).await, None, "used");
    drop(store);
    tasks.end().await;
}

#[tokio::test]
async fn an_owners_code_works_once_and_the_next_one_ends_it() {
    let (setup, tasks, now) = (Setup::new(), Tasks::default(), OffsetDateTime::now_utc());
    let (store, user) = stranger(&setup, &tasks, now).await;
    let codes = [1, 2].map(|bits| Code::from_random(bits, Code::OWNER));
    for code in &codes {
        assert!(store.keep_code(kept(CodeKind::Owner, code, None), 1, now).await.unwrap());
    }
    let becomes = async |code: &Code, at| store.become_owner(code.hash(), user, at).await.unwrap();
    assert!(!becomes(&codes[0], now).await, "replaced");
    assert!(!becomes(&codes[1], now + HOUR).await, "expired");
    assert!(store.approve(codes[1].hash(), now).await.unwrap().is_none(), "of another kind");
    assert!(!store.has_owner().await.unwrap());
    assert!(becomes(&codes[1], now).await);
    assert!(!becomes(&codes[1], now).await, "used");
    assert!(store.has_owner().await.unwrap());
    let people = store.people(10).await.unwrap();
    assert_eq!(people[0].0.role, Role::Owner);
    drop(store);
    tasks.end().await;
}
