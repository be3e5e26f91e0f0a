//! Statements for at most so many rows.

use sea_orm::{DatabaseBackend, EntityTrait, QueryTrait, Select, Statement};

/// A statement for at most `limit` rows, which stands in it as a number: SQLite looks at
/// a limit when it plans, so one that is bound has it plan anew at each call.
pub(super) fn at_most<E: EntityTrait>(limit: u64, rows: &Select<E>, engine: DatabaseBackend) -> Statement {
    let statement = rows.build(engine);
    let sql = format!("{} LIMIT {limit}", statement.sql.trim_end());
    Statement { sql, ..statement }
}

#[cfg(test)]
mod tests {
    use sea_orm::{DatabaseBackend, EntityTrait, QueryOrder, QuerySelect};

    use super::at_most;
    use crate::store::entities::inbox;

    #[test]
    fn the_limit_stands_in_the_statement() {
        let rows = inbox::Entity::find().order_by_asc(inbox::Column::SentAt).lock_exclusive();
        let ends = [
            (DatabaseBackend::Sqlite, r#" ORDER BY "inbox"."sent_at" ASC LIMIT 7"#),
            (DatabaseBackend::Postgres, r#" ORDER BY "inbox"."sent_at" ASC FOR UPDATE LIMIT 7"#),
        ];
        for (engine, end) in ends {
            let statement = at_most(7, &rows, engine);
            assert!(statement.sql.ends_with(end), "{}", statement.sql);
            assert_eq!(statement.values.map_or(0, |values| values.0.len()), 0);
        }
    }
}
