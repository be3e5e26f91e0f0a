//! The terminal from outside: the real program at a pipe and at a prompt.

mod commands;
mod ends;
mod hostile;
mod piped;
mod prompt;
mod settings;

use std::time::Duration;

use crate::support::models::Models;
use crate::support::observed::PATIENCE;
use crate::support::program::{Ran, Setup};

impl Setup {
    /// A program that asks this model, and waits for nothing when it stops.
    pub(crate) fn with_model(models: &Models) -> Self {
        Self::bare().with(&format!(
            "[model.providers.main]\nbase_url = \"{}\"\napi_key = \"{}\"\nmodel = \"gpt-4o-mini\"\n\
             models = [\"gpt-4o\"]\nretries = 0\n\
             [shutdown]\ndrain_seconds = 0",
            models.base_url(),
            models.key()
        ))
    }
}

/// What the stand-in answers.
fn echo(said: &str) -> String {
    let notice = "(I am only a stand-in that repeats you. For a real model set OPENAI_API_KEY, \
                  or configure [model.providers.main]; see the README.)";
    format!("You said: {said}\n\n{notice}\n")
}

fn went_well(ran: &Ran, out: &str) {
    // On a server whoever comes after a crash says that it waits for the lease.
    let err = ran.err.replace(&format!("{}\n", switchboard::http::STANDBY), "");
    assert_eq!((ran.code, ran.out.as_str(), err.as_str()), (Some(0), out, ""), "{ran:?}");
}

/// What was said so far and is part of the talk, in order: `user: hello`.
async fn said(home: &Setup) -> Vec<String> {
    let seen = "SELECT role || ': ' || content FROM messages WHERE superseded_at IS NULL ORDER BY conversation_id, seq";
    ask(home, seen).await
}

/// What has become of each accepted message.
async fn states(home: &Setup) -> Vec<String> {
    ask(home, "SELECT state FROM inbox ORDER BY sequence").await
}

async fn ask(home: &Setup, sql: &str) -> Vec<String> {
    let beside = home.beside().await;
    let found = beside.texts(sql).await;
    beside.close().await;
    found
}

/// Looks again and again until something outside of our reach is so.
async fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let mut looks = tokio::time::interval(Duration::from_millis(5));
    let looking = async {
        while !is_so() {
            looks.tick().await;
        }
    };
    tokio::time::timeout(PATIENCE, looking).await.unwrap_or_else(|_| panic!("{what}"));
}
