//! Answers through a `response_url`.
//!
//! Source: docs.slack.dev/interactivity/handling-user-interaction#message_responses:
//! five uses within 30 minutes. The urls of slash commands have no original
//! message to replace or delete (slackapi/bolt-python#1268).

use std::collections::BTreeMap;
use std::time::Duration;

use axum::body::Body;
use hyper::{Response, StatusCode};
use serde_json::{Value, json};

use super::message::{Author, Message, Ts, ts_value};
use super::methods::{Args, Content, RESPONSE, Refusal};
use super::state::{Treatment, World};
use super::text::Parse;

const USES: u32 = 5;
const LIVES: Duration = Duration::from_secs(30 * 60);

#[derive(Debug, Clone)]
struct ResponseUrl {
    user: String,
    channel: String,
    original: Option<Ts>,
    uses: u32,
    until: Duration,
}

/// The urls that were given out.
#[derive(Debug, Default)]
pub(super) struct ResponseUrls(BTreeMap<String, ResponseUrl>);

impl World {
    /// Gives out a url to answer an interaction.
    pub(super) fn response_url(&mut self, user: &str, channel: &str, original: Option<Ts>) -> String {
        let place = if original.is_some() { "actions" } else { "commands" };
        let path = format!("/{place}/{}/{}/{}", self.app.sign.team, self.clock.unix(), self.dice.hex(24));
        let until = self.now() + LIVES;
        let url =
            ResponseUrl { user: user.to_owned(), channel: channel.to_owned(), original, uses: 0, until };
        self.responses.0.insert(path.clone(), url);
        format!("{}{path}", self.base)
    }

    /// The channel a response url leads to, for the log.
    pub(super) fn response_target(&self, path: &str) -> String {
        self.responses.0.get(path).map(|url| url.channel.clone()).unwrap_or_default()
    }

    /// Takes a post to a response url.
    pub(super) fn respond(&mut self, path: &str, args: &Args) -> Result<(), Refusal> {
        self.note_unknown("response_url", args.unknown(RESPONSE));
        let now = self.now();
        let Some(url) = self.responses.0.get_mut(path) else {
            return Err(Refusal::malformed("invalid_url"));
        };
        if url.uses >= USES {
            return Err(Refusal::new("used_url"));
        }
        if now > url.until {
            return Err(Refusal::new("expired_url"));
        }
        url.uses += 1;
        let url = url.clone();
        if let Some(original) = url.original.filter(|_| args.flag("delete_original")) {
            self.delete(&url.channel, original);
            return Ok(());
        }
        let content = Content::of(args, usize::MAX)?;
        if let Some(original) = url.original.filter(|_| args.flag("replace_original")) {
            let message = content.into_message(self, Author::App);
            self.edit(&url.channel, original, message, Parse::Normal);
            return Ok(());
        }
        let thread = args.text("thread_ts").and_then(|ts| ts_value(&ts));
        self.say_to(
            &url.user,
            &url.channel,
            content,
            (args.text("response_type").as_deref() == Some("in_channel"), thread),
        );
        Ok(())
    }

    /// Takes the payload of a command's acknowledgement.
    pub(super) fn answer_command(&mut self, user: &str, channel: &str, answer: &Value) {
        let args = Args::of(answer.clone());
        self.note_unknown("the answer to a command", args.unknown(RESPONSE));
        let says_something = ["text", "blocks", "attachments"].iter().any(|field| !args.is_absent(field));
        if !says_something {
            return;
        }
        let in_channel = args.text("response_type").as_deref() == Some("in_channel");
        match Content::of(&args, usize::MAX) {
            Ok(content) => self.say_to(user, channel, content, (in_channel, None)),
            Err(refusal) => self.problems.push(format!("the answer to a command: {}", refusal.error)),
        }
    }

    fn say_to(
        &mut self,
        user: &str,
        channel: &str,
        content: Content,
        (in_channel, thread): (bool, Option<Ts>),
    ) {
        let mut message = content.into_message(self, Author::App);
        message.only_for = (!in_channel).then(|| user.to_owned());
        message.thread = thread;
        self.post(
            channel,
            message,
            Treatment { parse: Parse::Normal, unfurl_links: false, unfurl_media: in_channel },
        );
    }

    /// What a person sees when a command was not acknowledged.
    pub(super) fn show_command_error(&mut self, user: &str, channel: &str, command: &str, error: &str) {
        let mut message =
            Message::new(Author::Slackbot, format!("{command} failed with the error \"{error}\""));
        message.only_for = Some(user.to_owned());
        self.post(
            channel,
            message,
            Treatment { parse: Parse::None, unfurl_links: false, unfurl_media: false },
        );
    }
}

/// Writes the answer to a post to a response url.
pub(super) fn written(outcome: &Result<(), Refusal>) -> Response<Body> {
    let (status, kind, body) = match outcome {
        Ok(()) => (StatusCode::OK, "text/html", "ok".to_owned()),
        Err(refusal) => {
            let status =
                if refusal.error.ends_with("_url") { StatusCode::NOT_FOUND } else { StatusCode::BAD_REQUEST };
            (status, "application/json", json!({"ok": false, "error": refusal.error}).to_string())
        }
    };
    Response::builder().status(status).header("Content-Type", kind).body(Body::from(body)).unwrap()
}
