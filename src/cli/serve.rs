//! `switchboard serve`: the daemon.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::app::{App, Foundations, GRACE, ListenError};
use crate::channels::{Channel, ChannelError};
use crate::cli::failure::Failure;
use crate::cli::foundations::{self, Standby};
use crate::cli::{connect, signals, supervisor};
use crate::config::{LogFormat, Settings};
use crate::domain::{Clock, Code, Platform};
use crate::http::webhooks::{self, Bounds};
use crate::http::{self, Ground, STANDBY, Watched};
use crate::model;
use crate::store::{CodeKind, PairingCode, Store};
use crate::telemetry::{self, Tasks, chain, metrics};

/// How long an owner's code is good; each start makes a new one.
const OWNER_CODE_LASTS: Duration = Duration::from_secs(24 * 60 * 60);

pub(super) async fn run(settings: &Settings, core: io::Result<Option<usize>>) -> Result<u8, Failure> {
    telemetry::init(&settings.log.filter, as_json(settings.log.format));
    match core {
        Ok(Some(core)) => tracing::info!(core, "I keep to core {core} (`database.one_core`)"),
        Ok(None) => {}
        Err(error) => {
            tracing::warn!(%error, "cannot keep to one core, so a message costs more than it has to")
        }
    }
    if let Some(note) = &settings.note {
        tracing::info!("{note}");
    }
    let tasks = Tasks::default();
    let channels = connect::channels(settings, &tasks)?;
    if channels.is_empty() {
        return Err(Failure::configuration(NO_CHANNEL.to_owned()));
    }
    let listener = listen(settings).await?;
    let incoming = listen_for_webhooks(settings, &channels).await?;
    let shutdown = signals::shutdown(&tasks)?;
    // Both answer also while the database is waited for: platforms that they are to come again.
    if let Some(incoming) = incoming {
        tasks.spawn(webhooks::serve(incoming, channels.clone(), Bounds::default(), tasks.clone()));
    }
    let ground = watch::channel(Ground::Opening).0;
    if let (Some(listener), Some(metrics)) = (listener, metrics::collect()) {
        let watched = Watched { ground: ground.subscribe(), channels: channels.clone(), metrics };
        tasks.spawn(watch_over(listener, watched, tasks.clone()));
    }
    let says = |next| stand_by(&ground, next);
    let standby = Standby { shutdown: &shutdown, says: &says };
    let laid = foundations::lay(settings, channels, watch::channel(0).0, &tasks, standby).await?;
    let (worked, end_by) = match laid {
        Some(foundations) => {
            ground.send_replace(Ground::Ours(Box::new(foundations.store.clone())));
            work(settings, foundations, &shutdown, &tasks).await
        }
        None => {
            tracing::info!("told to end before the start was over");
            (Ok(()), Instant::now() + GRACE)
        }
    };
    // The database ends with the last who holds it, and we are not to be that.
    drop(ground);
    foundations::leave(&tasks, end_by).await;
    worked.map(|()| 0)
}

/// Says, once, that another process is at work; and to a supervisor each time that the start goes on.
fn stand_by(ground: &watch::Sender<Ground>, next: Duration) {
    let is_new = ground.send_if_modified(|ground| {
        let is_new = !matches!(ground, Ground::Theirs);
        *ground = Ground::Theirs;
        is_new
    });
    if is_new {
        tracing::info!("{STANDBY}");
    }
    supervisor::tell_of_a_wait(next);
}

/// Answers until `shutdown` fires or nobody can be heard any more; gives back how that
/// came, and when the process has to be gone.
async fn work(
    settings: &Settings,
    foundations: Foundations,
    shutdown: &CancellationToken,
    tasks: &Tasks,
) -> (Result<(), Failure>, Instant) {
    let (store, clock) = (foundations.store.clone(), Arc::clone(&foundations.clock));
    let app = App::build(foundations, settings);
    let pulse = tokio::select! {
        pulse = app.start() => pulse.map(Some),
        () = shutdown.cancelled() => Ok(None),
    };
    let worked = match pulse {
        Ok(Some(pulse)) => {
            ask_after_models(settings, tasks);
            let has_begun = CancellationToken::new();
            let welcome = async {
                has_begun.cancelled().await;
                invite_owner(settings, &store, clock.as_ref()).await?;
                tasks.spawn(supervisor::tell(pulse, tasks.shutdown()));
                Ok(())
            };
            tokio::select! {
                listened = app.listen(shutdown, &has_begun) => listened.map_err(unheard),
                Err(failure) = welcome => Err(failure),
            }
        }
        Ok(None) => Ok(()),
        Err(error) => Err(error.into()),
    };
    tracing::info!("stopping");
    supervisor::tell_the_end();
    (worked, app.stop().await)
}

