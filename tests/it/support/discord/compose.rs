//! Turns the body of a request into a message or an edit, refusing what the
//! platform refuses (message.mdx, "Create Message" and "Edit Message").

use serde_json::{Value, json};

use super::body::{Body, Upload};
use super::components;
use super::errors::{Form, Refusal};
use super::mentions::Allowed;
use super::message::{
    Attachment, EPHEMERAL, IS_COMPONENTS_V2, IS_VOICE_MESSAGE, SUPPRESS_EMBEDS, SUPPRESS_NOTIFICATIONS,
};
use super::posting::{Change, Draft};
use super::world::World;

/// "Message contents (up to 2000 characters)"; characters are code points.
pub(super) const MAX_CONTENT: usize = 2000;

const MAX_EMBEDS: usize = 10;
const MAX_EMBED_TEXT: usize = 6000;
const MAX_FILES: usize = 10;

/// The default upload limit. Versions of reference.mdx differ: 10 or 20 MiB.
/// This is the stricter one.
const MAX_FILE_BYTES: usize = 10 * 1024 * 1024;

/// Where a message is sent from, which decides some rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Through {
    Channel,
    Interaction,
}

impl Through {
    fn default_mentions(self) -> Allowed {
        match self {
            Self::Channel => Allowed::in_messages(),
            Self::Interaction => Allowed::in_webhooks(),
        }
    }

    fn settable_flags(self) -> u64 {
        let both = SUPPRESS_EMBEDS | SUPPRESS_NOTIFICATIONS | IS_VOICE_MESSAGE | IS_COMPONENTS_V2;
        match self {
            Self::Channel => both,
            Self::Interaction => both | EPHEMERAL,
        }
    }
}

/// Reads a new message.
pub(super) fn draft(
    world: &mut World,
    (fields, files): (&Value, &[Upload]),
    channel: u64,
    through: Through,
) -> Result<Draft, Refusal> {
    let mut form = Form::default();
    let content = form.text(fields, "content", MAX_CONTENT).unwrap_or_default();
    let embeds = read_embeds(&mut form, fields).unwrap_or_default();
    let flags = form.integer(fields, "flags").unwrap_or(0) & through.settable_flags();
    let components = components::read(&mut form, fields, flags & IS_COMPONENTS_V2 != 0).unwrap_or_default();
    let allowed = Allowed::read(&mut form, fields, through.default_mentions());
    let nonce = read_nonce(&mut form, fields);
    let tts = form.boolean(fields, "tts").unwrap_or(false);
    form.boolean(fields, "enforce_nonce");
    check_exclusive(&mut form, fields, flags);
    let attachments = read_files(world, &mut form, (fields, files), channel)?;
    form.finish()?;
    note_unemulated(world, fields);
    let content = content.trim().to_owned();
    if content.is_empty() && embeds.is_empty() && components.is_empty() && attachments.is_empty() {
        return Err(Refusal::empty_message());
    }
    Ok(Draft { content, embeds, attachments, components, flags, tts, nonce, allowed, ..Draft::text("") })
}

/// Reads an edit of a message with these attachments. Its fields are all
/// optional and nullable; `null` empties.
pub(super) fn change(
    world: &mut World,
    body: &Body,
    (channel, id): (u64, u64),
    through: Through,
) -> Result<Change, Refusal> {
    let fields = &body.fields;
    let mut form = Form::default();
    let content = form.text(fields, "content", MAX_CONTENT).map(|text| text.trim().to_owned());
    let embeds = read_embeds(&mut form, fields);
    let flags = form.integer(fields, "flags");
    let old = world.home(id).messages.get(&id).expect("somebody checked the message").clone();
    let is_v2 = (old.flags | flags.unwrap_or(0)) & IS_COMPONENTS_V2 != 0;
    let components = components::read(&mut form, fields, is_v2);
    let allowed = fields.get("allowed_mentions").filter(|given| !given.is_null());
    let allowed = allowed.map(|_| Allowed::read(&mut form, fields, through.default_mentions()));
    let keep = fields.get("attachments").and_then(Value::as_array).map(|kept| {
        kept.iter().filter_map(|file| super::fields::snowflake(file.get("id")?)).collect::<Vec<u64>>()
    });
    let added = read_files(world, &mut form, (fields, &body.files), channel)?;
    form.finish()?;
    note_unemulated(world, fields);
    let given = |name: &str| fields.get(name).is_some();
    let editable = SUPPRESS_EMBEDS | IS_COMPONENTS_V2;
    let change = Change {
        content: content.or_else(|| given("content").then(String::new)),
        embeds: embeds.or_else(|| given("embeds").then(Vec::new)),
        components: components.or_else(|| given("components").then(Vec::new)),
        keep,
        added,
        flags: flags.map(|flags| old.flags & !editable | flags & editable),
        allowed,
    };
    let stays = |keep: &Option<Vec<u64>>| match keep {
        Some(keep) => old.attachments.iter().any(|file| keep.contains(&file.id)),
        None => !old.attachments.is_empty(),
    };
    let is_empty = change.content.as_ref().unwrap_or(&old.content).is_empty()
        && change.embeds.as_ref().unwrap_or(&old.embeds).is_empty()
        && change.components.as_ref().unwrap_or(&old.components).is_empty()
        && change.added.is_empty()
        && !stays(&change.keep);
    if is_empty { Err(Refusal::empty_message()) } else { Ok(change) }
}

