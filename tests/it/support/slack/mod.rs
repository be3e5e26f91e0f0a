//! A strict emulator of Slack: the Web API, Socket Mode, the Events API over
//! HTTP, slash commands, clicks and response urls.
//!
//! It follows Slack's documentation and keeps a workspace: [`Slack`] is the
//! workspace with the app under test installed, [`Person`] and [`OtherBot`] are
//! those the app talks with, and [`Shown`] is what they see.

mod app;
pub mod blocks;
mod channel;
mod clock;
mod delivery;
mod events;
mod faults;
mod limits;
mod message;
mod methods;
mod mrkdwn;
mod people;
mod push;
mod respond;
mod rich;
mod screen;
mod socket;
mod state;
mod text;
mod web;

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::task::JoinSet;

use self::app::TokenState;
use self::channel::Channel;
use self::push::Push;
use self::state::{User, World};
use super::observed::Observed;
use super::problems;
use super::server::{Reply, Server};

pub use self::blocks::Button;
pub use self::channel::Kind;
pub use self::faults::Fault;
pub use self::limits::BURST;
pub use self::people::{OtherBot, Person};
pub use self::push::signature;
pub use self::screen::{NothingSeen, Shown};
pub use self::socket::Disconnect;
pub use self::state::CallRecord;

const TEAM_NAME: &str = "Acme";
const TEAM_DOMAIN: &str = "acme-emulated";

/// The state, and a bell for those who deliver from it.
#[derive(Debug)]
struct Core {
    world: Observed<World>,
    wake: Notify,
}

impl Core {
    /// Changes the state and has what became due delivered.
    fn change<R>(&self, change: impl FnOnce(&mut World) -> R) -> R {
        let result = self.world.update(change);
        self.wake.notify_one();
        result
    }
}

/// A Slack workspace with the app under test installed.
///
/// Clones are the same workspace; it ends with the last of them, which fails when
/// there are problems that nobody has taken.
#[derive(Debug, Clone)]
pub struct Slack {
    core: Arc<Core>,
    _running: Arc<Running>,
}

#[derive(Debug)]
struct Running {
    core: Arc<Core>,
    _server: Server,
    _tasks: JoinSet<()>,
}

impl Drop for Running {
    fn drop(&mut self) {
        problems::are_taken("Slack", &self.core.world.read(|world| world.problems.clone()));
    }
}

impl Slack {
    /// Starts an empty workspace with the app installed as README.md describes it:
    /// in Socket Mode, with no scope and no event that is not needed.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("an emulator needs its port");
        let address = listener.local_addr().unwrap().to_string();
        let slot: Arc<OnceLock<Arc<Core>>> = Arc::default();
        let found = Arc::clone(&slot);
        let server = Server::start(move |call| {
            let core = found.get().cloned();
            async move {
                match core {
                    Some(core) => web::answer(core, call).await,
                    None => Reply::Cut,
                }
            }
        })
        .await;
        let core =
            Arc::new(Core { world: Observed::new(World::new(server.url(), address)), wake: Notify::new() });
        slot.set(Arc::clone(&core)).expect("this is the only place that sets it");
        let mut tasks = JoinSet::new();
        tasks.spawn(socket::listen(Arc::clone(&core), listener));
        tasks.spawn(delivery::dispatch(Arc::clone(&core)));
        let running = Running { core: Arc::clone(&core), _server: server, _tasks: tasks };
        Self { core, _running: Arc::new(running) }
    }

    /// Begins in the past; what is said then was said so long ago. Before anything happens.
    #[must_use]
    pub fn in_the_past(self, time: Duration) -> Self {
        self.core.change(|world| world.clock.fall_behind(time));
        self
    }

    /// The base of the Web API, such as `http://127.0.0.1:40001/api`.
    pub fn api_url(&self) -> String {
        self.core.world.read(|world| format!("{}/api", world.base))
    }

    /// The bot token, `xoxb-…`.
    pub fn bot_token(&self) -> String {
        self.core.world.read(|world| world.app.bot_token.clone())
    }

    /// The app-level token, `xapp-…`.
    pub fn app_token(&self) -> String {
        self.core.world.read(|world| world.app.app_token.clone())
    }

    /// The secret that requests to the bot are signed with.
    pub fn signing_secret(&self) -> String {
        self.core.world.read(|world| world.app.signing_secret.clone())
    }

    /// The bot's user id, as in mentions of it.
    pub fn bot_user(&self) -> String {
        self.core.world.read(|world| world.app.sign.bot_user.clone())
    }

    /// The workspace's id.
    pub fn team(&self) -> String {
        self.core.world.read(|world| world.app.sign.team.clone())
    }
}

