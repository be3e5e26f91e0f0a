//! Faults by script: what the network and the platform do on bad days.

use std::collections::{HashMap, VecDeque};
use std::fmt::Display;
use std::time::Duration;

use axum::body::Body;
use hyper::Response;

use super::super::every::every;
use super::super::server::Reply;
use super::answer::{self, Refusal};

/// What goes wrong with a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// Answers with this status and the platform's own body for it, without any effect.
    Status(u16),
    /// Answers with this status and this description, without any effect.
    Refuse(u16, String),
    /// Answers 429 with the seconds to wait, without any effect.
    RetryAfter(u64),
    /// Answers as a proxy in front of the platform does, with a page of HTML.
    Page(u16),
    /// Does what was asked, then answers as with `Status`.
    StatusAfter(u16),
    /// Does what was asked, then answers as with `Page`.
    PageAfter(u16),
    /// Answers 200 with this body, without any effect.
    Garbage(String),
    /// Closes the connection; nothing has happened.
    CutBefore,
    /// Does what was asked, then closes the connection without an answer.
    CutAfter,
    /// Says nothing; nothing has happened.
    Hang,
    /// Does what was asked, then says nothing.
    HangAfter,
    /// Does what was asked and answers, but only after this time.
    Delay(Duration),
}

impl Fault {
    /// All that can go wrong with a call, each as it is seen on bad days.
    pub fn every() -> Vec<Self> {
        let refuse = |description: &str| Self::Refuse(400, description.to_owned());
        every! {
            Self::Status(_) => [
                Self::Status(400),
                Self::Status(401),
                Self::Status(403),
                Self::Status(404),
                Self::Status(409),
                Self::Status(429),
                Self::Status(500),
                Self::Status(502),
                Self::Status(504),
            ],
            Self::Refuse(..) => [
                refuse("Bad Request: can't parse entities: Unexpected end tag"),
                refuse("Bad Request: MESSAGE_TOO_STRANGE"),
                refuse("Bad Request: chat not found"),
            ],
            Self::RetryAfter(_) => [Self::RetryAfter(1)],
            Self::Page(_) => [Self::Page(404), Self::Page(502), Self::Page(504)],
            Self::StatusAfter(_) => [Self::StatusAfter(500), Self::StatusAfter(502)],
            Self::PageAfter(_) => [Self::PageAfter(502), Self::PageAfter(503), Self::PageAfter(504)],
            Self::Garbage(_) => [Self::Garbage("{".to_owned()), Self::Garbage(r#"{"ok":true}"#.to_owned())],
            Self::CutBefore => [Self::CutBefore],
            Self::CutAfter => [Self::CutAfter],
            Self::Hang => [Self::Hang],
            Self::HangAfter => [Self::HangAfter],
            Self::Delay(_) => [Self::Delay(Duration::from_millis(300))],
        }
    }
}

/// Faults that wait for their calls, by method in lower case; `*` stands for any.
/// Those of one chat have its id behind the method, as in `sendmessage 1001`.
#[derive(Debug, Default)]
pub(super) struct Faults {
    planned: HashMap<String, VecDeque<(usize, Fault)>>,
}

impl Faults {
    pub fn plan(&mut self, method: &str, times: usize, fault: Fault) {
        if times > 0 {
            self.planned.entry(method.to_ascii_lowercase()).or_default().push_back((times, fault));
        }
    }

    /// Takes the fault for this call, if there is one.
    pub fn take(&mut self, method: &str, chat: &str) -> Option<Fault> {
        [&in_chat(method, chat), method, "*"].iter().find_map(|name| {
            let faults = self.planned.get_mut(*name)?;
            let (times, fault) = faults.front_mut()?;
            *times -= 1;
            let (times, fault) = (*times, fault.clone());
            if times == 0 {
                faults.pop_front();
            }
            Some(fault)
        })
    }

    pub fn clear(&mut self) {
        self.planned.clear();
    }

    /// How many calls will still go wrong.
    pub fn left(&self) -> usize {
        self.planned.values().flatten().fold(0, |sum, (times, _)| sum.saturating_add(*times))
    }
}

/// The name of a method's calls to one chat.
pub(super) fn in_chat(method: &str, chat: impl Display) -> String {
    format!("{method} {chat}")
}

/// The reply of a fault that keeps the call from having an effect.
pub(super) fn reply_instead(fault: &Fault) -> Option<(u16, Reply)> {
    match fault {
        Fault::Status(status) => refused(Refusal::of_status(*status)),
        Fault::Refuse(status, description) => refused(Refusal::new(*status, description.clone())),
        Fault::RetryAfter(seconds) => refused(Refusal::retry_after(*seconds)),
        Fault::Page(status) => Some((*status, Reply::Respond(page(*status)))),
        Fault::Garbage(text) => Some((200, Reply::text(answer::status(200), "application/json", text))),
        Fault::CutBefore => Some((0, Reply::Cut)),
        Fault::Hang => Some((0, Reply::Hang)),
        Fault::StatusAfter(_) | Fault::PageAfter(_) => None,
        Fault::CutAfter | Fault::HangAfter | Fault::Delay(_) => None,
    }
}

/// What is told of a call that has had its effect; 0 stands for nothing at all.
pub(super) fn reply_after(fault: &Fault) -> Option<(u16, Reply)> {
    match fault {
        Fault::StatusAfter(status) => refused(Refusal::of_status(*status)),
        Fault::PageAfter(status) => Some((*status, Reply::Respond(page(*status)))),
        Fault::CutAfter => Some((0, Reply::Cut)),
        Fault::HangAfter => Some((0, Reply::Hang)),
        Fault::Status(_) | Fault::Refuse(..) | Fault::RetryAfter(_) | Fault::Page(_) => None,
        Fault::Garbage(_) | Fault::CutBefore | Fault::Hang | Fault::Delay(_) => None,
    }
}

fn refused(refusal: Refusal) -> Option<(u16, Reply)> {
    Some((refusal.status, answer::reply(&Err(refusal))))
}

fn page(status: u16) -> Response<Body> {
    let status = answer::status(status);
    let html = format!(
        "<html><head><title>{status}</title></head><body><center><h1>{status}</h1></center><hr><center>nginx</center></body></html>"
    );
    Response::builder()
        .status(status)
        .header("content-type", "text/html")
        .body(Body::from(html))
        .expect("a valid page")
}