/// Reads `nonce`: text or integer, at most 25 characters. The codes are those
/// that discord-api-docs#1158 quotes.
fn read_nonce(form: &mut Form, fields: &Value) -> Option<Value> {
    let nonce = fields.get("nonce").filter(|nonce| !nonce.is_null())?;
    let length = match nonce {
        Value::String(text) => text.chars().count(),
        Value::Number(number) if number.is_i64() || number.is_u64() => number.to_string().len(),
        _ => {
            form.refuse("nonce", "NONCE_TYPE_INVALID_TYPE", "This field must be a string or integer.");
            return None;
        }
    };
    if length > 25 {
        form.refuse("nonce", "NONCE_TYPE_TOO_LONG", "Must be 25 or fewer characters long.");
    }
    Some(nonce.clone())
}

fn check_exclusive(form: &mut Form, fields: &Value, flags: u64) {
    let is_given = |name: &&str| {
        fields.get(*name).is_some_and(|value| match value {
            Value::String(text) => !text.is_empty(),
            Value::Array(list) => !list.is_empty(),
            _ => !value.is_null(),
        })
    };
    if flags & IS_COMPONENTS_V2 != 0 && ["content", "embeds", "sticker_ids", "poll"].iter().any(is_given) {
        form.refuse(
            "flags",
            "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2",
            "The 'content' and 'embeds' fields cannot be used when using MessageFlags.IS_COMPONENTS_V2",
        );
    }
}

fn note_unemulated(world: &mut World, fields: &Value) {
    for name in ["poll", "sticker_ids", "shared_client_theme", "thread_name", "applied_tags"] {
        if fields
            .get(name)
            .is_some_and(|value| !value.is_null() && value.as_array().is_none_or(|list| !list.is_empty()))
        {
            world.problem(format!("message field `{name}` is not emulated"));
        }
    }
}

fn read_embeds(form: &mut Form, fields: &Value) -> Option<Vec<Value>> {
    let given = form.list(fields, "embeds", MAX_EMBEDS)?;
    let mut embeds = Vec::new();
    let mut total = 0;
    for (index, embed) in given.iter().enumerate() {
        let path = format!("embeds.{index}");
        if !embed.is_object() {
            form.refuse(&path, "MODEL_TYPE_CONVERT", "Expected an object/dictionary.");
            continue;
        }
        total += check_embed(form, embed, &path);
        let mut embed = embed.clone();
        embed["type"] = json!("rich");
        embeds.push(embed);
    }
    if total > MAX_EMBED_TEXT {
        let message = format!("Embed size exceeds maximum size of {MAX_EMBED_TEXT}");
        form.refuse("embeds", "MAX_EMBED_SIZE_EXCEEDED", &message);
    }
    Some(embeds)
}

/// Checks an embed and returns how much text it holds.
fn check_embed(form: &mut Form, embed: &Value, path: &str) -> usize {
    let length = |text: Option<String>| text.map_or(0, |text| text.trim().chars().count());
    let shows = ["title", "description", "fields", "image", "thumbnail", "author", "footer"];
    if shows.iter().all(|name| embed.get(name).is_none_or(Value::is_null)) {
        form.required(&format!("{path}.description"));
    }
    let mut total = length(form.text(embed, &format!("{path}.title"), 256));
    total += length(form.text(embed, &format!("{path}.description"), 4096));
    for (part, name, most) in [("footer", "text", 2048), ("author", "name", 256)] {
        if let Some(inner) = form.object(embed, &format!("{path}.{part}")) {
            let text = form.required_text(inner, &format!("{path}.{part}.{name}"), (1, most));
            total += length(Some(text));
        }
    }
    let fields = form.list(embed, &format!("{path}.fields"), 25).unwrap_or_default();
    for (index, field) in fields.iter().enumerate() {
        for (name, most) in [("name", 256), ("value", 1024)] {
            let text = form.required_text(field, &format!("{path}.fields.{index}.{name}"), (1, most));
            total += length(Some(text));
        }
    }
    total
}

fn read_files(
    world: &mut World,
    form: &mut Form,
    (fields, files): (&Value, &[Upload]),
    channel: u64,
) -> Result<Vec<Attachment>, Refusal> {
    if files.iter().any(|file| file.bytes.len() > MAX_FILE_BYTES) {
        return Err(Refusal::malformed(413, 50045, "File uploaded exceeds the maximum size"));
    }
    if files.len() > MAX_FILES {
        let message = "Maximum number of attachments in a message reached (10)";
        return Err(Refusal::malformed(400, 30015, message));
    }
    let described = fields.get("attachments").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let mut attachments = Vec::new();
    for file in files {
        let about = described
            .iter()
            .find(|about| about.get("id").and_then(super::fields::snowflake) == Some(file.index));
        let description = about.and_then(|about| form.text(about, "attachments.description", 1024));
        let name =
            about.and_then(|about| about.get("filename")).and_then(Value::as_str).unwrap_or(&file.name);
        attachments.push(world.attachment(
            channel,
            name,
            (file.content_type.clone(), file.bytes.clone()),
            description,
        ));
    }
    Ok(attachments)
}

impl World {
    /// Stores a file, with a URL that really serves it.
    pub(super) fn attachment(
        &mut self,
        channel: u64,
        name: &str,
        (content_type, bytes): (Option<String>, Vec<u8>),
        description: Option<String>,
    ) -> Attachment {
        let id = self.clock.snowflake();
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        let name: String = name.chars().map(|c| if plain(c) { c } else { '_' }).collect();
        let url = format!("{}/attachments/{channel}/{id}/{name}", self.files_url);
        Attachment { id, name, content_type, description, bytes, url }
    }
}
