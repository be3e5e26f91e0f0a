//! Message components: action rows of buttons, or a select menu
//! (components/reference.mdx). The layouts of components v2 are accepted as
//! they are.

use std::collections::HashSet;

use serde_json::Value;

use super::errors::Form;

const ACTION_ROW: u64 = 1;
const BUTTON: u64 = 2;
const STRING_SELECT: u64 = 3;
const LINK_STYLE: u64 = 5;

/// Reads `components`; `None` when the field is missing.
pub(super) fn read(form: &mut Form, fields: &Value, is_v2: bool) -> Option<Vec<Value>> {
    let rows = form.list(fields, "components", if is_v2 { 40 } else { 5 })?;
    let mut names = HashSet::new();
    for (index, row) in rows.iter().enumerate().filter(|_| !is_v2) {
        let path = format!("components.{index}");
        if form.integer(row, &format!("{path}.type")) != Some(ACTION_ROW) {
            form.not_one_of(&format!("{path}.type"), "(1,)");
            continue;
        }
        let inner = form.list(row, &format!("{path}.components"), 5).unwrap_or_default();
        if inner.is_empty() {
            form.bad_length(&format!("{path}.components"), 1, 5);
        }
        for (index, component) in inner.iter().enumerate() {
            check(form, component, &format!("{path}.components.{index}"), &mut names);
        }
    }
    Some(rows.to_vec())
}

fn check(form: &mut Form, component: &Value, path: &str, names: &mut HashSet<String>) {
    match form.integer(component, &format!("{path}.type")) {
        Some(BUTTON) => check_button(form, component, path, names),
        Some(STRING_SELECT) => {
            check_custom_id(form, component, path, names);
            let options = form.list(component, &format!("{path}.options"), 25).unwrap_or_default();
            if options.is_empty() {
                form.bad_length(&format!("{path}.options"), 1, 25);
            }
            for (index, option) in options.iter().enumerate() {
                form.required_text(option, &format!("{path}.options.{index}.label"), (1, 100));
                form.required_text(option, &format!("{path}.options.{index}.value"), (1, 100));
            }
        }
        Some(5..=8) => check_custom_id(form, component, path, names),
        _ => form.not_one_of(&format!("{path}.type"), "(2, 3, 5, 6, 7, 8)"),
    }
}

fn check_button(form: &mut Form, button: &Value, path: &str, names: &mut HashSet<String>) {
    let style = form.integer(button, &format!("{path}.style"));
    match style {
        Some(LINK_STYLE) => {
            form.required_text(button, &format!("{path}.url"), (1, 512));
            if button.get("custom_id").is_some_and(|id| !id.is_null()) {
                let message = "A custom id and url cannot both be specified";
                form.refuse(path, "BUTTON_COMPONENT_CUSTOM_ID_URL_MUTUALLY_EXCLUSIVE", message);
            }
        }
        Some(1..=4) => check_custom_id(form, button, path, names),
        _ => form.not_one_of(&format!("{path}.style"), "(1, 2, 3, 4, 5, 6)"),
    }
    form.text(button, &format!("{path}.label"), 80);
    if ["label", "emoji"].iter().all(|name| button.get(name).is_none_or(Value::is_null)) {
        form.required(&format!("{path}.label"));
    }
}

fn check_custom_id(form: &mut Form, component: &Value, path: &str, names: &mut HashSet<String>) {
    let path = format!("{path}.custom_id");
    let name = form.required_text(component, &path, (1, 100));
    if !names.insert(name) {
        form.refuse(&path, "COMPONENT_CUSTOM_ID_DUPLICATED", "Component custom id cannot be duplicated");
    }
}
