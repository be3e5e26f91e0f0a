//! A database that has seen a lot.

use std::path::Path;

use sea_orm::{ConnectionTrait, Database};

/// Adds messages to the only conversation there is, and people who never write.
pub async fn fill(database: &Path, messages: u64, users: u64) {
    let db = Database::connect(format!("sqlite://{}", database.display())).await.unwrap();
    let count = |rows: u64| {
        format!("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows})")
    };
    if messages > 0 {
        let sql = format!(
            "{} INSERT INTO messages (id, conversation_id, seq, role, content, version, tokens, created_at) \
             SELECT randomblob(16), c.id, c.next_seq + n.i, CASE n.i % 2 WHEN 1 THEN 'user' ELSE 'assistant' END, \
             'Something that was said before, number ' || n.i, 1, 12, c.created_at FROM n, conversations c",
            count(messages)
        );
        db.execute_unprepared(&sql).await.unwrap();
        let sql = format!("UPDATE conversations SET next_seq = next_seq + {messages} + 1");
        db.execute_unprepared(&sql).await.unwrap();
    }
    if users > 0 {
        let sql = format!(
            "{} INSERT INTO users (id, name, role, tier, settings, is_blocked, is_anonymized, created_at) \
             SELECT randomblob(16), 'Somebody', 'member', 'free', '{{}}', FALSE, FALSE, 0 FROM n",
            count(users)
        );
        db.execute_unprepared(&sql).await.unwrap();
        let sql = "INSERT INTO identities (id, user_id, platform, scope, platform_user_id, name, created_at, last_seen_at) \
                   SELECT randomblob(16), id, 'telegram', '', 'x' || rowid, name, 0, 0 FROM users WHERE created_at = 0";
        db.execute_unprepared(sql).await.unwrap();
    }
    db.close().await.unwrap();
}
