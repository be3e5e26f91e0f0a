//! What the limits allow.

use std::time::{Duration, Instant};

/// What a platform documents of writes like a final edit: so many within so long, over all chats.
#[derive(Debug, Clone, Copy)]
pub struct Limit {
    pub most: usize,
    pub within: Duration,
}

impl Limit {
    /// The earliest moments at which writes can be made that are wanted at these: each as soon as
    /// it is wanted and the limit has room, with nothing else to be written.
    pub fn earliest(self, mut wanted: Vec<Instant>) -> Vec<Instant> {
        wanted.sort();
        let mut made: Vec<Instant> = Vec::new();
        for (number, wanted) in wanted.into_iter().enumerate() {
            let room = number.checked_sub(self.most).map(|before| made[before] + self.within);
            made.push(room.map_or(wanted, |room| room.max(wanted)));
        }
        made
    }
}
