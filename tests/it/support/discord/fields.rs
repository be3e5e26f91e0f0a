//! Reads typed fields out of a request, noting what is wrong with them.
//!
//! A path such as `embeds.0.title` names the field in errors; its last part is
//! the key. Missing and `null` fields are both `None`. Lengths are code points,
//! as staff confirmed: discord-api-docs#1315 ("Our API uses Python 3").

use serde_json::Value;

use super::errors::Form;

impl Form {
    /// Reads a text of at most so many characters.
    pub(super) fn text(&mut self, object: &Value, path: &str, most: usize) -> Option<String> {
        let text = self.any_text(object, path)?;
        if text.chars().count() > most {
            self.too_long(path, most);
        }
        Some(text)
    }

    /// Reads a text whose length lies between two bounds.
    pub(super) fn sized_text(
        &mut self,
        object: &Value,
        path: &str,
        (least, most): (usize, usize),
    ) -> Option<String> {
        let text = self.any_text(object, path)?;
        if !(least..=most).contains(&text.chars().count()) {
            self.bad_length(path, least, most);
        }
        Some(text)
    }

    /// Reads a text that has to be there.
    pub(super) fn required_text(&mut self, object: &Value, path: &str, bounds: (usize, usize)) -> String {
        if field(object, path).is_none() {
            self.required(path);
        }
        self.sized_text(object, path, bounds).unwrap_or_default()
    }

    /// Reads a list of at most so many items.
    pub(super) fn list<'a>(&mut self, object: &'a Value, path: &str, most: usize) -> Option<&'a [Value]> {
        let value = field(object, path)?;
        let Some(list) = value.as_array() else {
            self.refuse(path, "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType");
            return None;
        };
        if list.len() > most {
            self.too_long(path, most);
        }
        Some(list)
    }

    /// Reads a whole number.
    pub(super) fn integer(&mut self, object: &Value, path: &str) -> Option<u64> {
        let value = field(object, path)?;
        let number = value.as_u64();
        if number.is_none() {
            self.refuse(path, "NUMBER_TYPE_COERCE", &format!("Value \"{value}\" is not int."));
        }
        number
    }

    /// Reads yes or no.
    pub(super) fn boolean(&mut self, object: &Value, path: &str) -> Option<bool> {
        let value = field(object, path)?;
        let answer = value.as_bool();
        if answer.is_none() {
            self.refuse(path, "BOOLEAN_TYPE_CONVERT", "Must be either true or false.");
        }
        answer
    }

    /// Reads an identifier.
    pub(super) fn snowflake(&mut self, object: &Value, path: &str) -> Option<u64> {
        let value = field(object, path)?;
        let id = snowflake(value);
        if id.is_none() {
            let shown = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            self.refuse(path, "NUMBER_TYPE_COERCE", &format!("Value \"{shown}\" is not snowflake."));
        }
        id
    }

    /// Reads a list of identifiers.
    pub(super) fn snowflakes(&mut self, object: &Value, path: &str, most: usize) -> Vec<u64> {
        let Some(list) = self.list(object, path, most) else { return Vec::new() };
        let mut ids = Vec::new();
        for (index, value) in list.iter().enumerate() {
            match snowflake(value) {
                Some(id) => ids.push(id),
                None => self.refuse(
                    &format!("{path}.{index}"),
                    "NUMBER_TYPE_COERCE",
                    &format!("Value {value} is not snowflake."),
                ),
            }
        }
        ids
    }

    /// Reads an object.
    pub(super) fn object<'a>(&mut self, object: &'a Value, path: &str) -> Option<&'a Value> {
        let value = field(object, path)?;
        if !value.is_object() {
            self.refuse(path, "MODEL_TYPE_CONVERT", "Expected an object/dictionary.");
            return None;
        }
        Some(value)
    }

    fn any_text(&mut self, object: &Value, path: &str) -> Option<String> {
        let value = field(object, path)?;
        match value {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => {
                let message = format!("Could not interpret \"{value}\" as string.");
                self.refuse(path, "STRING_TYPE_CONVERT", &message);
                None
            }
        }
    }
}

/// An identifier, which may come as text or as a number.
pub(super) fn snowflake(value: &Value) -> Option<u64> {
    match value {
        Value::String(text) => text.parse().ok(),
        _ => value.as_u64(),
    }
}

fn field<'a>(object: &'a Value, path: &str) -> Option<&'a Value> {
    let key = path.rsplit('.').next().unwrap_or(path);
    object.get(key).filter(|value| !value.is_null())
}
