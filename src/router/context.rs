//! What a model gets to see: the system prompt, the last that was said, the question.

use crate::domain::{Line, Speaker};

/// How many lines are looked at, however short they are.
pub(super) const LINES: u64 = 50;

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
    use super::assemble;
    use crate::domain::{Line, Speaker};

    fn line(speaker: Speaker, text: &str) -> Line {
        Line { speaker, text: text.to_owned(), tokens: None }
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
