//! `switchboard health`: asks a running daemon whether it is ready.

use std::io::{Write, stdout};

use crate::cli::failure::Failure;
use crate::config::Settings;
use crate::http;

pub(super) async fn run(settings: &Settings) -> Result<u8, Failure> {
    let Some(address) = settings.admin.listen else {
        return Err(Failure::configuration("`admin.listen` is empty, so there is nobody to ask".to_owned()));
    };
    let (is_ready, report) =
        http::probe(address).await.map_err(|error| Failure::unavailable(error.to_string()))?;
    writeln!(stdout(), "{}", report.trim()).map_err(|error| Failure::other(&error))?;
    Ok(if is_ready { 0 } else { 69 })
}
