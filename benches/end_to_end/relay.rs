//! The floor: the least that a bot with a memory does.
//!
//! It polls; stores the question, synced; reads the last twenty lines; asks the
//! model; stores the answer, synced; sends it. Nothing else: no limits, no
//! recovery, no streaming, no second platform.

use std::sync::Arc;
use std::time::Duration;

use sea_orm::sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};
use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend, Statement, Value as Sql,
};
use serde_json::{Value, json};

const SCHEMA: &str = "CREATE TABLE IF NOT EXISTS lines (id INTEGER PRIMARY KEY, chat INTEGER NOT NULL, \
                      role TEXT NOT NULL, text TEXT NOT NULL)";

struct Relay {
    http: reqwest::Client,
    telegram: String,
    model: String,
    key: String,
    db: DatabaseConnection,
}

/// Runs until it is killed; its words are the two addresses, the key and the file.
pub async fn run(words: &[String]) {
    switchboard::model::install_crypto();
    let [telegram, model, key, file] = words else { panic!("expected four words") };
    let mut options = ConnectOptions::new(format!("sqlite://{file}"));
    options.max_connections(1).sqlx_logging(false).map_sqlx_sqlite_opts(|sqlite| {
        sqlite
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
    });
    let db = Database::connect(options).await.unwrap();
    db.execute_unprepared(SCHEMA).await.unwrap();
    db.execute_unprepared("CREATE INDEX IF NOT EXISTS by_chat ON lines (chat, id)").await.unwrap();
    let http = reqwest::Client::builder().timeout(Duration::from_secs(60)).build().unwrap();
    let (telegram, model, key) = (telegram.clone(), model.clone(), key.clone());
    Arc::new(Relay { http, telegram, model, key, db }).poll().await;
}

impl Relay {
    async fn poll(self: Arc<Self>) {
        let mut offset = 0;
        loop {
            let request = json!({ "offset": offset, "timeout": 2, "limit": 100 });
            let updates = self.call("getUpdates", &request).await;
            for update in updates["result"].as_array().into_iter().flatten() {
                offset = update["update_id"].as_i64().unwrap() + 1;
                let (relay, message) = (Arc::clone(&self), update["message"].clone());
                tokio::spawn(async move { relay.answer(&message).await });
            }
        }
    }

    async fn answer(&self, message: &Value) {
        let chat = message["chat"]["id"].as_i64().unwrap();
        self.store(chat, "user", message["text"].as_str().unwrap()).await;
        let request = json!({ "model": "gpt-4o", "messages": self.last(chat).await });
        let url = format!("{}/chat/completions", self.model);
        let response = self.http.post(url).bearer_auth(&self.key).json(&request).send().await.unwrap();
        let answer: Value = response.json().await.unwrap();
        let text = answer["choices"][0]["message"]["content"].as_str().unwrap();
        self.store(chat, "assistant", text).await;
        let reply = json!({ "message_id": message["message_id"] });
        self.call("sendMessage", &json!({ "chat_id": chat, "text": text, "reply_parameters": reply })).await;
    }

    async fn store(&self, chat: i64, role: &str, text: &str) {
        let sql = "INSERT INTO lines (chat, role, text) VALUES ($1, $2, $3)";
        let values: [Sql; 3] = [chat.into(), role.into(), text.into()];
        self.db.execute_raw(Statement::from_sql_and_values(DbBackend::Sqlite, sql, values)).await.unwrap();
    }

    async fn last(&self, chat: i64) -> Vec<Value> {
        let sql = "SELECT role, text FROM lines WHERE chat = $1 ORDER BY id DESC LIMIT 20";
        let statement = Statement::from_sql_and_values(DbBackend::Sqlite, sql, [chat.into()]);
        let rows = self.db.query_all_raw(statement).await.unwrap();
        let line = |row: &sea_orm::QueryResult| {
            let (role, text): (String, String) =
                (row.try_get("", "role").unwrap(), row.try_get("", "text").unwrap());
            json!({ "role": role, "content": text })
        };
        rows.iter().rev().map(line).collect()
    }

    async fn call(&self, method: &str, request: &Value) -> Value {
        let url = format!("{}/{method}", self.telegram);
        self.http.post(url).json(request).send().await.unwrap().json().await.unwrap()
    }
}
