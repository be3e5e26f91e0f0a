//! Ends at random places and times, on all platforms at once.

use std::fmt;
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use futures_util::stream::iter;
use switchboard::domain::Platform;

use crate::crash::deeds::Deeds;
use crate::crash::dice::Dice;
use crate::crash::lives::{Death, WISH};
use crate::crash::points::PLACES;
use crate::crash::seats::PLATFORMS;
use crate::crash::world::World;

/// How many ends there may be without peace: what was alone in flight at three is given up.
const AT_A_STRETCH: u64 = 2;

/// How many runs go on side by side.
const SIDE_BY_SIDE: usize = 4;

/// What one run was.
#[derive(Debug, Clone, Copy, Default)]
pub struct Run {
    pub kills: u32,
    pub messages: usize,
    pub deeds: Deeds,
    /// How often something was shown as a draft, and how many posts began as streams.
    pub natively: [usize; 2],
}

impl Run {
    /// Both together.
    pub fn and(self, other: Self) -> Self {
        let (kills, messages) = (self.kills + other.kills, self.messages + other.messages);
        let ([drafts, streams], [more_drafts, more_streams]) = (self.natively, other.natively);
        let natively = [drafts + more_drafts, streams + more_streams];
        Self { kills, messages, deeds: self.deeds.and(other.deeds), natively }
    }
}

impl fmt::Display for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [drafts, streams] = self.natively;
        write!(
            f,
            "{} ends, {} messages; {}, {drafts} drafts, {streams} streams",
            self.kills, self.messages, self.deeds
        )
    }
}

/// Lives as the seed has it: random times, and also places if `has_places`.
pub async fn run(seed: u64, has_places: bool) -> Run {
    let mut dice = Dice::new(seed);
    let on = platforms(&mut dice);
    let deaths = deaths(&mut dice, has_places);
    let plan: Vec<String> = deaths.iter().map(Death::to_string).collect();
    eprintln!("seed {seed}: {on:?}: {}", plan.join(", "));
    let mut world = World::lively(&on, 2, &mut dice).await;
    world.lives(&deaths, &mut dice).await;
    let streams =
        world.platforms.slack.calls().iter().filter(|call| call.method == "chat.startStream").count();
    let natively = [world.platforms.telegram.count_calls("sendMessageDraft"), streams];
    Run { kills: world.kills, messages: world.count(), deeds: world.deeds().await, natively }
}

/// Mostly all of them.
fn platforms(dice: &mut Dice) -> Vec<Platform> {
    match dice.below(6) {
        number @ 0..3 => vec![PLATFORMS[usize::try_from(number).unwrap()]],
        _ => PLATFORMS.to_vec(),
    }
}

fn deaths(dice: &mut Dice, has_places: bool) -> Vec<Death> {
    let mut deaths: Vec<Death> = (0..=dice.below(AT_A_STRETCH)).map(|_| death(dice, has_places)).collect();
    if has_places && dice.below(2) == 0 {
        deaths.push(Death::Peace);
        deaths.extend((0..=dice.below(AT_A_STRETCH)).map(|_| death(dice, has_places)));
    }
    deaths
}

fn death(dice: &mut Dice, has_places: bool) -> Death {
    if has_places && dice.below(2) == 0 {
        if dice.below(PLACES.len() as u64 + 1) == 0 {
            return Death::At(WISH, 1);
        }
        let (place, most) = dice.one_of(&PLACES);
        return Death::At(place, dice.below(most) + 1);
    }
    Death::After(Duration::from_millis(50 + dice.below(2_450)))
}

#[tokio::test]
async fn whenever_it_dies_nothing_is_lost_or_doubled() {
    let began = Instant::now();
    let seeds = 100..120;
    let runs = iter(seeds).map(|seed| tokio::spawn(run(seed, false))).buffer_unordered(SIDE_BY_SIDE);
    let runs: Vec<_> = runs.collect().await;
    let runs = runs.into_iter().map(|run| run.expect("a run whose seed stands above"));
    let all = runs.fold(Run::default(), Run::and);
    eprintln!("{all}; {:?}", began.elapsed());
    assert!(all.deeds.are_all_there(), "people do not do all that they can: {all}");
    assert!(!all.natively.contains(&0), "nothing was shown by a platform's own means: {all}");
}