/// Who and what is there.
impl Slack {
    /// A person; made when there is none of this id.
    pub fn user(&self, id: &str, name: &str) -> Person {
        self.core.change(|world| {
            world
                .users
                .insert(id.to_owned(), User { id: id.to_owned(), name: name.to_owned(), is_bot: false });
        });
        Person { slack: self.clone(), id: id.to_owned() }
    }

    /// Another app's bot user, whose id begins with `U`.
    pub fn other_bot(&self, id: &str, name: &str) -> OtherBot {
        self.core.change(|world| {
            world
                .users
                .insert(id.to_owned(), User { id: id.to_owned(), name: name.to_owned(), is_bot: true });
        });
        OtherBot { slack: self.clone(), user: id.to_owned(), name: name.to_owned() }
    }

    /// Makes a public channel with these people and the bot; returns its id.
    pub fn channel(&self, id: &str, name: &str, members: &[&Person]) -> String {
        self.conversation(id, (Kind::Public, name), members, true)
    }

    /// Makes a private channel with these people and the bot.
    pub fn private_channel(&self, id: &str, name: &str, members: &[&Person]) -> String {
        self.conversation(id, (Kind::Private, name), members, true)
    }

    /// Makes a channel the bot is not in.
    pub fn channel_without_bot(&self, id: &str, kind: Kind, name: &str, members: &[&Person]) -> String {
        self.conversation(id, (kind, name), members, false)
    }

    /// Makes a direct conversation of several people with the bot.
    pub fn group_dm(&self, id: &str, members: &[&Person]) -> String {
        self.conversation(id, (Kind::GroupDirect, "mpdm-several-1"), members, true)
    }

    fn conversation(
        &self,
        id: &str,
        (kind, name): (Kind, &str),
        members: &[&Person],
        with_bot: bool,
    ) -> String {
        self.core.change(|world| {
            let channel = Channel::new(id, kind, name, world.clock.unix());
            world.add_channel(channel, members, with_bot);
        });
        id.to_owned()
    }

    /// Shares a channel with another organisation.
    pub fn shares_externally(&self, channel: &str) {
        self.core.change(|world| world.expect_channel(channel).ext_shared = true);
    }

    /// Takes the bot out of a channel.
    pub fn removes_bot_from(&self, channel: &str) {
        self.core.change(|world| {
            let bot = world.app.sign.bot_user.clone();
            events::left(world, channel);
            world.expect_channel(channel).members.remove(&bot);
        });
    }

    /// Makes a user group, such as `S0001` with the handle `admins`.
    pub fn user_group(&self, id: &str, handle: &str, members: &[&Person]) {
        let members = members.iter().map(|person| person.id.clone()).collect();
        self.core.change(|world| world.groups.insert(id.to_owned(), (handle.to_owned(), members)));
    }

    /// The views the bot opened for or published to a person.
    pub fn views(&self, user: &str) -> Vec<Value> {
        self.core.world.read(|world| world.views.get(user).cloned().unwrap_or_default())
    }
}

/// How the app is installed.
impl Slack {
    /// Lets the bot read what is in channels, by the optional scopes of README.md.
    pub fn reads_channels(&self) {
        self.core.change(|world| world.app.may_also(&app::HISTORIES, &[]));
    }

    /// Tells the bot of all that is said in channels, edits and deletions included.
    pub fn hears_channels(&self) {
        self.core.change(|world| world.app.may_also(&app::HISTORIES, &app::CHANNEL_EVENTS));
    }

    /// Tells the bot what becomes of channels.
    pub fn hears_of_channels(&self) {
        let events = ["channel_archive", "channel_deleted", "channel_left", "channel_unarchive"];
        self.core.change(|world| world.app.may_also(&["channels:read"], &events));
    }

    /// The app hears of reactions, too.
    pub fn hears_reactions(&self) {
        let events = ["reaction_added", "reaction_removed"];
        self.core.change(|world| world.app.may_also(&["reactions:read"], &events));
    }

    /// Tells the bot when it is thrown out.
    pub fn hears_of_its_end(&self) {
        self.core.change(|world| world.app.may_also(&[], &["app_uninstalled", "tokens_revoked"]));
    }

    /// Gives the app all scopes and all events there are.
    #[must_use]
    pub fn with_all_rights(self) -> Self {
        self.hears_channels();
        self.core.change(|world| world.app.may_also(&app::FURTHER_SCOPES, &app::FURTHER_SUBSCRIPTIONS));
        self
    }

    /// The scopes that are granted and the events that are subscribed to, each in its order.
    pub fn rights(&self) -> (Vec<String>, Vec<String>) {
        let in_order = |names: &BTreeSet<String>| names.iter().cloned().collect();
        self.core.world.read(|world| (in_order(&world.app.scopes), in_order(&world.app.subscriptions)))
    }

    /// Grants exactly these scopes.
    pub fn grant_only(&self, scopes: &[&str]) {
        self.core.change(|world| world.app.scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect());
    }

