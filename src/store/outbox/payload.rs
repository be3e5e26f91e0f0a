//! A part of a reply, as it is kept.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::domain::{Part, TextFile};

/// The shape of stored parts.
const VERSION: u32 = 1;

/// The shape of those that bring a file, which earlier programs do not know.
const WITH_A_FILE: u32 = 2;

/// A part as it is kept.
#[derive(Serialize, Deserialize)]
struct Payload<'a> {
    version: u32,
    text: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    file: Option<Cow<'a, TextFile>>,
}

/// Writes what a part says and brings.
pub(super) fn write(part: &Part) -> Result<String, serde_json::Error> {
    let version = if part.file.is_some() { WITH_A_FILE } else { VERSION };
    let file = part.file.as_ref().map(Cow::Borrowed);
    serde_json::to_string(&Payload { version, text: part.text.as_str().into(), file })
}

/// Reads that again; an error without a source is a shape that a later program has made.
pub(super) fn read(payload: &str) -> Result<(String, Option<TextFile>), Option<serde_json::Error>> {
    let payload: Payload<'_> = serde_json::from_str(payload).map_err(Some)?;
    match payload.version {
        VERSION | WITH_A_FILE => Ok((payload.text.into_owned(), payload.file.map(Cow::into_owned))),
        _ => Err(None),
    }
}

/// The text of a part and its file, for whoever is allowed to see it.
pub(in crate::store) fn words(payload: String) -> String {
    match read(&payload) {
        Ok((text, Some(file))) => format!("{text}\n\n{}", file.text),
        Ok((text, None)) => text,
        Err(_) => payload,
    }
}

#[cfg(test)]
mod tests {
    use super::{read, words, write};
    use crate::domain::{Part, TextFile};

    #[test]
    fn a_part_is_kept_with_what_it_brings() {
        let plain = Part::new(0, "hello".to_owned());
        assert_eq!(write(&plain).unwrap(), r#"{"version":1,"text":"hello"}"#);
        assert_eq!(read(r#"{"version":1,"text":"hello"}"#).unwrap(), ("hello".to_owned(), None));

        let file = TextFile { name: "answer.md".to_owned(), text: "# All".to_owned() };
        let kept = write(&Part { file: Some(file.clone()), ..plain }).unwrap();
        assert_eq!(read(&kept).unwrap(), ("hello".to_owned(), Some(file)));
        assert_eq!(words(kept), "hello\n\n# All");
    }

    #[test]
    fn what_a_later_program_has_kept_is_not_guessed_at() {
        assert!(matches!(read(r#"{"version":3,"text":"?"}"#), Err(None)));
        assert!(matches!(read("{"), Err(Some(_))));
        assert_eq!(words("{".to_owned()), "{");
    }
}
