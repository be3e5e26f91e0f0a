//! An answer as this request gets it: limited, stopped, and counted.

use super::answer::{Answer, Delta, call_id};
use super::check::Wish;
use super::tokens;
use super::twist::{Incident, Place, Twist};
use super::usage::Usage;

/// A reason that no client knows; SGLang and vLLM have sent this one.
const UNKNOWN_REASON: &str = "abort";

#[derive(Debug)]
pub(super) struct Utterance {
    /// Numbers the answer, for ids that are the same in every run.
    pub(super) id: u64,
    pub(super) steps: Vec<Delta>,
    pub(super) finish: Option<String>,
    pub(super) usage: Usage,
}

impl Utterance {
    /// Works out what is said; clamps the places of incidents to what there is.
    pub(super) fn new(
        answer: &Answer,
        wish: &Wish,
        twist: &mut Twist,
        (id, cached_tokens): (u64, u64),
    ) -> Self {
        let mut steps = answer.steps();
        if let Some(bytes) = twist.huge_delta {
            steps.insert(0, Delta::Content("x".repeat(bytes)));
        }
        if twist.has_null_content {
            steps.retain(|step| !matches!(step, Delta::Content(_)));
        }
        stop(&mut steps, &wish.stops);
        let is_cut_short = limit(&mut steps, wish.token_limit);
        let usual = match (is_cut_short, answer.calls.is_empty()) {
            (true, _) => "length",
            (false, true) => "stop",
            (false, false) => "tool_calls",
        };
        let finish = if twist.has_no_finish_reason {
            None
        } else if twist.has_unknown_finish_reason {
            Some(UNKNOWN_REASON.to_owned())
        } else {
            Some(answer.finish.clone().unwrap_or_else(|| usual.to_owned()))
        };
        for (place, _) in &mut twist.incidents {
            if let Place::AfterDeltas(deltas) = place {
                *deltas = (*deltas).min(steps.len());
            }
        }
        let bytes = |steps: &mut dyn Iterator<Item = &Delta>| {
            tokens::of_bytes(steps.map(|step| step.text().len()).sum()) * wish.token_weight
        };
        let is_thought = |step: &&Delta| matches!(step, Delta::Thought(_));
        let usage = Usage {
            prompt_tokens: wish.prompt_tokens,
            completion_tokens: bytes(&mut steps.iter()),
            cached_tokens,
            reasoning_tokens: bytes(&mut steps.iter().filter(is_thought)),
        };
        Self { id, steps, finish, usage }
    }

    /// The whole text of one kind of step; `None` when there is no such step.
    pub(super) fn text(&self, of_kind: impl Fn(&Delta) -> bool) -> Option<String> {
        let mut texts = self.steps.iter().filter(|step| of_kind(step)).peekable();
        texts.peek()?;
        Some(texts.map(Delta::text).collect())
    }

    /// The tool calls: id, name, arguments.
    pub(super) fn calls(&self) -> Vec<(String, &str, String)> {
        let call = |step| match step {
            &Delta::Call { index, ref name } => {
                let is_its =
                    |step: &Delta| matches!(step, Delta::Arguments { index: of, .. } if *of == index);
                let arguments = self.text(is_its).unwrap_or_default();
                Some((call_id(self.id, index), name.as_str(), arguments))
            }
            _ => None,
        };
        self.steps.iter().filter_map(call).collect()
    }
}

impl Twist {
    /// True when nothing happens at this place; spares the search in long streams.
    pub(super) fn is_quiet(&self) -> bool {
        self.incidents.is_empty()
    }

    /// True when the answer never gets as far as its headers.
    pub(super) fn never_starts(&self) -> Option<Incident> {
        self.at(Place::BeforeHeaders).next()
    }
}

/// Ends the content before the first stop sequence.
fn stop(steps: &mut Vec<Delta>, stops: &[String]) {
    if stops.is_empty() {
        return;
    }
    let is_content = |step: &&Delta| matches!(step, Delta::Content(_));
    let content: String = steps.iter().filter(is_content).map(Delta::text).collect();
    let ends = stops.iter().filter(|stop| !stop.is_empty());
    if let Some(end) = ends.filter_map(|stop| content.find(stop)).min() {
        keep(steps, end, |step| matches!(step, Delta::Content(_)));
    }
}

/// Ends thoughts and text where the limit is reached, and says whether it was.
fn limit(steps: &mut Vec<Delta>, most: Option<u64>) -> bool {
    let is_text = |step: &Delta| matches!(step, Delta::Content(_) | Delta::Thought(_) | Delta::Refusal(_));
    let most = most.map_or(usize::MAX, tokens::to_bytes);
    let texts = steps.iter().filter(|step| is_text(step));
    let bytes: usize = texts.map(|step| step.text().len()).sum();
    if bytes > most {
        keep(steps, most, is_text);
    }
    bytes > most
}

/// Keeps so many bytes of some steps, whole characters only, and drops what is empty.
fn keep(steps: &mut Vec<Delta>, mut bytes: usize, of_kind: impl Fn(&Delta) -> bool) {
    steps.retain_mut(|step| {
        if !of_kind(step) {
            return true;
        }
        let text = step.text_mut();
        let was_empty = text.is_empty();
        let kept = text.floor_char_boundary(bytes);
        // What comes after a character that did not fit is not said either.
        bytes = if kept < text.len() { 0 } else { bytes - kept };
        text.truncate(kept);
        was_empty || kept > 0
    });
}
