//! URLs and secrets: what is wrong with them, and how they are shown. Never repeats them.

use std::net::IpAddr;

/// Says what is wrong with the base of a web API.
pub(super) fn complain_about_base(text: &str) -> Option<String> {
    let Some(rest) = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")) else {
        return Some("must begin with http:// or https://".to_owned());
    };
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let what = if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        "contains white space or control characters"
    } else if authority.contains('@') {
        "must not carry a name or password"
    } else if text.contains(['?', '#']) {
        "must not carry a query or fragment"
    } else if !is_host_and_port(authority) {
        "names no host, or a bad port"
    } else if path.split('/').any(is_bot_path) {
        "must end before `/bot` and the token"
    } else {
        return None;
    };
    Some(what.to_owned())
}

/// Says what is wrong with the address at which a platform reaches us; an empty one is none.
///
/// Platforms insist on https. A server of the Bot API on this machine does not.
pub(super) fn complain_about_webhook(text: &str) -> Option<String> {
    if text.is_empty() {
        return None;
    }
    let is_plain = text.strip_prefix("http://").is_some_and(|rest| !is_local(rest));
    if is_plain || !text.contains("://") {
        return Some("must begin with https://".to_owned());
    }
    let has_path = || text.splitn(4, '/').nth(3).is_some_and(|path| !path.is_empty());
    complain_about_base(text).or_else(|| (!has_path()).then(|| "names no path".to_owned()))
}

fn is_local(rest: &str) -> bool {
    let authority = rest.split('/').next().unwrap_or_default();
    let host = authority.rsplit_once(':').map_or(authority, |(host, _)| host);
    host == "localhost" || host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// Says what is wrong with a database's URL.
pub(super) fn complain_about_database(text: &str) -> Option<String> {
    const SCHEMES: [&str; 3] = ["sqlite://", "postgres://", "postgresql://"];
    if let Some((_, parameters)) = text.split_once('?')
        && !text.starts_with("sqlite")
        && let Some(complaint) = complain_about_parameters(parameters)
    {
        return Some(complaint);
    }
    match SCHEMES.iter().find_map(|scheme| text.strip_prefix(scheme)) {
        Some(path) if path.contains('?') && text.starts_with("sqlite") => {
            Some("takes no parameters after a `?`".to_owned())
        }
        Some(rest) if !rest.trim_matches('/').is_empty() => None,
        Some(_) => Some("names no database".to_owned()),
        None => Some("must begin with sqlite://, postgres:// or postgresql://".to_owned()),
    }
}

/// Says what is wrong with the parameters of a URL of PostgreSQL.
fn complain_about_parameters(parameters: &str) -> Option<String> {
    const KNOWN: [&str; 10] = [
        "sslmode",
        "sslrootcert",
        "sslcert",
        "sslkey",
        "host",
        "port",
        "dbname",
        "user",
        "password",
        "options",
    ];
    const MODES: [&str; 6] = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"];
    parameters.split('&').find_map(|parameter| {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        let is_known =
            KNOWN.contains(&name) || name.starts_with("options[") || name.starts_with("options%5B");
        if !is_known {
            Some(format!("has a parameter that is none of {}", KNOWN.join(", ")))
        } else if name == "sslmode" && !MODES.contains(&value) {
            Some(format!("has an `sslmode` that is none of {}", MODES.join(", ")))
        } else {
            None
        }
    })
}

/// Says what is wrong with a secret.
pub(super) fn complain_about_secret(text: &str) -> Option<String> {
    let is_odd = |c: char| c.is_whitespace() || c.is_control() || c == char::REPLACEMENT_CHARACTER;
    text.chars().any(is_odd).then(|| "contains white space or control characters".to_owned())
}

/// Returns a database's URL with the password masked.
pub(super) fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    let rest = match (rest.split_once(':'), rest.rsplit_once('@')) {
        (Some((user, _)), Some((_, host))) if !user.contains('@') => format!("{user}:***@{host}"),
        _ => rest.to_owned(),
    };
    match rest.split_once('?') {
        Some((place, query)) if query.contains('%') || query.to_lowercase().contains("pass") => {
            format!("{scheme}://{place}?***")
        }
        _ => format!("{scheme}://{rest}"),
    }
}

