//! What the bot's token must be allowed, compared with what it is.

use crate::channels::ChannelError;

/// Without one of these, something that the README promises does not work.
const REQUIRED: [&str; 4] = ["app_mentions:read", "chat:write", "commands", "im:history"];

/// Without it, people are called by their ids.
const NAMES: &str = "users:read";

/// What Slack has granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Granted {
    /// Whether people's names can be asked.
    pub(super) has_names: bool,
}

/// Compares the scopes of a token, `a,b`, with what is needed.
pub(super) fn prove(scopes: &str) -> Result<Granted, ChannelError> {
    let is_granted = |scope: &str| scopes.split(',').any(|granted| granted.trim() == scope);
    let missing: Vec<_> = REQUIRED.into_iter().filter(|scope| !is_granted(scope)).collect();
    if missing.is_empty() {
        return Ok(Granted { has_names: is_granted(NAMES) });
    }
    let names: Vec<_> = missing.iter().map(|scope| format!("`{scope}`")).collect();
    let (scope, them) = if missing.len() == 1 { ("scope", "it") } else { ("scopes", "them") };
    Err(ChannelError::Setup {
        way_out: format!(
            "the Slack app lacks the {scope} {}: OAuth & Permissions -> Scopes -> Bot Token Scopes, add {them}, then \
             reinstall the app to the workspace",
            names.join(", ")
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::{Granted, prove};

    #[test]
    fn what_is_missing_is_named_and_only_that() {
        let all = "users:read, chat:write,app_mentions:read,commands,im:history";
        assert_eq!(prove(all).unwrap(), Granted { has_names: true });
        assert_eq!(prove(&all.replace("users:read", "")).unwrap(), Granted { has_names: false });
        let words = prove("chat:write.public,app_mentions:read,commands").unwrap_err().to_string();
        assert!(words.contains("scopes `chat:write`, `im:history`:"), "{words}");
        let words = prove(&all.replace("commands", "")).unwrap_err().to_string();
        assert!(words.contains("scope `commands`:"), "{words}");
    }
}
