//! What a model gets to see: the system prompt, the last that was said, the question.

use crate::domain::{Line, Speaker, Timestamp};
use crate::model::TOKENS_PER_LINE;

/// How many lines are looked at, however large the budget is.
const MOST_LINES: u64 = 2_000;

/// How many lines are looked at first; more only where these leave room.
pub(super) const FIRST_LOOK: u64 = 50;

/// How many lines are looked at, however short they are: none takes less than
/// its share and one token.
pub(super) fn most_lines(budget: u32) -> u64 {
    u64::from(budget / (TOKENS_PER_LINE + 1)).clamp(1, MOST_LINES)
}

/// How a model is to read what several people say.
const AMONG_OTHERS: &str = "Several people talk here. Each of their messages begins with the name of who says it and \
     a colon; its further lines are indented; [heard] marks what was not said to you. Answer without a name in front.";

/// What a model is told before everything else.
pub(super) fn system(prompt: &str, is_among_others: bool) -> Line {
    let told = [prompt, AMONG_OTHERS].into_iter().take(1 + usize::from(is_among_others));
    let told: Vec<&str> = told.filter(|text| !text.is_empty()).collect();
    Line { speaker: Speaker::System, text: told.join("\n\n"), tokens: None, voice: None }
}

/// Puts what was overheard where it was said: before the question that came after it.
pub(super) fn interleave(said: Vec<(Line, Timestamp)>, overheard: Vec<(Line, Timestamp)>) -> Vec<Line> {
    let mut lines = Vec::with_capacity(said.len() + overheard.len());
    let mut overheard = overheard.into_iter().peekable();
    for (line, said_at) in said {
        // An answer stays behind its question.
        if line.speaker == Speaker::Person {
            while let Some((heard, _)) = overheard.next_if(|(_, heard_at)| *heard_at <= said_at) {
                lines.push(heard);
            }
        }
        lines.push(line);
    }
    lines.extend(overheard.map(|(heard, _)| heard));
    lines
}

/// Puts a prompt together: as many of the last lines as fit into `budget`
/// tokens beside the system prompt and the questions, which always go in.
pub(super) fn assemble(
    system: Line,
    history: Vec<Line>,
    questions: Vec<Line>,
    budget: u32,
    measure: impl Fn(&Line) -> u32,
) -> Vec<Line> {
    let fixed: u32 = questions.iter().chain([&system]).map(&measure).fold(0, u32::saturating_add);
    let mut room = budget.saturating_sub(fixed);
    let mut kept = Vec::new();
    for line in history.into_iter().rev() {
        let tokens = measure(&line);
        if tokens > room {
            break;
        }
        room -= tokens;
        kept.push(line);
    }
    // An answer without its question would only confuse.
    while kept.last().is_some_and(|line| line.speaker == Speaker::Assistant) {
        kept.pop();
    }
    kept.reverse();
    let system = (!system.text.is_empty()).then_some(system);
    system.into_iter().chain(kept).chain(questions).collect()
}

#[cfg(test)]
mod tests {
    use super::{assemble, most_lines};
    use crate::domain::{Line, Speaker};

    fn line(speaker: Speaker, text: &str) -> Line {
        Line { speaker, text: text.to_owned(), tokens: None, voice: None }
    }

    #[test]
    fn a_budget_bounds_the_lines_that_are_looked_at() {
        for (budget, lines) in [(0, 1), (4_000, 800), (9_999, 1_999), (10_000, 2_000), (u32::MAX, 2_000)] {
            assert_eq!(most_lines(budget), lines, "{budget}");
        }
    }

    #[test]
    fn the_last_lines_that_fit_are_kept_with_their_questions() {
        let history = vec![
            line(Speaker::Person, "aaaa"),
            line(Speaker::Assistant, "bbbb"),
            line(Speaker::Person, "cc"),
            line(Speaker::Assistant, "dd"),
        ];
        let texts = |budget| {
            let question = vec![line(Speaker::Person, "?")];
            let system = line(Speaker::System, "s");
            let measure = |line: &Line| u32::try_from(line.text.len()).unwrap();
            let lines = assemble(system, history.clone(), question, budget, measure);
            lines.into_iter().map(|line| line.text).collect::<Vec<_>>()
        };
        assert_eq!(texts(100), ["s", "aaaa", "bbbb", "cc", "dd", "?"]);
        assert_eq!(texts(11), ["s", "cc", "dd", "?"]);
        assert_eq!(texts(10), ["s", "cc", "dd", "?"]);
        assert_eq!(texts(5), ["s", "?"]);
        assert_eq!(texts(0), ["s", "?"]);
    }
}
