//! The statements that the real program runs, as its log tells of them.

use serde_json::Value;

/// A filter under which the program tells of every statement.
pub const TELLING: &str = "info,switchboard::store=trace";

/// What the program asks by itself, beside any turn, by words in which it does.
pub const RECURRING: [(&str, &str); 5] = [
    ("whether something has changed", r#"FROM "changes""#),
    ("what waits, in case nobody has told of it", "MIN(sent_at)"),
    ("its claims, in case nobody works on one", r#"SELECT "inbox"."claim" FROM"#),
    ("that it is alive", "INSERT INTO instances"),
    ("that it is the only one", "INSERT INTO leases"),
];

/// One statement that the program has run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ran {
    pub sql: String,
    /// The transaction that it was a part of; none for a read of its own.
    pub transaction: Option<String>,
}

impl Ran {
    pub fn is_recurring(&self) -> bool {
        RECURRING.iter().any(|(_, words)| self.sql.contains(words))
    }

    pub fn is_read(&self) -> bool {
        self.sql.starts_with("SELECT")
    }
}

/// The statements in a log for programs, in order.
pub fn ran(log: impl IntoIterator<Item = impl AsRef<str>>) -> Vec<Ran> {
    let lines = log.into_iter().filter_map(|line| serde_json::from_str::<Value>(line.as_ref()).ok());
    let statements = lines.filter(|line| line["message"] == "ran a statement");
    let text = |value: &Value| value.as_str().map(str::to_owned);
    statements
        .map(|line| Ran { sql: text(&line["sql"]).unwrap(), transaction: text(&line["span"]["transaction"]) })
        .collect()
}
