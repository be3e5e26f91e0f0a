//! Two answers in the same words, and an end while the second one leaves: looking
//! for it afterwards finds the first.

use switchboard::domain::Platform;

use crate::crash::world::{World, until};
use crate::support::discord::Fault as DiscordFault;
use crate::support::slack::Fault as SlackFault;

#[tokio::test]
async fn an_answer_is_not_taken_for_the_one_before_it_that_reads_the_same() {
    for platform in [Platform::Discord, Platform::Slack] {
        for lane in [0, 1] {
            let world = World::new(&[platform], 1).await;
            world.models.answers_with(|_| "Yes.");
            let daemon = world.setup.serve();
            world.is_heard(&daemon).await;
            let seat = &world.lanes[lane].seats[0];
            seat.says("Is it warm?");
            until("the first is answered", || async { seat.posts() == ["Yes."] }).await;

            let (discord, slack) = (&world.platforms.discord, &world.platforms.slack);
            discord.fault("POST /channels/{id}/messages", 1, DiscordFault::Hang);
            slack.fault("chat.postMessage", 1, SlackFault::Hang);
            let is_post =
                |method: &str| method == "POST /channels/{id}/messages" || method == "chat.postMessage";
            seat.says("Is it dry?");
            let posts = || {
                let on_discord = discord.calls().iter().filter(|call| is_post(&call.method)).count();
                on_discord + slack.calls().iter().filter(|call| is_post(&call.method)).count()
            };
            until("the second leaves", || async { posts() == 2 }).await;
            daemon.crash().await;

            let daemon = world.setup.serve();
            until("the second is answered, too", || async { seat.posts() == ["Yes.", "Yes."] }).await;
            daemon.stop().await;
        }
    }
}
