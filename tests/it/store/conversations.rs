//! Conversations: whole, gapless, and where they belong.

use futures_util::future::join_all;
use switchboard::domain::Speaker;

use super::{Shelf, answer, answered, at, direct, exchange, grouped};

#[tokio::test]
async fn messages_are_numbered_without_gaps_however_many_are_added_at_once() {
    let shelf = Shelf::new().await;
    let mut turns = Vec::new();
    for n in 0..40 {
        let lane = shelf.lane_of(&[grouped(&format!("-{n}"), "ann", n, "a question")]).await;
        turns.push(shelf.take(lane).await);
    }
    let conversation = shelf.store.begin_conversation(turns[0].user.id, None, at(1)).await.unwrap().id;

    let nowhere = switchboard::domain::ConversationId::new(at(0));
    let stored = join_all(turns.iter().enumerate().map(|(n, turn)| {
        // Every fourth one fails, and must not take numbers with it.
        let place = if n % 4 == 3 { nowhere } else { conversation };
        shelf.store.ready(turn, answer(exchange(turn, place, "an answer")), at(2))
    }))
    .await;

    assert_eq!(stored.iter().filter(|stored| stored.is_ok()).count(), 30);
    let numbers: Vec<i64> = shelf.beside.column("SELECT seq FROM messages ORDER BY seq").await;
    assert_eq!(numbers, (1..=60).collect::<Vec<_>>());
    let pairs = "SELECT COUNT(*) FROM messages q JOIN messages a ON a.seq = q.seq + 1 AND a.turn_id = q.turn_id \
                 WHERE q.role = 'user' AND a.role = 'assistant'";
    assert_eq!(shelf.beside.number(pairs).await, 30, "a question and its answer stand together");
}

#[tokio::test]
async fn the_last_lines_come_oldest_first() {
    let shelf = Shelf::new().await;
    let lane = shelf.lane_of(&[direct("ann", 1, "one"), direct("ann", 2, "two")]).await;
    let turn = shelf.take(lane).await;
    shelf.answer(&turn, "three").await.unwrap();
    shelf.store.finish(&turn, answered(), None, at(3)).await.unwrap();
    shelf.accept(&[direct("ann", 3, "four")]).await;

    let conversation = shelf.take(lane).await.conversation.expect("a conversation goes on").id;
    let lines = |limit| {
        let lines = shelf.store.recent((conversation, None), limit);
        async { lines.await.unwrap().into_iter().map(|line| (line.speaker, line.text)).collect::<Vec<_>>() }
    };
    let said = |speaker, text: &str| (speaker, text.to_owned());
    let all = [said(Speaker::Person, "one"), said(Speaker::Person, "two"), said(Speaker::Assistant, "three")];
    assert_eq!(lines(50).await, all);
    assert_eq!(lines(2).await, all[1..]);
}

#[tokio::test]
async fn a_new_conversation_is_the_one_that_goes_on() {
    let shelf = Shelf::new().await;
    let in_group = grouped("-100", "ann", 1, "hello all");
    let lane = shelf.lane_of(&[direct("ann", 1, "hello")]).await;
    let group = shelf.lane_of(&[in_group]).await;
    let (turn, in_group) = (shelf.take(lane).await, shelf.take(group).await);
    assert_eq!((&turn.conversation, &in_group.conversation), (&None, &None));

    let mine = shelf.store.begin_conversation(turn.user.id, None, at(1)).await.unwrap();
    let ours = shelf.store.begin_conversation(turn.user.id, Some(in_group.address), at(1)).await.unwrap();
    shelf.store.choose_model(mine.id, Some("gpt-5".to_owned())).await.unwrap();
    for turn in [&turn, &in_group] {
        shelf.store.give_back(turn, true).await.unwrap();
    }
    assert_eq!(shelf.take(lane).await.conversation.map(|known| known.id), Some(mine.id));
    assert_eq!(shelf.take(group).await.conversation.map(|known| known.id), Some(ours.id));
    assert_eq!(shelf.store.conversation(mine.id).await.unwrap().model.as_deref(), Some("gpt-5"));
    assert_eq!(shelf.store.conversation(ours.id).await.unwrap().model, None);
}
