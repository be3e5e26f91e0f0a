//! What time it is, as a value that is handed in.

/// A moment, in UTC.
pub type Timestamp = time::OffsetDateTime;

/// Tells the time. The program has one; tests may bring their own.
pub trait Clock: Send + Sync {
    /// The current moment, in UTC.
    fn now(&self) -> Timestamp;
}
