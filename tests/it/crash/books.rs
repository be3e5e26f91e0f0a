//! The tables, as somebody beside the program reads them.

use std::collections::{BTreeMap, BTreeSet};

use crate::crash::question::Question;
use crate::crash::said::Said;
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

/// A row of the inbox.
#[derive(Debug, Clone)]
pub struct Row {
    chat: String,
    thread: String,
    sequence: i64,
    pub state: String,
    pub outcome: String,
    turn: String,
    /// Whether it waits to take something back.
    is_deletion: bool,
}

impl Row {
    fn read(row: &str) -> Self {
        let words: Vec<&str> = row.split(' ').collect();
        let [chat, thread, sequence, state, outcome, turn, is_deletion] = words[..] else {
            panic!("a row {row:?}")
        };
        Self {
            chat: chat.to_owned(),
            thread: thread.to_owned(),
            sequence: sequence.parse().unwrap(),
            state: state.to_owned(),
            outcome: outcome.to_owned(),
            turn: turn.to_owned(),
            is_deletion: is_deletion == "1",
        }
    }

    /// Whether it is of this chat or thread.
    pub fn is_of(&self, chat: &str) -> bool {
        self.chat == chat || self.thread == chat
    }

    /// Whether it is about this; what was taken back before it came has no chat.
    pub fn is_about(&self, said: &Said) -> bool {
        let is_there = || self.chat == "-" || said.message.chats().iter().any(|chat| self.is_of(chat));
        self.sequence == said.message.sequence() && is_there()
    }

    /// Whether it ended without an answer, and nobody had begun one.
    pub fn is_over(&self) -> bool {
        self.state == "done" && ["taken_back", "stopped"].contains(&self.outcome.as_str())
    }
}

/// What was ended without an answer.
#[derive(Debug, Clone, Default)]
pub struct Over {
    rows: Vec<Row>,
    deleted: BTreeSet<u32>,
}

impl Over {
    pub fn holds(&self, said: &Said) -> bool {
        let rows: Vec<&Row> = self.rows.iter().filter(|row| row.is_about(said)).collect();
        // Together with others, it is still asked for their sake.
        let is_alone = |row: &&&Row| self.rows.iter().filter(|other| other.turn == row.turn).count() == 1;
        let is_noted = rows.iter().any(|row| row.is_deletion && row.state == "received");
        let is_asked_alone =
            rows.iter().filter(|row| !row.is_deletion && row.turn != "-").any(|row| is_alone(&row));
        rows.iter().any(|row| row.is_over())
            || (is_noted && is_asked_alone)
            || said.wordings.iter().any(|question| self.deleted.contains(&question.number))
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
        let turn = self.name_of("m.turn_id");
        let sql = format!(
            "SELECT m.seq || ' ' || i.received_at || ' ' || {turn} || ' ' || m.content FROM messages m \
             JOIN inbox i ON i.turn_id = m.turn_id AND i.sent_at = m.created_at \
             WHERE m.role = 'user' ORDER BY m.seq"
        );
        self.0.texts(&sql).await.iter().filter_map(|row| Past::read(row)).collect()
    }

    /// What was ended without an answer, or will be, so that no model is to be asked for it any more.
    pub async fn over(&self) -> Over {
        if !self.is_written().await {
            return Over::default();
        }
        let rows = self.rows().await;
        let deleted =
            self.0.texts("SELECT content FROM messages WHERE role = 'user' AND deleted_at IS NOT NULL");
        let deleted = deleted.await;
        let deleted = deleted.iter().filter_map(|text| Question::read(text)).map(|asked| asked.number);
        Over { rows, deleted: deleted.collect() }
    }

    /// All that came in.
    pub async fn rows(&self) -> Vec<Row> {
        let turn = self.name_of("i.turn_id");
        let sql = format!(
            "SELECT COALESCE(a.chat, '-') || ' ' || COALESCE(NULLIF(a.thread, ''), '-') || ' ' || i.sequence || ' ' || i.state || ' ' || COALESCE(i.outcome, '-') \
             || ' ' || COALESCE({turn}, '-') || ' ' || CASE WHEN i.payload LIKE '%\"kind\":\"deleted\"%' THEN 1 ELSE 0 END \
             FROM inbox i LEFT JOIN addresses a ON a.id = i.address_id"
        );
        self.0.texts(&sql).await.iter().map(|row| Row::read(row)).collect()
    }

    fn name_of(&self, column: &str) -> String {
        match self.0.engine() {
            Engine::Sqlite => format!("hex({column})"),
            Engine::Postgres => format!("encode(uuid_send({column}), 'hex')"),
        }
    }

    /// All answers in conversations: the text, and whether somebody ended it.
    pub async fn told(&self) -> Vec<(String, bool)> {
        let sql = "SELECT CASE WHEN finish_reason = 'stopped' THEN 'S' ELSE 'W' END || content FROM messages \
                   WHERE role = 'assistant' ORDER BY conversation_id, seq";
        let told = self.0.texts(sql).await;
        told.iter().map(|text| (text[1..].to_owned(), text.starts_with('S'))).collect()
    }

    /// The people that are known, as their platforms name them.
    pub async fn people(&self) -> Vec<String> {
        self.0.texts("SELECT platform_user_id FROM identities").await
    }

    /// Posts of Telegram's that are known to show answers which are stored, each with its chat.
    pub async fn shown(&self) -> Vec<String> {
        let sql = "SELECT DISTINCT a.chat || ' ' || o.posted_id FROM outbox o \
                   JOIN inbox i ON i.turn_id = o.turn_id JOIN addresses a ON a.id = i.address_id JOIN messages m ON m.turn_id = o.turn_id AND m.role = 'assistant' \
                   WHERE o.posted_id IS NOT NULL AND o.platform = 'telegram'";
        self.0.texts(sql).await
    }

    /// What people think of answers: the answer and the person, the value, and a post that shows it.
    pub async fn thumbs(&self) -> Vec<[String; 4]> {
        let sql = "SELECT m.seq || '/' || m.conversation_id || ' ' || i.platform_user_id || ' ' || f.value || ' ' || o.posted_id \
                   FROM feedback f JOIN identities i ON i.user_id = f.user_id \
                   JOIN messages m ON m.turn_id = f.turn_id AND m.role = 'assistant' JOIN outbox o ON o.turn_id = m.turn_id \
                   WHERE o.posted_id IS NOT NULL";
        let sql = sql.replace("m.conversation_id", &self.name_of("m.conversation_id"));
        let words = |row: String| {
            let words: Vec<String> = row.splitn(4, ' ').map(str::to_owned).collect();
            words.try_into().expect("four words")
        };
        self.0.texts(&sql).await.into_iter().map(words).collect()
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
