//! A map of limited size that forgets what it has known longest.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;

/// What is remembered under `K`.
#[derive(Debug)]
pub(super) struct Memory<K, V> {
    limit: usize,
    known: HashMap<K, V>,
    /// The keys, in the order in which they were learned.
    order: VecDeque<K>,
}

impl<K: Copy + Eq + Hash, V> Memory<K, V> {
    pub(super) fn of(limit: usize) -> Self {
        Self { limit, known: HashMap::new(), order: VecDeque::new() }
    }

    /// Learns something, or learns it anew.
    pub(super) fn learn(&mut self, key: K, value: V) {
        if self.known.insert(key, value).is_none() {
            self.order.push_back(key);
        }
        if self.known.len() > self.limit
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
    }

    pub(super) fn recall(&self, key: &K) -> Option<&V> {
        self.known.get(key)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.known.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::Memory;

    #[test]
    fn the_oldest_is_forgotten_first() {
        let mut memory = Memory::of(2);
        memory.learn(1, "one");
        memory.learn(2, "two");
        memory.learn(1, "uno");
        memory.learn(3, "three");
        assert_eq!(memory.recall(&1), None);
        assert_eq!(memory.recall(&2), Some(&"two"));
        assert_eq!(memory.recall(&3), Some(&"three"));
    }
}
