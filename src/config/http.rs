//! `[http]`: where platforms reach us.

use std::net::SocketAddr;

use serde::Deserialize;

use crate::config::admin::{address_unless_empty, complain_about_address};
use crate::config::rule::Rule;

/// What platforms send their webhooks to.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpSettings {
    /// The address to listen on; none listens nowhere, port 0 takes any free one.
    #[serde(deserialize_with = "address_unless_empty")]
    pub listen: Option<SocketAddr>,
}

pub(super) const RULES: &[(&str, Rule)] = &[("http.listen", Rule::Text(complain_about_address))];