    /// Grants a further scope.
    pub fn grant(&self, scope: &str) {
        self.core.change(|world| world.app.scopes.insert(scope.to_owned()));
    }

    /// Withdraws a scope.
    pub fn withdraw(&self, scope: &str) {
        self.core.change(|world| world.app.scopes.remove(scope));
    }

    /// Subscribes to exactly these events, such as `message.im`.
    pub fn subscribe_only(&self, events: &[&str]) {
        self.core.change(|world| {
            world.app.subscriptions = events.iter().map(|event| (*event).to_owned()).collect()
        });
    }

    /// Gives the app new tokens; the old ones are `invalid_auth` from now on.
    pub fn rotate_tokens(&self, bot_token: &str, app_token: &str) {
        self.core.change(|world| {
            let old_bot = std::mem::replace(&mut world.app.bot_token, bot_token.to_owned());
            let old_app = std::mem::replace(&mut world.app.app_token, app_token.to_owned());
            let old = [old_bot, old_app];
            world
                .app
                .retired
                .extend(old.into_iter().filter(|token| token != bot_token && token != app_token));
        });
    }

    /// Revokes the app's tokens: `tokens_revoked`, then `token_revoked` everywhere.
    pub fn revoke_tokens(&self) {
        self.core.change(|world| {
            events::tokens_revoked(world);
            world.app.token_state = TokenState::Revoked;
        });
    }

    /// Removes the app from the workspace.
    pub fn uninstall_app(&self) {
        self.core.change(|world| {
            events::tokens_revoked(world);
            events::app_uninstalled(world);
            world.app.token_state = TokenState::Inactive;
        });
    }

    /// Sends events to a url instead of sockets, once it has proven itself.
    pub async fn events_to(&self, url: &str) -> Result<(), String> {
        let (push, challenge) = self.core.world.update(|world| {
            let push = Push {
                delivery: 0,
                url: url.to_owned(),
                content_type: "application/json",
                body: String::new(),
                retry: None,
                secret: world.app.signing_secret.clone(),
                timestamp: world.clock.true_unix(),
                within: Duration::from_secs(3),
            };
            (push, world.dice.hex(52))
        });
        push::verify(push, &challenge).await?;
        self.core.change(|world| {
            world.app.socket_mode = false;
            world.app.events_url = Some(url.to_owned());
        });
        Ok(())
    }

    /// Sends slash commands to this url while Socket Mode is off.
    pub fn commands_to(&self, url: &str) {
        self.core.change(|world| world.app.commands_url = Some(url.to_owned()));
    }

    /// Sends clicks to this url while Socket Mode is off.
    pub fn interactivity_to(&self, url: &str) {
        self.core.change(|world| world.app.interactivity_url = Some(url.to_owned()));
    }
}

/// Time, faults and limits.
impl Slack {
    /// Moves the workspace's time forward: retries, limits and urls fall due.
    pub fn advance(&self, by: Duration) {
        self.core.change(|world| world.clock.advance(by));
    }

    /// Moves the time forward minute by minute: what falls due on the way is done then.
    pub async fn time_passes(&self, by: Duration) {
        let mut left = by;
        while !left.is_zero() {
            let step = left.min(Duration::from_secs(60));
            self.advance(step);
            let done = self.core.world.wait_for(|world| {
                let now = world.now();
                (!world.deliveries.is_overdue(now)).then_some(())
            });
            assert!(done.await.is_some(), "deliveries are stuck");
            left -= step;
        }
    }

    /// Sets how long after each failure an event is tried again; by default at
    /// once, after a minute and after five.
    pub fn retry_after(&self, delays: [Duration; 3]) {
        self.core.change(|world| world.deliveries.retry_after = delays);
    }

    /// Waits until so many deliveries have failed for this reason, of any event.
    pub async fn wait_until_failed(&self, reason: &str, count: usize) {
        let enough = |world: &mut World| {
            let failures = world.deliveries.failures.iter();
            (failures.filter(|failure| **failure == reason).count() >= count).then_some(())
        };
        self.core.world.wait_for(enough).await.unwrap_or_else(|| panic!("not {count} times {reason}"));
    }

    /// Makes the last request to the bot about what a person did once more, so many times at once; returns the statuses.
    pub async fn sends_again(&self, copies: usize) -> Vec<Option<u16>> {
        delivery::again(&self.core, copies, 0).await
    }

    /// Makes the last request once more, rightly signed so many seconds ago; returns its status.
    pub async fn sends_again_signed_ago(&self, seconds: i64) -> Option<u16> {
        delivery::again(&self.core, 1, seconds).await[0]
    }

    /// Sets how long the bot has to acknowledge; by default 3 seconds.
    pub fn acknowledge_within(&self, time: Duration) {
        self.core.change(|world| world.deliveries.ack_within = time);
    }

