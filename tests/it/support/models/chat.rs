//! `POST /chat/completions`.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::super::observed::Observed;
use super::super::server::{Call, Reply};
use super::answer::Answer;
use super::check::{self, Wish};
use super::error::ApiError;
use super::fault::Fault;
use super::gate::Gate;
use super::perform::{self, Pace, Performance};
use super::requests::{AskedRequest, Ticket};
use super::routes::{check_content_type, record_problem};
use super::script::Next;
use super::state::{Route, State};
use super::twist::{Incident, Twist};
use super::utterance::Utterance;

/// Answers a request for a completion.
pub(super) async fn complete(state: &Observed<State>, call: &Call) -> Reply {
    let json = serde_json::from_slice::<Value>(&call.body).ok();
    let readable = Arc::new(json.clone().unwrap_or_default());
    let asked = AskedRequest::read(readable, &call.parts.headers);
    let mut ticket = Ticket::open(state, asked.clone());
    let wish = match check(state, call, json.as_ref()) {
        Ok(wish) => wish,
        Err(error) => {
            record_problem(state, call, &error);
            ticket.refused(error.status());
            return error.reply();
        }
    };
    let plan = match plan(state, &asked, &wish) {
        Ok(plan) => plan,
        Err(fault) => return fail(ticket, &fault, &asked.model).await,
    };
    let Plan { next, fault, gate, first_token, tokens_per_second, cached_tokens } = plan;
    let mut answer = next.answer(&asked);
    answer.faults.extend(fault);
    let mut twist = Twist::of(&answer.faults);
    tokio::time::sleep(twist.delay).await;
    if let Some(fault) = instead(&answer, &asked.model) {
        return fail(ticket, fault, &asked.model).await;
    }
    let said = Utterance::new(&answer, &wish, &mut twist, (ticket.number(), cached_tokens));
    ticket.costs(said.usage);
    match twist.never_starts() {
        Some(Incident::Hang) => std::future::pending().await,
        Some(_) => {
            ticket.cut();
            return Reply::Cut;
        }
        None => {}
    }
    let pace =
        Pace::new(answer.first_token.unwrap_or(first_token), answer.tokens_per_second.or(tokens_per_second));
    let model = wish.answers_as.clone().unwrap_or(asked.model);
    let gate = answer.gate.unwrap_or(gate);
    let is_streamed = wish.is_streamed;
    let performance = Performance { ticket, model, wish, said, twist, gate, pace };
    if is_streamed { perform::streamed(performance) } else { perform::whole(performance).await }
}

fn check(state: &Observed<State>, call: &Call, json: Option<&Value>) -> Result<Wish, ApiError> {
    state.read(|state| state.authorize(call.header("authorization")))?;
    check_content_type(call)?;
    let json = json.ok_or_else(check::not_json)?;
    let model = check::model(check::object(json)?)?;
    let card = state.read(|state| state.catalog.find(model))?;
    let wish = check::request(json, &card)?;
    state.update(|state| state.admit(model))?;
    Ok(wish)
}

/// What the state holds in store for a request.
struct Plan {
    next: Next,
    fault: Option<Fault>,
    gate: Gate,
    first_token: Duration,
    tokens_per_second: Option<f64>,
    cached_tokens: u64,
}

/// Takes from the script; a fault that comes instead of an answer takes nothing.
fn plan(state: &Observed<State>, asked: &AskedRequest, wish: &Wish) -> Result<Plan, Fault> {
    state.update(|state| {
        let fault = state.next_fault(Route::Chat);
        match fault {
            Some(fault) if fault.instead(&asked.model).is_some() => Err(fault),
            fault => Ok(Plan {
                next: state.script.next(asked),
                fault,
                gate: state.gate.clone(),
                first_token: state.first_token,
                tokens_per_second: state.tokens_per_second,
                cached_tokens: state.cache.look_up(&asked.json, wish.prompt_tokens),
            }),
        }
    })
}

fn instead<'a>(answer: &'a Answer, model: &str) -> Option<&'a Fault> {
    let mut faults = answer.faults.iter();
    faults.find(|fault| fault.instead(model).is_some())
}

async fn fail(mut ticket: Ticket, fault: &Fault, model: &str) -> Reply {
    let reply = fault.instead(model).unwrap_or(Reply::Cut);
    match &reply {
        Reply::Respond(response) => ticket.refused(response.status().as_u16()),
        Reply::Cut => ticket.cut(),
        // The ticket stays with the request, and so tells when the client gives up.
        Reply::Hang => std::future::pending().await,
    }
    reply
}
