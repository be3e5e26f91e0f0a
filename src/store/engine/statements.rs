//! Tells the log of every statement, for whoever wants to count them or to see
//! their plans: with `switchboard::store=trace` in the log's filter there is a
//! line for each, and those of one transaction bear one name.
//!
//! A line has the statement as it is prepared. What is bound to it, people's words
//! among that, is never told.

use sea_orm::DatabaseConnection;
use sea_orm::metric::Info;
use tracing::{Level, Span};
use uuid::Uuid;

/// Lets a connection tell of its statements, if anybody listens.
pub(super) fn told(mut db: DatabaseConnection) -> DatabaseConnection {
    if tracing::enabled!(Level::TRACE) {
        db.set_metric_callback(tell);
    }
    db
}

fn tell(run: &Info<'_>) {
    tracing::trace!(sql = run.statement.sql, "ran a statement");
}

/// Names a transaction, around all that is done in it.
pub(in crate::store) fn transaction() -> Span {
    tracing::trace_span!("transaction", transaction = %Uuid::new_v4())
}
