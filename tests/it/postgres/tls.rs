//! Whether the server is the one that is meant is for `sslmode` to say. These cases
//! exist where `SWITCHBOARD_TEST_POSTGRES_CA` names the authority of the server's
//! certificate, which is for `localhost` only.

use crate::postgres::place;
use crate::support::database::{Beside, Own, server};
use crate::support::program::{Ran, Setup};

const BAD_SETTING: i32 = 78;

/// The authority's certificate, if this run's server has one.
fn authority() -> Option<String> {
    server()?;
    std::env::var("SWITCHBOARD_TEST_POSTGRES_CA").ok().filter(|path| !path.is_empty())
}

/// The URL of a database as if its server had this name, with these parameters.
fn by_name(own: &Own, name: &str, parameters: &str) -> String {
    let url = own.url();
    let place = place(&url).to_owned();
    let (_, port) = place.split_once(':').expect("a port");
    format!("{}?{parameters}", url.replace(&place, &format!("{name}:{port}")))
}

async fn migrates(url: &str) -> Ran {
    Setup::new().env("SWITCHBOARD__DATABASE__URL", url).run(&["migrate", "up"]).await
}

#[tokio::test]
async fn the_server_that_is_meant_is_spoken_to_in_secret() {
    let Some(authority) = authority() else { return };
    let own = Own::new();
    for (name, mode) in [("localhost", "verify-full"), ("127.0.0.1", "verify-ca")] {
        let url = by_name(&own, name, &format!("sslmode={mode}&sslrootcert={authority}"));
        let ran = migrates(&url).await;
        assert_eq!(ran.code, Some(0), "{mode}: {ran:?}");
        let beside = Beside::open(&url).await;
        let encrypted = "SELECT COUNT(*) FROM pg_stat_ssl WHERE pid = pg_backend_pid() AND ssl";
        assert_eq!(beside.number(encrypted).await, 1, "{mode}");
        beside.close().await;
    }
}

#[tokio::test]
async fn a_server_that_may_be_another_is_told_nothing() {
    let Some(authority) = authority() else { return };
    let own = Own::new();
    let of_another_name = by_name(&own, "127.0.0.1", &format!("sslmode=verify-full&sslrootcert={authority}"));
    let of_an_unknown_authority = by_name(&own, "localhost", "sslmode=verify-full");
    for url in [of_another_name, of_an_unknown_authority] {
        let ran = migrates(&url).await;
        assert_eq!(ran.code, Some(BAD_SETTING), "{ran:?}");
        assert!(ran.err.contains("as safe as `sslmode` in `database.url` asks for"), "{ran:?}");
    }
}
