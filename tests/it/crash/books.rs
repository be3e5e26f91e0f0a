//! The tables, as somebody beside the program reads them.

use std::collections::BTreeMap;

use crate::crash::question::Question;
use crate::support::database::{Beside, Engine};
use crate::support::program::Setup;

/// How many milliseconds after its date a row can be seen by others, at most: it is
/// dated before it is written, and what is dated first may be there last.
const COMMITTED_WITHIN: i64 = 500;

/// A question that has been answered.
#[derive(Debug, Clone, Copy)]
pub struct Past {
    pub question: Question,
    /// When it had come in, in milliseconds since 1970.
    received: i64,
    /// When the turn began that answers it.
    taken: i64,
}

impl Past {
    fn read(row: &str) -> Option<Self> {
        let mut words = row.splitn(4, ' ').skip(1);
        let dated = words.next()?.parse::<i64>().ok()? / 1_000;
        let received = dated + COMMITTED_WITHIN;
        // A turn's name begins with the time at which it was given.
        let taken = i64::from_str_radix(words.next()?.get(..12)?, 16).ok()?;
        Some(Self { question: Question::read(words.next()?)?, received, taken })
    }

    /// Whether this one did not wait yet when the other was taken.
    pub fn came_too_late_for(&self, other: &Self) -> bool {
        self.received >= other.taken
    }
}

/// The database of a program, which may be running.
pub struct Books(Beside);

impl Books {
    pub async fn open(setup: &Setup) -> Self {
        Self(Beside::open(&setup.database_url()).await)
    }

    /// Whether there is anything in it yet.
    async fn is_written(&self) -> bool {
        self.0.tables().await.iter().any(|table| table == "outbox")
    }

    /// What has not come to its end.
    pub async fn open_rows(&self) -> i64 {
        let open = "SELECT (SELECT COUNT(*) FROM inbox WHERE ended_at IS NULL AND state != 'quarantined') \
                    + (SELECT COUNT(*) FROM outbox WHERE state IN ('pending', 'sending', 'unknown'))";
        if self.is_written().await { self.0.number(open).await } else { 0 }
    }

    /// What has not come to its end, or not as it should, in words.
    pub async fn oddities(&self) -> Vec<String> {
        let inbox = "SELECT 'inbox ' || state || ' ' || COALESCE(outcome, '-') || ' tried ' || attempts FROM inbox \
                     WHERE ended_at IS NULL OR state NOT IN ('done', 'merged')";
        let outbox = "SELECT 'outbox ' || state || ' part ' || number FROM outbox \
                      WHERE state != 'sent' OR posted_id IS NULL OR ended_at IS NULL OR payload IS NOT NULL";
        let twice = "SELECT 'messages ' || COUNT(*) || ' answers of one turn' FROM messages \
                     WHERE role = 'assistant' GROUP BY turn_id HAVING COUNT(*) > 1";
        let mut found = Vec::new();
        for sql in [inbox, outbox, twice] {
            found.extend(self.0.texts(sql).await);
        }
        found
    }

    /// How many messages came in on a platform.
    pub async fn count_on(&self, platform: &str) -> i64 {
        self.0.number(&format!("SELECT COUNT(*) FROM inbox WHERE platform = '{platform}'")).await
    }

    /// How many turns have been answered, by the inbox and by the conversations.
    pub async fn answers(&self) -> (i64, i64) {
        let done = self.0.number("SELECT COUNT(*) FROM inbox WHERE state = 'done'").await;
        (done, self.0.number("SELECT COUNT(*) FROM messages WHERE role = 'assistant'").await)
    }

    /// The questions whose answers are stored, and how often each.
    pub async fn answered(&self) -> BTreeMap<u32, u32> {
        let mut answered = BTreeMap::new();
        if !self.is_written().await {
            return answered;
        }
        for text in self.0.texts("SELECT content FROM messages WHERE role = 'user'").await {
            if let Some(question) = Question::read(&text) {
                *answered.entry(question.number).or_default() += 1;
            }
        }
        answered
    }

    /// All questions in conversations, in the order in which they were answered.
    pub async fn history(&self) -> Vec<Past> {
        let turn = match self.0.engine() {
            Engine::Sqlite => "hex(m.turn_id)",
            Engine::Postgres => "encode(uuid_send(m.turn_id), 'hex')",
        };
        let sql = format!(
            "SELECT m.seq || ' ' || i.received_at || ' ' || {turn} || ' ' || m.content FROM messages m \
             JOIN inbox i ON i.turn_id = m.turn_id AND i.sent_at = m.created_at \
             WHERE m.role = 'user' ORDER BY m.seq"
        );
        self.0.texts(&sql).await.iter().filter_map(|row| Past::read(row)).collect()
    }

    /// A number that a test asks for.
    pub async fn number(&self, sql: &str) -> i64 {
        self.0.number(sql).await
    }

    /// Texts that a test asks for.
    pub async fn texts(&self, sql: &str) -> Vec<String> {
        self.0.texts(sql).await
    }

    pub async fn close(self) {
        self.0.close().await;
    }
}
