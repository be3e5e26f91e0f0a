//! What several faults together do to one answer.

use std::time::Duration;

use super::fault::Fault;
use super::wire::Writes;

/// The shape of an answer after all its faults.
#[derive(Debug, Default)]
pub(super) struct Twist {
    pub(super) incidents: Vec<(Place, Incident)>,
    pub(super) delay: Duration,
    pub(super) has_no_choices: bool,
    pub(super) has_no_done: bool,
    pub(super) has_no_finish_reason: bool,
    pub(super) has_no_usage: bool,
    pub(super) has_null_content: bool,
    pub(super) has_extra_fields: bool,
    pub(super) has_unknown_finish_reason: bool,
    pub(super) has_comments: bool,
    pub(super) has_crlf: bool,
    pub(super) is_ascii: bool,
    pub(super) has_surrogates_apart: bool,
    pub(super) huge_delta: Option<usize>,
    pub(super) writes: Writes,
}

/// When something happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    BeforeHeaders,
    AfterHeaders,
    AfterDeltas(usize),
}

/// What happens in the middle of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Incident {
    Cut,
    Hang,
    Error,
    InvalidJson,
}

impl Twist {
    pub(super) fn of(faults: &[Fault]) -> Self {
        let mut twist = Self::default();
        for fault in faults {
            twist.apply(fault);
        }
        twist
    }

    /// What happens at a place, in the order in which it was asked for.
    pub(super) fn at(&self, place: Place) -> impl Iterator<Item = Incident> {
        let there = self.incidents.iter().filter(move |(at, _)| *at == place);
        there.map(|(_, incident)| *incident)
    }

    /// The first thing that happens, for answers that come in one piece.
    pub(super) fn first(&self) -> Option<(Place, Incident)> {
        self.incidents.iter().copied().min_by_key(|(place, _)| *place)
    }

    fn apply(&mut self, fault: &Fault) {
        use Fault as F;
        match fault {
            F::CutAfter => self.then(Place::BeforeHeaders, Incident::Cut),
            F::HangAfter => self.then(Place::BeforeHeaders, Incident::Hang),
            F::CutAfterHeaders => self.then(Place::AfterHeaders, Incident::Cut),
            F::HangAfterHeaders => self.then(Place::AfterHeaders, Incident::Hang),
            F::CutAfterDeltas(deltas) => self.then(Place::AfterDeltas(*deltas), Incident::Cut),
            F::HangAfterDeltas(deltas) => self.then(Place::AfterDeltas(*deltas), Incident::Hang),
            F::ErrorAfterDeltas(deltas) => self.then(Place::AfterDeltas(*deltas), Incident::Error),
            F::InvalidJsonAfterDeltas(deltas) => {
                self.then(Place::AfterDeltas(*deltas), Incident::InvalidJson);
            }
            F::Delay(delay) => self.delay += *delay,
            F::EmptyChoices => self.has_no_choices = true,
            F::WithoutDone => self.has_no_done = true,
            F::WithoutFinishReason => self.has_no_finish_reason = true,
            F::WithoutFinishReasonAndDone => {
                self.has_no_finish_reason = true;
                self.has_no_done = true;
            }
            F::UnknownFinishReason => self.has_unknown_finish_reason = true,
            F::ExtraFields => self.has_extra_fields = true,
            F::WithoutUsage => self.has_no_usage = true,
            F::NullContent => self.has_null_content = true,
            F::HugeDelta(bytes) => self.huge_delta = Some(*bytes),
            F::CrlfLineEnds => self.has_crlf = true,
            F::Comments => self.has_comments = true,
            F::AsciiJson => self.is_ascii = true,
            F::SurrogatesApart => self.has_surrogates_apart = true,
            F::EventsPerWrite(count) => self.writes = Writes::Events(*count),
            F::AllInOneWrite => self.writes = Writes::Events(usize::MAX),
            F::BytesPerWrite(count) => {
                let (count, pause) = (*count, Duration::ZERO);
                self.writes = Writes::Bytes { count, pause };
            }
            F::SlowDrip { bytes, pause } => {
                let (count, pause) = (*bytes, *pause);
                self.writes = Writes::Bytes { count, pause };
            }
            // These come instead of an answer: `Fault::instead`.
            F::Unauthorized
            | F::Forbidden
            | F::ModelNotFound
            | F::ContextLengthExceeded
            | F::RateLimited(_)
            | F::InsufficientQuota
            | F::ServerError
            | F::Unavailable
            | F::Overloaded
            | F::Status(_)
            | F::Html(_)
            | F::IntegerErrorCode
            | F::FlatError
            | F::StringError
            | F::CutBefore
            | F::Hang => {}
        }
    }

    fn then(&mut self, place: Place, incident: Incident) {
        self.incidents.push((place, incident));
    }
}
