//! A message that ends the process whenever it is worked on.

use crate::crash::books::Books;
use crate::crash::lives::killed;
use crate::crash::seats::{PLATFORMS, Seat};
use crate::crash::world::{World, until};

/// What the person is told in the end.
const FAREWELL: &str = "Sorry, I could not answer this";

/// The words of which the program dies.
const POISON: &str = "hemlock";

/// Starts the program until it does not end any more; returns how often it did.
async fn dies(world: &mut World, say: impl AsyncFn(&mut World)) -> u32 {
    let setup = world.setup.clone().env("SWITCHBOARD_POISON", POISON);
    let before = world.kills;
    let mut say = Some(say);
    loop {
        let daemon = setup.serve();
        let is_heard = tokio::select! {
            () = world.is_heard(&daemon) => true,
            () = daemon.is_gone() => false,
        };
        if let Some(say) = say.take_if(|_| is_heard) {
            say(world).await;
        }
        tokio::select! {
            () = daemon.is_gone() => {}
            () = world.settle(&daemon), if is_heard && say.is_none() && world.kills > before => {
                daemon.stop().await;
                return world.kills - before;
            }
        }
        killed(&daemon).await;
        world.died().await;
        assert!(world.kills - before < 10, "it would go on for ever");
    }
}

fn farewells(seat: &Seat) -> usize {
    seat.posts().iter().filter(|post| post.contains(FAREWELL)).count()
}

/// The poisonous one is dead after so many attempts, can be replayed, and its person was told once.
async fn assert_dead(world: &World, lane: usize) {
    let books = Books::open(&world.setup).await;
    let dead = "SELECT COUNT(*) FROM inbox WHERE state = 'dead'";
    assert_eq!(books.number(dead).await, 1);
    let tried = books.texts("SELECT attempts || ' ' || payload FROM inbox WHERE state = 'dead'").await;
    // Three times it was worked on, and once its person was told.
    assert!(tried[0].starts_with("4 ") && tried[0].contains(POISON), "{tried:?}");
    assert_eq!(books.open_rows().await, 0);
    books.close().await;
    assert_eq!(farewells(&world.lanes[lane].seats[0]), 1);
}

#[tokio::test]
async fn a_poisonous_message_is_dead_after_three_attempts_and_its_person_hears_of_it_once() {
    for platform in PLATFORMS {
        let mut world = World::new(&[platform], 1).await;
        let kills = dies(&mut world, async |world| {
            world.lanes[0].seats[0].says(POISON);
        })
        .await;

        assert_eq!(kills, 3, "on {platform}");
        assert_dead(&world, 0).await;
        world.rests().await;
        assert_dead(&world, 0).await;
    }
}

#[tokio::test]
async fn what_was_in_flight_with_a_poisonous_message_is_answered() {
    let mut world = World::new(&PLATFORMS, 2).await;
    let poisoned = 4;
    let kills = dies(&mut world, async |world| {
        for lane in (0..world.lanes.len()).filter(|lane| *lane != poisoned) {
            world.ask(lane, 30, 400);
        }
        // What was not taken in may be lost where nobody had talked before.
        let books = Books::open(&world.setup).await;
        let others = i64::try_from(world.lanes.len()).unwrap() - 1;
        until("the others are heard", || async {
            books.number("SELECT COUNT(*) FROM inbox").await == others
        })
        .await;
        books.close().await;
        world.lanes[poisoned].seats[0].says(POISON);
    });
    let kills = kills.await;

    // An end is nobody's fault yet, if there was anybody else; who was there twice is tried alone.
    assert!((3..=5).contains(&kills), "{kills}");
    assert_dead(&world, poisoned).await;
    let others = world.lanes.iter().enumerate().filter(|(lane, _)| *lane != poisoned);
    let told: usize = others.map(|(_, lane)| farewells(&lane.seats[0])).sum();
    assert_eq!(told, 0, "nobody else was given up");
    world.judge_screens_but(poisoned).await;
}
