//! What is special about PostgreSQL: its server may be away, may not let us in,
//! and is shared. These cases exist where `SWITCHBOARD_TEST_POSTGRES` names one.

mod away;
mod replaced;
mod sharing;
mod starts;
mod tls;

/// The host and port in a URL.
fn place(url: &str) -> &str {
    let behind = url.split_once('@').map_or(url, |(_, behind)| behind);
    behind.split_once('/').map_or(behind, |(place, _)| place)
}
