//! Stored messages: what an earlier build wrote is read, what a later one wrote is put aside.

use serde_json::Value;
use switchboard::domain::{
    AddressKind, Again, Attachment, Event, InboundMessage, Interaction, Invocation, Missed, PostedId,
    SpaceRef, TurnId,
};

use super::{Shelf, direct, grouped, texts};

/// Rows as the first version wrote them, one of each kind that is kept.
const STORED: &str = include_str!("../../fixtures/store/inbox-v1.json");

/// A turn that rows name.
const TURN: TurnId = TurnId(uuid::uuid!("0190163d-8694-739b-aea5-966c26f8ad91"));

/// A payload as a later version may write it.
const LATER: &str = "replace(payload, '\"version\":1', '\"version\":2')";

/// The messages behind [`STORED`].
fn messages() -> Vec<InboundMessage> {
    let mut talk = grouped("-1001234567890", "1001", 42, "Are you there? \u{1F44B}\0");
    talk.address.kind = AddressKind::Thread;
    talk.address.thread = Some("7".to_owned());
    talk.address.space = Some(SpaceRef { id: "-1001234567890".to_owned(), name: Some("Friends".to_owned()) });
    talk.author.username = Some("ann".to_owned());
    talk.author.locale = Some("en-GB".to_owned());
    if let Event::Text(said) = &mut talk.event {
        said.reply_to = Some(PostedId("41".to_owned()));
        said.attachments = vec![Attachment::Image, Attachment::Other];
    }
    let of_kind = |n, event| InboundMessage { event, ..direct("1001", n, "") };
    vec![
        talk,
        of_kind(
            43,
            Event::Command(Invocation {
                name: "help".to_owned(),
                arguments: "me".to_owned(),
                message: None,
                interaction: Some(Interaction { id: "i1".to_owned(), token: "t1".to_owned() }),
                pressed: None,
            }),
        ),
        of_kind(
            46,
            Event::Missed(Missed { count: 3, may_be_more: true, message: Some(PostedId("42".to_owned())) }),
        ),
        of_kind(
            47,
            Event::Command(Invocation {
                name: "retry".to_owned(),
                arguments: String::new(),
                message: None,
                interaction: Some(Interaction { id: "i2".to_owned(), token: String::new() }),
                pressed: Some(TURN),
            }),
        ),
        of_kind(48, Event::Again(Again { message: Some(PostedId("42".to_owned())), question: Some(TURN) })),
    ]
}

#[tokio::test]
async fn todays_program_reads_what_the_first_version_stored() {
    let stored: Vec<Value> = serde_json::from_str(STORED).unwrap();
    let messages = messages();
    assert_eq!(stored.len(), messages.len());
    for (stored, message) in stored.iter().zip(messages) {
        let shelf = Shelf::new().await;
        let accepted = shelf.accept(std::slice::from_ref(&message)).await[0];
        let written = shelf.beside.texts("SELECT payload FROM inbox").await;
        let written: Value = serde_json::from_str(&written[0]).unwrap();
        assert_eq!(written, *stored, "a new shape needs a new version and a new fixture beside this one");

        let stored = stored.to_string().replace('\'', "''");
        shelf.beside.run(&format!("UPDATE inbox SET payload = '{stored}'")).await;
        let turn = match accepted.lane {
            Some(lane) => shelf.claim(lane).await,
            None => shelf.store.claim_one(accepted.id, super::at(1)).await.unwrap(),
        };
        assert_eq!(turn.unwrap().messages, [message]);
    }
}

#[tokio::test]
async fn what_a_later_version_stored_is_put_aside_and_harms_no_other() {
    let spoiled = [
        (LATER, "its version is 2, and this program reads 1"),
        ("replace(payload, '\"kind\":\"text\"', '\"kind\":\"dance\"')", "unknown variant `dance`"),
        ("'no json'", "expected ident"),
        ("NULL", "there is no payload"),
    ];
    for (payload, reason) in spoiled {
        let shelf = Shelf::new().await;
        let talk = [direct("ann", 1, "one"), direct("ann", 2, "two"), direct("ann", 3, "three")];
        let lane = shelf.lane_of(&talk).await;
        let neighbour = shelf.lane_of(&[direct("bob", 1, "hello")]).await;
        for (place, left) in [(2, vec!["one", "three"]), (1, vec!["three"])] {
            shelf.beside.run(&format!("UPDATE inbox SET payload = {payload} WHERE sequence = {place} AND lane_id = (SELECT lane_id FROM addresses WHERE chat = 'ann')")).await;
            let turn = shelf.take(lane).await;
            assert_eq!(texts(&turn)[0], left[0], "{payload}");
            shelf.store.give_back(&turn, true).await.unwrap();
        }

        let aside = "SELECT outcome FROM inbox WHERE state = 'dead' AND ended_at IS NOT NULL";
        for outcome in shelf.beside.texts(aside).await {
            assert!(outcome.starts_with("unreadable"), "{outcome}");
            assert!(outcome.contains(reason), "{outcome}");
        }
        assert_eq!(texts(&shelf.take(neighbour).await), ["hello"]);
    }
}

#[tokio::test]
async fn a_command_of_a_later_version_is_put_aside() {
    let shelf = Shelf::new().await;
    let mut help = direct("ann", 1, "");
    help.event = messages().remove(1).event;
    let accepted = shelf.accept(&[help]).await[0];
    shelf.beside.run(&format!("UPDATE inbox SET payload = {LATER}")).await;

    assert!(shelf.store.claim_one(accepted.id, super::at(1)).await.unwrap().is_none());
    assert_eq!(shelf.states().await, ["dead"]);
    assert!(shelf.store.waiting(switchboard::domain::Platform::Telegram, 10).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_reply_that_a_later_version_stored_holds_nobody_up() {
    let shelf = Shelf::new().await;
    let lane = shelf.lane_of(&[direct("ann", 1, "one")]).await;
    let turn = shelf.take(lane).await;
    assert!(shelf.answer(&turn, "an answer").await.unwrap());
    shelf.store.give_back(&turn, true).await.unwrap();
    shelf.beside.run("UPDATE outbox SET payload = replace(payload, '\"version\":1', '\"version\":3')").await;
    shelf.accept(&[direct("ann", 2, "two")]).await;

    let claimed = shelf.store.claim(lane, super::at(1)).await;
    let turn = claimed.expect("one that cannot be read is put aside").expect("the next one waits");
    assert_eq!(texts(&turn), ["two"]);
}

#[tokio::test]
async fn a_language_with_a_nul_in_it_harms_nobody() {
    let shelf = Shelf::new().await;
    let mut odd = direct("ann", 1, "one");
    odd.author.locale = Some("e\0n".to_owned());
    assert_eq!(shelf.accept(&[odd.legible()]).await.len(), 1);
}
