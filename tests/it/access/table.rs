//! Every kind of event, in every place, by everybody, under every setting.

use std::time::Duration;

use switchboard::domain::{Author, Code, Platform};
use switchboard::store::{CodeKind, PairingCode, Store};
use switchboard::telemetry::Tasks;
use time::OffsetDateTime;

use crate::support::database;
use crate::support::program::{Running, Setup};
use crate::support::stage::Stage;
use crate::support::telegram::{BOT_USERNAME, Person, Place};

const LISTED: i64 = 2001;
const APPROVED: i64 = 3001;
const ADMIN: i64 = 4001;
const OWNER: i64 = 5001;
const BLOCKED: i64 = 6001;
const STRANGER: i64 = 7001;

const ADMITTED: i64 = -1_001_000_000_001;
const UNKNOWN: i64 = -1_001_000_000_002;

/// What a person sees of a question and of `/whoami`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sees {
    Answer,
    /// A sentence and a code.
    Code,
    /// That there is a list, and who they are.
    NotListed,
    /// How to let the place in.
    HowTo,
    Nothing,
}

use Sees::{Answer, Code as ACode, HowTo, NotListed, Nothing};

/// Who; then a direct chat under pairing, listed and open; then a place that is
/// admitted, one that is not, and one where all are.
const TABLE: [(&str, i64, [Sees; 6]); 6] = [
    ("a stranger", STRANGER, [ACode, NotListed, Answer, Answer, Nothing, Answer]),
    ("somebody on the list", LISTED, [Answer, Answer, Answer, Answer, Nothing, Answer]),
    ("somebody approved", APPROVED, [Answer, Answer, Answer, Answer, Nothing, Answer]),
    ("an admin on the list", ADMIN, [Answer, Answer, Answer, Answer, HowTo, Answer]),
    ("the owner", OWNER, [Answer, Answer, Answer, Answer, HowTo, Answer]),
    ("somebody blocked", BLOCKED, [Nothing, Nothing, Nothing, Nothing, Nothing, Nothing]),
];

#[tokio::test]
async fn with_pairing_and_listed_places_everybody_sees_what_the_table_says() {
    the_table_holds("pairing", 0, "listed").await;
}

#[tokio::test]
async fn with_lists_and_open_places_everybody_sees_what_the_table_says() {
    the_table_holds("listed", 1, "open").await;
}

#[tokio::test]
async fn with_open_chats_and_listed_places_everybody_sees_what_the_table_says() {
    the_table_holds("open", 2, "listed").await;
}

async fn the_table_holds(direct: &str, column: usize, groups: &str) {
    let stage = Stage::new()
        .await
        .set("ACCESS__DIRECT", direct)
        .set("ACCESS__GROUPS", groups)
        .set("ACCESS__USERS", &format!("telegram:{LISTED}"))
        .set("ACCESS__ADMINS", &format!("telegram:{ADMIN}"))
        .set("ACCESS__SPACES", &format!("telegram:{ADMITTED}"));
    settle(&stage.setup).await;
    let admitted = stage.platform.forum(ADMITTED, "Friends");
    let unknown = stage.platform.forum(UNKNOWN, "Elsewhere");
    let people: Vec<Person> = TABLE.map(|(name, id, _)| stage.platform.user(id, name)).into();
    let topics = [admitted.topic("Garden", &people[0]), unknown.topic("Kitchen", &people[0])];
    let bot = stage.serve().await;
    let elsewhere = if groups == "open" { 5 } else { 4 };
    let places: [(Place, usize); 4] = [
        ((&admitted).into(), if groups == "open" { 5 } else { 3 }),
        ((&topics[0]).into(), if groups == "open" { 5 } else { 3 }),
        ((&unknown).into(), elsewhere),
        ((&topics[1]).into(), elsewhere),
    ];
    let mut ended = 0;
    for (person, (name, id, sees)) in people.iter().zip(TABLE) {
        let chats = [((person).into(), column)].into_iter().chain(places);
        for (place, column) in chats {
            let before = stage.platform.screen(place).len();
            let is_answered = sees[column] == Answer;
            ended += everything_in(&bot, person, &place, (ended, is_answered)).await;
            let shown = stage.platform.screen(place);
            let said: Vec<String> = shown[before..]
                .iter()
                .filter(|shown| shown.is_from_bot())
                .map(|shown| shown.text.clone())
                .collect();
            let expected = sees[column];
            assert_eq!(said.len(), if expected == Nothing { 0 } else { 2 }, "{name} in {place:?}: {said:#?}");
            for (said, is_command) in said.iter().zip([false, true]) {
                let is_alone = place == Place::from(person);
                let words = words(expected, (is_command, is_alone), id);
                assert!(said.contains(&words), "{name} in {place:?} ought to see `{words}`: {said}");
            }
        }
    }
    let answered = TABLE.iter().flat_map(|(_, _, sees)| {
        let columns = [column].into_iter().chain(places.iter().map(|(_, column)| *column));
        columns.map(|column| sees[column])
    });
    let answered = answered.filter(|sees| *sees == Answer).count();
    assert_eq!(stage.models.count(), answered, "the model hears those only who may talk");
    stage.platform.wait_until_confirmed().await.unwrap();
    let beside = stage.beside().await;
    let kept = "SELECT COUNT(*) FROM inbox";
    assert_eq!(
        beside.number(kept).await,
        i64::try_from(ended).unwrap(),
        "of edits of what is not answered nothing is kept"
    );
    beside.close().await;
    stage.ends_well(bot).await;
}