    /// Lets something go wrong the next times; see [`Fault`] for the places.
    pub fn fault(&self, place: &str, times: usize, fault: Fault) {
        self.core.change(|world| world.faults.add(place, times, fault));
    }

    /// Forgets all faults that did not happen yet.
    pub fn clear_faults(&self) {
        self.core.change(|world| world.faults.clear());
    }

    /// Sends a frame that no honest Slack would; `undelivered` counts it until it
    /// is acknowledged.
    pub fn sends_frame(&self, envelope_id: &str, frame: &str) {
        self.core.change(|world| world.send_frame(envelope_id, frame));
    }

    /// Sends the last events once more, as many times, each in an envelope of its own.
    pub fn tells_again(&self, events: usize, times: usize) {
        self.core.change(|world| {
            let recent: Vec<Value> = world.deliveries.recent.iter().rev().take(events).cloned().collect();
            for payload in (0..times).flat_map(|_| recent.iter().rev()) {
                world.queue(delivery::Errand::Event, payload.clone());
            }
        });
    }

    /// Sends any text on all sockets, which nobody has to acknowledge.
    pub fn sends_raw(&self, text: &str) {
        self.core.change(|world| {
            let ready = world.sockets.ready();
            ready.into_iter().for_each(|id| world.sockets.send(id, text.to_owned()));
        });
    }

    /// Cuts all sockets, as a lost network does.
    pub fn cut_sockets(&self) {
        self.core.change(World::cut_sockets);
    }

    /// Leaves all sockets open and says nothing on them any more.
    pub fn silence_sockets(&self) {
        self.core.change(World::silence_sockets);
    }

    /// Sends a `disconnect` frame on all sockets. After `refresh_requested` they
    /// close 2 seconds later, after `link_disabled` at once.
    pub fn disconnect_sockets(&self, reason: Disconnect) {
        self.core.change(|world| world.disconnect_sockets(reason));
    }

    /// Replaces all sockets as Slack does every few hours: a warning, ten seconds
    /// later `refresh_requested`, two seconds later the end.
    pub fn refresh_sockets(&self) {
        self.core.change(World::refresh_sockets);
    }

    /// Switches the rate limits off.
    pub fn without_rate_limits(&self) {
        self.core.change(|world| world.limits.off = true);
    }

    /// Sets above how many characters `chat.update` answers `msg_too_long`.
    pub fn longest_update(&self, characters: usize) {
        self.core.change(|world| world.update_text = characters);
    }

    /// Lets messages be edited for this long only.
    pub fn edit_window(&self, window: Duration) {
        self.core.change(|world| world.edit_window = Some(window));
    }
}

/// What happened.
impl Slack {
    /// Every call the bot made, in order.
    pub fn calls(&self) -> Vec<CallRecord> {
        self.core.world.read(|world| world.calls.clone())
    }

    /// Waits until the bot has called a method so often.
    pub async fn wait_for_calls(&self, method: &str, count: usize) {
        let calls = |world: &mut World| world.calls.iter().filter(|call| call.method == method).count();
        let called = self.core.world.wait_for(|world| (calls(world) >= count).then_some(())).await;
        called.unwrap_or_else(|| panic!("{method} was not called {count} times"));
    }

    /// What no correct bot does, and this one did. Dropping the last handle fails
    /// when there is any.
    pub fn problems(&self) -> Vec<String> {
        self.core.world.read(|world| world.problems.clone())
    }

    /// The problems so far, which are forgotten: for tests that provoke them.
    pub fn take_problems(&self) -> Vec<String> {
        self.core.world.update(|world| std::mem::take(&mut world.problems))
    }

    /// How many sockets are open and said hello.
    pub fn open_sockets(&self) -> usize {
        self.core.world.read(|world| world.sockets.ready().len())
    }

    /// Waits until so many sockets are open and said hello.
    pub async fn wait_for_sockets(&self, count: usize) -> bool {
        self.core.world.wait_for(|world| (world.sockets.ready().len() == count).then_some(())).await.is_some()
    }

    /// How many events, commands and clicks are on their way or wait for a retry.
    pub fn undelivered(&self) -> usize {
        self.core.world.read(|world| world.deliveries.pending())
    }

    /// Waits until everything was acknowledged or given up.
    pub async fn wait_until_delivered(&self) -> bool {
        self.core.world.wait_for(|world| (world.deliveries.pending() == 0).then_some(())).await.is_some()
    }

    /// The ids of the events Slack gave up on.
    pub fn lost_events(&self) -> Vec<String> {
        self.core.world.read(|world| world.deliveries.lost.clone())
    }

    /// How many clicks were not acknowledged: the person saw a warning sign.
    pub fn failed_clicks(&self) -> usize {
        self.core.world.read(|world| world.failed_clicks)
    }
}
