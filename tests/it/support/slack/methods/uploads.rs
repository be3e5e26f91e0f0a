//! `files.*`: a file is told of, brought to an address, and shared.
//!
//! docs.slack.dev/messaging/working-with-files and the methods' pages. Slack shares a while
//! after it has answered (slackapi/bolt-js#2115); what becomes of the message of a file that is
//! deleted is nowhere said, and here it goes, too.

use serde_json::{Value, json};

use super::super::message::{Author, Message};
use super::super::state::{Treatment, World};
use super::super::text::Parse;
use super::chat::{postable_as, thread};
use super::{Args, Refusal};

/// A file of the app.
#[derive(Debug, Clone)]
pub(in super::super) struct Upload {
    pub(in super::super) name: String,
    length: usize,
    /// What was brought.
    pub(in super::super) content: Option<Vec<u8>>,
}

pub(super) fn get_url(world: &mut World, args: &Args) -> Result<Value, Refusal> {
    let name = args.required("filename")?;
    let length = args.required("length")?.parse().ok().filter(|length| *length > 0);
    let length = length.ok_or_else(|| Refusal::malformed("invalid_arguments"))?;
    let id = world.fresh("F");
    let url = format!("{}/upload/v1/{id}", world.base);
    world.uploads.insert(id.clone(), Upload { name, length, content: None });
    Ok(json!({"upload_url": url, "file_id": id}))
}

pub(super) fn complete(world: &mut World, args: &Args) -> Result<Value, Refusal> {
    let files = args.structured("files").and_then(Result::ok);
    let files = files.ok_or_else(|| Refusal::missing("files"))?;
    let [file] = files.as_array().map_or(&[][..], Vec::as_slice) else {
        return Err(Refusal::malformed("the_emulator_shares_one_file_at_a_time"));
    };
    let id = file["id"].as_str().unwrap_or_default().to_owned();
    let is_there = world.uploads.get(&id).is_some_and(|upload| upload.content.is_some());
    if !is_there {
        return Err(Refusal::malformed("file_not_found"));
    }
    let channel = postable_as(world, args, "channel_id")?;
    if !world.bot_is_in(&channel) {
        return Err(Refusal::new("not_in_channel"));
    }
    let thread = thread(world, &channel, args)?;
    let mut message = Message::new(Author::App, args.text("initial_comment").unwrap_or_default());
    message.thread = thread;
    message.subtype = Some("file_share");
    message.files = vec![world.file_json(&id)];
    let how = Treatment { parse: Parse::Normal, unfurl_links: false, unfurl_media: true };
    world.shares.push((channel, message, how));
    let title = file["title"].as_str().unwrap_or(&world.uploads[&id].name);
    Ok(json!({"files": [{"id": id, "title": title}]}))
}

pub(super) fn delete(world: &mut World, args: &Args) -> Result<Value, Refusal> {
    let id = args.required("file")?;
    world.uploads.remove(&id).ok_or_else(|| Refusal::new("file_not_found"))?;
    let place = world.channels.values().find_map(|place| {
        let message =
            place.messages.values().find(|message| message.files.iter().any(|file| file["id"] == id))?;
        Some((place.id.clone(), message.ts))
    });
    if let Some((channel, ts)) = place {
        world.delete(&channel, ts);
    }
    Ok(json!({}))
}

impl World {
    /// Takes what is brought to an address; false if nothing of this length belongs there.
    pub(in super::super) fn takes_upload(&mut self, id: &str, content: &[u8]) -> bool {
        let Some(upload) = self.uploads.get_mut(id).filter(|upload| upload.length == content.len()) else {
            return false;
        };
        upload.content = Some(content.to_vec());
        true
    }

    /// A file as messages show it.
    fn file_json(&self, id: &str) -> Value {
        let upload = self.uploads.get(id);
        let (name, size) = upload.map_or(("", 0), |upload| (upload.name.as_str(), upload.length));
        json!({
            "id": id, "name": name, "title": name, "size": size, "mode": "hosted", "mimetype": "text/plain",
            "filetype": "text", "user": self.app.sign.bot_user, "is_external": false,
        })
    }
}
