//! Lives of the program: each begins with a start and ends with SIGKILL, but for
//! the last, which is asked to end when all is done.

use std::fmt;
use std::time::Duration;

use nix::sys::signal::Signal;
use std::os::unix::process::ExitStatusExt;

use crate::crash::dice::Dice;
use crate::crash::world::World;
use crate::support::program::Running;

/// The variable that says where the program ends itself.
pub const KILL_POINT: &str = "SWITCHBOARD_KILL_POINT";

/// How much people do besides in each lane, while answers are in flight.
const DEEDS: u64 = 2;

/// The place at which another answer was asked for.
pub const WISH: &str = "K15";

/// How a life ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Death {
    /// By itself, the given time that it passes a place.
    At(&'static str, u64),
    /// From outside, so long after the start.
    After(Duration),
    /// In order, when nothing is left to do.
    Peace,
}

impl fmt::Display for Death {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::At(place, times) => write!(f, "{place}:{times}"),
            Self::After(time) => write!(f, "{} ms", time.as_millis()),
            Self::Peace => f.write_str("peace"),
        }
    }
}

impl World {
    /// Lives so many lives, and has the oracle look after the last.
    pub async fn lives(&mut self, deaths: &[Death], dice: &mut Dice) {
        if self.life.is_some_and(|life| life.has_threads) {
            self.begins_threads().await;
        }
        for death in deaths {
            match *death {
                Death::At(WISH, times) => self.dies_wishing(times).await,
                Death::At(place, times) => self.dies_talking_at(place, times, dice).await,
                Death::After(time) => self.dies_after(time, dice).await,
                Death::Peace => self.rests().await,
            }
        }
        if deaths.last() != Some(&Death::Peace) {
            self.rests().await;
        }
        self.judge().await;
    }

    /// Starts undisturbed, brings everything to its end, and is asked to end itself.
    pub async fn rests(&mut self) {
        let daemon = self.setup.serve();
        self.settle(&daemon).await;
        daemon.stop().await;
    }

    /// Lives on what was said before, until it passes a place.
    pub async fn dies_at(&mut self, place: &str, times: u64) {
        let setup = self.setup.clone().env(KILL_POINT, &format!("{place}:{times}"));
        killed(&setup.serve()).await;
        self.died().await;
    }

    /// Everybody asks once, and people go on where that was answered.
    async fn begins_threads(&mut self) {
        self.rests().await;
        for (lane, said) in self.lanes.iter_mut().zip(&self.said) {
            let Some(first) = said.first() else { continue };
            for seat in &mut lane.seats {
                // What they were told where they are now, they do not see from there.
                drop(seat.told_in_private());
                lane.goes_on |= seat.goes_into_thread(&first.message);
            }
        }
    }

    /// Dies where somebody has asked for another answer.
    async fn dies_wishing(&mut self, times: u64) {
        let setup = self.setup.clone().env(KILL_POINT, &format!("{WISH}:{times}"));
        let daemon = setup.serve();
        tokio::select! {
            () = self.wishes(&daemon) => {}
            () = daemon.is_gone() => {}
        }
        killed(&daemon).await;
        self.died().await;
    }

    async fn wishes(&mut self, daemon: &Running) {
        self.is_heard(daemon).await;
        for lane in 0..self.lanes.len() {
            self.ask(lane, 5, 0);
        }
        loop {
            self.wishes_once().await;
        }
    }

    async fn dies_talking_at(&mut self, place: &str, times: u64, dice: &mut Dice) {
        let setup = self.setup.clone().env(KILL_POINT, &format!("{place}:{times}"));
        let daemon = setup.serve();
        let is_heard = tokio::select! {
            () = self.is_heard(&daemon) => true,
            () = daemon.is_gone() => false,
        };
        if is_heard {
            self.chatter(dice);
            tokio::select! {
                () = self.bustle_in_flight() => {}
                () = daemon.is_gone() => {}
            }
        }
        if is_heard && self.life.is_some() {
            tokio::select! {
                biased;
                () = daemon.is_gone() => {}
                // What people did may have ended all that would have passed the place.
                () = self.is_quiet(&daemon, &[]) => {
                    daemon.try_signal(Signal::SIGKILL);
                }
            }
        }
        killed(&daemon).await;
        self.died().await;
    }

    async fn dies_after(&mut self, time: Duration, dice: &mut Dice) {
        let daemon = self.setup.serve();
        let until_then = tokio::time::sleep(time);
        tokio::pin!(until_then);
        let is_over = tokio::select! {
            () = self.is_heard(&daemon) => false,
            () = &mut until_then => true,
        };
        if !is_over {
            self.chatter(dice);
            tokio::select! {
                () = self.bustle_in_flight() => until_then.await,
                () = &mut until_then => {}
            }
        }
        daemon.crash().await;
        self.died().await;
    }

    /// People do more than asking, if they do.
    async fn bustle_in_flight(&mut self) {
        if self.life.is_some() {
            self.bustle(DEEDS * self.lanes.len() as u64).await;
        }
    }

    /// Everybody asks something: quick, slow and long answers, two in each lane.
    pub fn chatter(&mut self, dice: &mut Dice) {
        let order = [0, 1].map(|_| dice.below(2));
        for (turn, is_long) in order.into_iter().enumerate() {
            for lane in 0..self.lanes.len() {
                let long = self.long_on(self.lanes[lane].platform);
                let (words, milliseconds) = match (lane + turn) % 3 {
                    0 if is_long == 0 => (dice.below(30) + 1, 0),
                    1 => (u64::from(long), 400 + dice.below(600)),
                    _ => (20 + dice.below(60), 300 + dice.below(300)),
                };
                self.ask(lane, u32::try_from(words).unwrap(), u32::try_from(milliseconds).unwrap());
            }
        }
    }
}

/// Waits until the program has been ended by SIGKILL, and by nothing else.
pub async fn killed(daemon: &Running) {
    let status = daemon.ended().await;
    let signal = status.signal();
    assert_eq!(signal, Some(Signal::SIGKILL as i32), "{status}:\n{}", daemon.log().join("\n"));
}