const NO_CHANNEL: &str = "no channel is configured, so nobody could reach me. Give at least one its token \
    (channels.telegram.token, channels.discord.token, or channels.slack.bot_token with app_token or signing_secret; see the README), \
    or talk with me here: switchboard chat";

fn as_json(format: LogFormat) -> Option<bool> {
    match format {
        LogFormat::Auto => None,
        LogFormat::Human => Some(false),
        LogFormat::Json => Some(true),
    }
}

async fn bind(key: &str, address: SocketAddr) -> Result<TcpListener, Failure> {
    let words = |error| format!("cannot listen on `{key}` {address}: {error}");
    http::bind(address).await.map_err(|error| Failure::unavailable(words(error)))
}

/// Listens where platforms reach us, if one of them is to send anything.
async fn listen_for_webhooks(
    settings: &Settings,
    channels: &[Arc<dyn Channel>],
) -> Result<Option<TcpListener>, Failure> {
    let Some(address) = settings.http.listen else { return Ok(None) };
    if channels.iter().all(|channel| channel.webhook().is_none()) {
        tracing::info!("nothing listens on `http.listen`: no channel is in webhook or events mode");
        return Ok(None);
    }
    let listener = bind("http.listen", address).await?;
    if let Ok(address) = listener.local_addr() {
        tracing::info!(address = %address, "webhooks are on http://{address}");
    }
    Ok(Some(listener))
}

async fn listen(settings: &Settings) -> Result<Option<TcpListener>, Failure> {
    let Some(address) = settings.admin.listen else { return Ok(None) };
    let listener = bind("admin.listen", address).await?;
    if let Ok(address) = listener.local_addr() {
        tracing::info!(address = %address, "health and metrics are on http://{address}");
    }
    Ok(Some(listener))
}

async fn watch_over(listener: TcpListener, watched: Watched, tasks: Tasks) {
    if let Err(error) = http::serve(listener, watched, tasks.shutdown()).await {
        tracing::error!(error = %chain(&error), "health and metrics are gone");
    }
}

/// Why nobody can be heard any more.
fn unheard(error: ListenError) -> Failure {
    match error {
        ListenError::Refused { platform, source } | ListenError::Channel { platform, source } => {
            hopeless(&source, platform)
        }
        ListenError::Replaced => Failure::unavailable(error.to_string()),
    }
}

fn hopeless(error: &ChannelError, platform: Platform) -> Failure {
    let way_out = match error {
        ChannelError::Unauthorized { .. } => new_token(platform),
        _ => "",
    };
    Failure::configuration(format!("{platform}: {}{way_out}", chain(error)))
}

/// Where a token comes from that is accepted.
fn new_token(platform: Platform) -> &'static str {
    match platform {
        Platform::Discord => {
            ". Set channels.discord.token to the one from https://discord.com/developers/applications -> your \
             application -> Bot -> Reset Token"
        }
        Platform::Telegram => ". Set channels.telegram.token to the one that @BotFather shows after /token",
        Platform::Slack => {
            ". At https://api.slack.com/apps, take channels.slack.bot_token (xoxb-…) from OAuth & Permissions, and \
             channels.slack.app_token (xapp-…) from Basic Information -> App-Level Tokens"
        }
        Platform::Terminal => "",
    }
}

/// Asks, beside everything else, whether the models are there. One that is not
/// may come back, so this only warns.
fn ask_after_models(settings: &Settings, tasks: &Tasks) {
    for name in &settings.model.chain {
        let Some(provider) = settings.model.providers.get(name).cloned() else { continue };
        let (name, ending) = (name.clone(), tasks.shutdown());
        tasks.spawn(async move {
            let found = tokio::select! {
                () = ending.cancelled() => return,
                found = model::probe(&name, &provider) => found,
            };
            match found {
                Ok(()) => tracing::debug!(provider = %name, "the model provider `{name}` is there"),
                Err(error) => {
                    tracing::warn!(provider = %name, error = %chain(&error), "the model provider `{name}` will not answer: {error}");
                }
            }
        });
    }
}

/// Prints a code that makes its sender the owner, as long as there is none.
#[expect(clippy::print_stderr, reason = "the code is for who started the program, and not for the log")]
async fn invite_owner(settings: &Settings, store: &Store, clock: &dyn Clock) -> Result<(), Failure> {
    if !settings.access.admins.is_empty() || store.has_owner().await? {
        return Ok(());
    }
    let code = Code::from_random(Uuid::new_v4().as_u128(), Code::OWNER);
    let kept = PairingCode { kind: CodeKind::Owner, hash: code.hash(), user: None, lasts: OWNER_CODE_LASTS };
    store.keep_code(kept, 1, clock.now()).await?;
    eprintln!(
        "Nobody owns this bot yet. To become its owner, send it this code in a direct chat: {}",
        code.grouped()
    );
    Ok(())
}
