//! Compares `default.toml` with the structs, in both directions.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde::de::value::Error;
use serde::de::{Deserializer, Error as _, Visitor};

use super::kind::{Kind, json};
use super::schema::Schema;
use super::{
    AccessSettings, AdminSettings, CatchUpSettings, ChannelsSettings, ConversationSettings, DatabaseSettings,
    DiscordSettings, Effective, GroupsSettings, HttpSettings, LimitsSettings, LogSettings, ModelSettings,
    PriceSettings, ProviderSettings, Settings, ShutdownSettings, SlackSettings, TelegramSettings,
};

/// Asks a struct for the names of its fields, and gives it nothing.
struct FieldNames<'a>(&'a mut BTreeSet<String>);

impl<'de> Deserializer<'de> for FieldNames<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Error> {
        Err(Error::custom("not a struct"))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Error> {
        self.0.extend(fields.iter().map(ToString::to_string));
        Err(Error::custom("that will do"))
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit
        unit_struct newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

fn fields<'de, T: Deserialize<'de>>() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let _ = T::deserialize(FieldNames(&mut names));
    names
}

#[test]
fn the_document_and_the_structs_have_the_same_keys() {
    let structs = [
        ("", fields::<Settings>()),
        ("database", fields::<DatabaseSettings>()),
        ("channels", fields::<ChannelsSettings>()),
        ("channels.discord", fields::<DiscordSettings>()),
        ("channels.telegram", fields::<TelegramSettings>()),
        ("channels.slack", fields::<SlackSettings>()),
        ("model", fields::<ModelSettings>()),
        ("model.providers", BTreeSet::from(["*".to_owned()])),
        ("model.providers.*", fields::<ProviderSettings>()),
        ("model.providers.*.price", fields::<PriceSettings>()),
        ("access", fields::<AccessSettings>()),
        ("conversation", fields::<ConversationSettings>()),
        ("groups", fields::<GroupsSettings>()),
        ("limits", fields::<LimitsSettings>()),
        ("catchup", fields::<CatchUpSettings>()),
        ("admin", fields::<AdminSettings>()),
        ("http", fields::<HttpSettings>()),
        ("log", fields::<LogSettings>()),
        ("shutdown", fields::<ShutdownSettings>()),
    ];
    let schema = Schema::built_in().unwrap();
    for (section, fields) in &structs {
        let declared = schema.children(section).filter(|key| !key.is_path).map(|key| key.name().to_owned());
        assert_eq!(declared.collect::<BTreeSet<_>>(), *fields, "[{section}]");
    }
    for section in schema.keys().filter(|key| key.kind == Kind::Section) {
        assert!(structs.iter().any(|(path, _)| *path == section.path), "[{}] has no struct", section.path);
    }
}

#[test]
fn the_defaults_of_a_provider_are_those_of_its_struct() {
    let provider: ProviderSettings =
        serde_json::from_str(r#"{ "base_url": "http://h", "model": "m" }"#).unwrap();
    let schema = Schema::built_in().unwrap();
    let default = |name: &str| {
        let key = schema.find(&format!("model.providers.main.{name}")).unwrap();
        key.default.as_ref().map(json)
    };
    let whole = [
        ("connect_timeout_seconds", provider.connect_timeout_seconds),
        ("first_token_timeout_seconds", provider.first_token_timeout_seconds),
        ("idle_timeout_seconds", provider.idle_timeout_seconds),
        ("total_timeout_seconds", provider.total_timeout_seconds),
        ("retries", provider.retries.into()),
    ];
    for (name, value) in whole {
        assert_eq!(default(name), Some(value.into()), "{name}");
    }
    assert_eq!(default("use_max_tokens"), Some(provider.use_max_tokens.into()));
    assert_eq!(default("price.prompt_per_million"), Some(provider.price.prompt_per_million.into()));
    assert_eq!(default("price.completion_per_million"), Some(provider.price.completion_per_million.into()));
    assert_eq!((default("max_answer_tokens"), provider.max_answer_tokens), (None, None));
}

#[test]
fn the_defaults_alone_are_good() {
    let effective = Effective::read(None, &BTreeMap::new());
    assert_eq!(effective.problems().to_string(), "");
    assert!(effective.settings().is_ok());
}