/// Says, asks, edits and deletes; waits until all of it has come to its end; returns how much that was.
async fn everything_in(
    bot: &Running,
    person: &Person,
    place: &Place,
    (ended, is_answered): (usize, bool),
) -> usize {
    let said = person.says_in(place, &format!("@{BOT_USERNAME} may I?"));
    bot.wait_for_logs("a turn on telegram ended", ended + 1).await;
    person.says_in(place, &format!("/whoami@{BOT_USERNAME}"));
    bot.wait_for_logs("a turn on telegram ended", ended + 2).await;
    // It changes only what is part of a conversation, and shows nothing.
    person.edits(said, &format!("@{BOT_USERNAME} I said: may I?"));
    let turns = if is_answered { 3 } else { 2 };
    bot.wait_for_logs("a turn on telegram ended", ended + turns).await;
    // Telegram tells bots nothing of what people delete.
    person.deletes(said);
    turns
}

fn words(sees: Sees, (is_command, is_alone): (bool, bool), id: i64) -> String {
    match sees {
        Answer if is_command && !is_alone => "the rest is for you alone.".to_owned(),
        Answer if is_command => format!("I know you as telegram user {id}."),
        Answer => "Certainly.".to_owned(),
        ACode => "let you in with the code".to_owned(),
        NotListed => format!("Your id here is {id}."),
        HowTo => format!("switchboard access allow telegram:{UNKNOWN}"),
        Nothing => String::new(),
    }
}

/// Brings the people into the database who are not in the settings.
async fn settle(setup: &Setup) {
    let tasks = Tasks::default();
    let store = Store::open(&database::settings(&setup.database_url()), &tasks).await.unwrap();
    let now = OffsetDateTime::now_utc();
    let author = |id: i64| Author {
        platform_user_id: id.to_string(),
        name: id.to_string(),
        username: None,
        locale: None,
        is_anonymous: false,
    };
    let meet = async |id: i64| {
        store.allow_account(Platform::Telegram, String::new(), author(id), now).await.unwrap().id
    };
    meet(APPROVED).await;
    meet(BLOCKED).await;
    let owner = meet(OWNER).await;
    store.deny_account(Platform::Telegram, String::new(), author(BLOCKED), now).await.unwrap();
    let code = Code::from_random(1, Code::OWNER);
    let kept =
        PairingCode { kind: CodeKind::Owner, hash: code.hash(), user: None, lasts: Duration::from_secs(60) };
    store.keep_code(kept, 1, now).await.unwrap();
    assert!(store.become_owner(code.hash(), owner, now).await.unwrap());
    drop(store);
    tasks.end().await;
}
