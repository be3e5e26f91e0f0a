//! A database that has seen a lot.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::support::database::{Beside, Engine};

/// Adds messages to the only conversation that is talked in, and people who have
/// talked once, each in a conversation of their own.
pub async fn fill(url: &str, messages: u64, users: u64) {
    let beside = Beside::open(url).await;
    let words = Words::of(beside.engine());
    if messages > 0 {
        let (rows, id) = (words.rows(messages), words.id);
        let said = format!(
            "INSERT INTO messages (id, conversation_id, seq, role, content, version, tokens, created_at) \
             SELECT {id}, c.id, c.next_seq + n.i, CASE n.i % 2 WHEN 1 THEN 'user' ELSE 'assistant' END, \
             'Something that was said before, number ' || n.i, 1, 12, c.created_at FROM {rows}, conversations c \
             WHERE c.created_at > 0"
        );
        beside.run(&said).await;
        beside.run(&format!("UPDATE conversations SET next_seq = next_seq + {messages} + 1")).await;
    }
    if users > 0 {
        let (rows, id) = (words.rows(users), words.id);
        let people = format!(
            "INSERT INTO users (id, name, role, tier, settings, is_blocked, is_anonymized, created_at) \
             SELECT {id}, 'Somebody', 'member', 'free', '{{}}', FALSE, FALSE, 0 FROM {rows}"
        );
        beside.run(&people).await;
        for (table, columns, values) in words.of_each_person() {
            let sql = format!(
                // Asked for each row, PostgreSQL would read what it has just written, again and again.
                "INSERT INTO {table} ({columns}) SELECT {values} FROM users u WHERE u.created_at = 0 \
                 AND u.id NOT IN (SELECT {} FROM {table})",
                columns.split(',').next().unwrap()
            );
            beside.run(&sql).await;
        }
        beside.run("UPDATE users SET active_conversation_id = id WHERE created_at = 0").await;
    }
    if beside.engine() == Engine::Postgres {
        // A server does so by itself after a minute; SQLite plans without.
        beside.run("ANALYZE").await;
    }
    beside.close().await;
}

/// What the engines say differently.
struct Words {
    engine: Engine,
    id: &'static str,
}

impl Words {
    fn of(engine: Engine) -> Self {
        let id = match engine {
            Engine::Sqlite => "randomblob(16)",
            Engine::Postgres => "gen_random_uuid()",
        };
        Self { engine, id }
    }

    /// So many rows, which `n.i` counts.
    fn rows(&self, count: u64) -> String {
        match self.engine {
            Engine::Sqlite => format!(
                "(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count}) SELECT i FROM n) n"
            ),
            Engine::Postgres => format!("generate_series(1, {count}) AS n(i)"),
        }
    }

    /// The rows of a person, all of which have the person's id: tables, columns, values.
    fn of_each_person(&self) -> [(&'static str, &'static str, String); 5] {
        let (text, bytes) = match self.engine {
            Engine::Sqlite => ("hex(u.id)", "u.id"),
            Engine::Postgres => ("CAST(u.id AS TEXT)", "uuid_send(u.id)"),
        };
        // What ended longer ago than two weeks would be forgotten at the next start.
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_micros();
        [
            (
                "identities",
                "id, user_id, platform, scope, platform_user_id, name, created_at, last_seen_at",
                format!("u.id, u.id, 'telegram', '', {text}, u.name, 0, 0"),
            ),
            (
                "addresses",
                "id, platform, scope, chat, kind, lane_id, created_at",
                format!("u.id, 'telegram', '', {text}, 'direct', u.id, 0"),
            ),
            ("conversations", "id, user_id, created_at, last_activity_at", "u.id, u.id, 0, 0".to_owned()),
            (
                "inbox",
                "id, dedupe_hash, platform, lane_id, address_id, identity_id, sequence, turn_id, state, outcome, \
                 attempts, sent_at, received_at, ended_at",
                format!(
                    "u.id, {bytes}, 'telegram', u.id, u.id, u.id, 1, u.id, 'done', 'answered', 1, {now}, {now}, {now}"
                ),
            ),
            (
                "outbox",
                "turn_id, number, platform, state, posted_id, created_at, ended_at",
                format!("u.id, 0, 'telegram', 'sent', '1', {now}, {now}"),
            ),
        ]
    }
}
