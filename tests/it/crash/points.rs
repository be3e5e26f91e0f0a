//! The fourteen places on a message's way, each on every platform.

use switchboard::domain::Platform;

use crate::crash::dice::Dice;
use crate::crash::lives::Death;
use crate::crash::world::World;

/// The places, and the most times they are passed before the end.
pub const PLACES: [(&str, u64); 14] = [
    ("K1", 1),
    ("K2", 1),
    ("K3", 1),
    ("K4", 3),
    ("K5", 3),
    ("K6", 3),
    ("K7", 2),
    ("K8", 3),
    ("K9", 9),
    ("K10", 3),
    ("K11", 3),
    ("K12", 2),
    ("K13", 2),
    ("K14", 3),
];

/// Places before a message is accepted: what was on its way there, only its platform knows,
/// and it does not tell again for ever.
const EARLY: usize = 3;

/// Every place once, with some peace in between: what was in flight at too many
/// ends is given up, which is another test's matter.
fn every_place(seed: u64) -> Vec<Death> {
    let mut dice = Dice::new(seed);
    // What was never heard of in a place is not looked for there: somebody talks first.
    let mut deaths = vec![Death::Peace];
    for (number, (place, most)) in PLACES.into_iter().enumerate() {
        deaths.push(Death::At(place, dice.below(most) + 1));
        if number < EARLY || number % 3 == 2 {
            deaths.push(Death::Peace);
        }
    }
    deaths
}

/// On Telegram nobody can look for a post, so a second one is a copy that says so.
#[tokio::test]
async fn a_copy_says_once_that_it_may_be_one_however_often_it_is_sent() {
    let mut world = World::new(&[Platform::Telegram], 1).await;
    world.ask(0, World::long(Platform::Telegram), 0);
    world.dies_at("K6", 2).await;
    // A third time would be one too many for a message alone.
    world.dies_at("K6", 1).await;
    world.rests().await;
    world.judge().await;
}

async fn dies_everywhere_on(platform: Platform, seed: u64) {
    let mut world = World::new(&[platform], 2).await;
    world.lives(&every_place(seed), &mut Dice::new(seed)).await;
    assert_eq!(world.kills, 14);
}

#[tokio::test]
async fn wherever_it_dies_nothing_is_lost_or_doubled_on_telegram() {
    dies_everywhere_on(Platform::Telegram, 1).await;
}

#[tokio::test]
async fn wherever_it_dies_nothing_is_lost_or_doubled_on_discord() {
    dies_everywhere_on(Platform::Discord, 2).await;
}

#[tokio::test]
async fn wherever_it_dies_nothing_is_lost_or_doubled_on_slack() {
    dies_everywhere_on(Platform::Slack, 3).await;
}

/// Somebody takes the first post of a long answer away while the program is dead, and it dies
/// once more when it has posted that one anew.
async fn loses_its_first_post_on(platform: Platform) {
    use crate::crash::seats::Seat;
    let mut world = World::new(&[platform], 1).await;
    world.ask(0, 3, 0);
    world.rests().await;
    world.ask(0, World::long(platform), 0);
    world.dies_at("K14", 1).await;
    match world.lanes[0].seats[0].clone() {
        Seat::Slack { slack, person, channel, .. } => {
            let shown = slack.screen(&channel);
            let first = shown.iter().find(|shown| shown.by_bot && shown.text.len() > 1_000).unwrap();
            person.deletes(&channel, &first.ts);
        }
        Seat::Telegram { telegram, person, .. } => {
            let shown = telegram.screen(person.id());
            let first = shown.iter().find(|shown| shown.is_from_bot() && shown.text.len() > 1_000).unwrap();
            person.deletes(first);
        }
        Seat::Discord { .. } => panic!("Discord tells a repetition by its key"),
    }
    world.dies_at("K6", 1).await;
    let daemon = world.setup.serve();
    world.settle(&daemon).await;
    daemon.stop().await;
    let posts = world.lanes[0].seats[0].posts();
    let brief =
        |post: &String| format!("{}…{}", &post[..post.len().min(14)], &post[post.len().saturating_sub(10)..]);
    let mut seen = std::collections::BTreeSet::new();
    let unlabelled: Vec<&String> = posts.iter().filter(|post| !post.starts_with("(This may be")).collect();
    let doubled: Vec<String> =
        unlabelled.iter().filter(|post| !seen.insert(**post)).map(|post| brief(post)).collect();
    assert!(doubled.is_empty(), "{doubled:?} of {:#?}", posts.iter().map(brief).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_first_post_that_was_taken_away_doubles_none_of_the_others_on_slack() {
    loses_its_first_post_on(Platform::Slack).await;
}

#[tokio::test]
async fn a_first_post_that_was_taken_away_doubles_none_of_the_others_on_telegram() {
    loses_its_first_post_on(Platform::Telegram).await;
}