fn is_host_and_port(authority: &str) -> bool {
    let after_bracket = authority.rsplit_once(']').map_or(authority, |(_, port)| port);
    match after_bracket.rsplit_once(':') {
        Some((_, port)) => port.parse::<u16>().is_ok_and(|port| port > 0) && !authority.starts_with(':'),
        None => !authority.is_empty(),
    }
}

fn is_bot_path(segment: &str) -> bool {
    segment.strip_prefix("bot").is_some_and(|rest| rest.contains(':') || rest.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_needs_a_scheme_and_a_host_and_nothing_secret() {
        let good = [
            "https://api.openai.com/v1",
            "http://127.0.0.1:80",
            "http://[::1]:8080/v1",
            "http://bot.example",
        ];
        for url in good {
            assert_eq!(complain_about_base(url), None, "{url}");
        }
        let bad = [
            "ftp://host",
            "host",
            "http://",
            "http://:80",
            "http://host:port",
            "http://host:0",
            "https://me:secret@host",
            "https://host?key=1",
            "https://ho st",
            "https://api.telegram.org/bot1:A",
        ];
        for url in bad {
            assert!(complain_about_base(url).is_some(), "{url}");
        }
    }

    #[test]
    fn a_webhook_is_public_and_has_a_path() {
        let good = [
            "",
            "https://bot.example.org/webhooks/telegram",
            "https://bot.example.org:8443/x",
            "http://127.0.0.1:8080/x",
            "http://[::1]:8080/x",
        ];
        for url in good {
            assert_eq!(complain_about_webhook(url), None, "{url}");
        }
        let bad = [
            "http://bot.example.org/x",
            "http://10.0.0.1/x",
            "bot.example.org/x",
            "https://bot.example.org",
            "https://bot.example.org/",
            "https://me:secret@bot.example.org/x",
            "https://bot.example.org/x?secret=y",
        ];
        for url in bad {
            assert!(complain_about_webhook(url).is_some(), "{url}");
        }
    }

    #[test]
    fn a_database_is_sqlite_or_postgres() {
        for url in [
            "sqlite://data/x.db",
            "sqlite:///var/lib/x.db",
            "postgres://h/d",
            "postgresql://u:p@h/d",
            "postgres://u:p@h/d?sslmode=verify-full&sslrootcert=/etc/ca.pem",
            "postgres:///d?host=/run/postgresql&options[search_path]=bots",
        ] {
            assert_eq!(complain_about_database(url), None, "{url}");
        }
        for url in [
            "",
            "sqlite://",
            "sqlite::memory:",
            "sqlite://x.db?mode=rwc",
            "mysql://h/d",
            "data/x.db",
            "postgres://h/d?sslmode=on",
            "postgres://h/d?sslmod=require",
        ] {
            assert!(complain_about_database(url).is_some(), "{url}");
        }
    }

    #[test]
    fn passwords_are_masked() {
        let cases = [
            ("sqlite://data/x.db?mode=rwc", "sqlite://data/x.db?mode=rwc"),
            ("sqlite::memory:", "sqlite::memory:"),
            ("postgres://h:5432/d", "postgres://h:5432/d"),
            ("postgres://u@h:5432/d", "postgres://u@h:5432/d"),
            ("postgres://u:p@h:5432/d", "postgres://u:***@h:5432/d"),
            ("postgres://u:p@a/:s@h/d", "postgres://u:***@h/d"),
            ("postgres://h/d?user=u&password=p", "postgres://h/d?***"),
            ("postgres://u:p?q@h/d", "postgres://u:***@h/d"),
        ];
        for (url, expected) in cases {
            assert_eq!(without_password(url), expected);
        }
    }
}
