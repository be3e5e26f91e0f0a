//! `[admin]`: health and metrics, for machines.

use std::net::SocketAddr;

use serde::{Deserialize, Deserializer, de};

use crate::config::rule::Rule;

/// Health and metrics.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AdminSettings {
    /// The address to listen on; none listens nowhere, port 0 takes any free one.
    #[serde(deserialize_with = "address_unless_empty")]
    pub listen: Option<SocketAddr>,
}

pub(super) const RULES: &[(&str, Rule)] = &[("admin.listen", Rule::Text(complain_about_address))];

pub(super) fn complain_about_address(text: &str) -> Option<String> {
    let is_good = text.is_empty() || text.parse::<SocketAddr>().is_ok();
    (!is_good).then(|| "is no address, expected one like `127.0.0.1:9180` or `[::1]:9180`".to_owned())
}

pub(super) fn address_unless_empty<'de, D: Deserializer<'de>>(
    text: D,
) -> Result<Option<SocketAddr>, D::Error> {
    let text = String::deserialize(text)?;
    if text.is_empty() { Ok(None) } else { text.parse().map(Some).map_err(de::Error::custom) }
}
