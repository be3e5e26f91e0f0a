# What the bot says to people. Plain sentences; no blame, no jargon.

# Commands

command-help-summary = What I can do for you here
command-new-summary = Start a new conversation
command-model-summary = Show or choose the model that answers
command-whoami-summary = Who you are to me
command-stop-summary = Stop the answer that is being written
command-retry-summary = Answer my question again, if it is the last one

help-intro = Write to me and I answer. I also know these commands:
help-line = /{ $command }: { $summary }
help-line-slack = /switchboard { $command }: { $summary }
help-threads-slack = In a thread, where Slack takes no commands, mention me and write the command behind it: /new, /model, /stop, /retry.
unknown-command = I don't know the command “{ $name }”. Try /help.
unknown-command-near = I don't know the command “{ $name }”. Did you mean /{ $nearest }?
new-done = Done. We start from a clean page; the earlier conversation is kept.
model-current = { $model } answers in this conversation. To choose another: /model NAME. To go back to the usual one: /model default. There are: { $choices }.
model-only = { $model } answers in this conversation. There is no other to choose.
model-chosen = From now on { $model } answers in this conversation.
model-reset = From now on the usual model, { $model }, answers in this conversation.
model-unknown = I don't know a model “{ $name }”. There are: { $choices }.
model-unknown-near = I don't know a model “{ $name }”. Did you mean { $nearest }? There are: { $choices }.
role-stranger = a guest
role-member = a member
role-admin = an admin
role-owner = the owner
whoami = You are { $name }, { $role } here. I know you as { $platform } user { $identity }. Your user id is { $user }.
whoami-in-public = You are { $name }. Ask me again in a direct chat: the rest is for you alone.
only-in-threads-slack = In a channel each thread is a conversation of its own, and Slack takes no commands there. Mention me in the thread and write /{ $command } behind it.
stop-done = Stopped.
stop-nothing = There is nothing to stop right now.
retry-begun = One moment, I answer the last question again.
retry-nothing = There is no question here yet that I could answer again.
retry-overtaken = Something else was asked here meanwhile. Ask your question once more, if you still want another answer.
retry-running = I am still answering here. When I am done, ask for another answer; or stop this one first.

# Buttons under answers

button-stop = Stop
button-retry = Another answer
button-old = This button is about an earlier question. Ask it once more, or write /retry for the last one.
button-over = This answer has ended already.
button-not-yours = Only who asked can do that.

# Answers in the making

answer-goes-on = This is a long answer. All of it is in the file.
placeholder = …
stopped-before-text = Stopped before the first word.
answer-cut = (The answer broke off here. Ask me to go on if you like.)
answer-length = (I ran out of room here. Ask me to go on if you like.)
thread-title = Conversation
working-on-it = One moment, I am on it.
maybe-duplicate = (This may be a duplicate: the platform did not say whether it had arrived.)

# At the terminal

terminal-greeting = Talking with { $model }. /help shows the commands, Ctrl-C stops an answer, Ctrl-D leaves.
terminal-lines = A line that ends in \ goes on in the next one.
earlier-answer = (An earlier message was still waiting. Its answer:)

# Failures

failure-internal = Sorry, something went wrong on my side. If it happens again, tell my operator the reference { $reference }.
failure-given-up = Sorry, I could not answer this: every try ended badly, so I gave it up. My operator can look into it with the reference { $reference }.
failure-rate_limited = The model has too much to do right now. Please try again in a minute. (Reference { $reference })
failure-quota_gone = The model's account is used up, so I can't answer until my operator has seen to it. (Reference { $reference })
failure-unauthorized = I can't reach my model because of a wrong setting, so my operator has to see to it. (Reference { $reference })
failure-misconfigured = I can't reach my model because of a wrong setting, so my operator has to see to it. (Reference { $reference })
failure-unavailable = The model is not available right now. Please try again in a little while. (Reference { $reference })
failure-cut = The model's answer broke off before it began. Please try again. (Reference { $reference })
failure-nonsense = The model answered with something I can't use. Please try again. (Reference { $reference })
failure-rejected = The model refused this request; it may be too long. Try it shorter, or start over with /new. (Reference { $reference })

# Refusals

refusal-stranger = I don't know you yet. Ask an admin of this bot to let you in with the code { $code }, which is good for { $minutes } minutes.
refusal-space = This place is not on my list. To let me talk here, run: switchboard access allow { $space }
refusal-command = Sorry, I can't answer you here.
refusal-not-listed = Sorry, I only talk with people on my operator's list. Your id here is { $identity }.
refusal-nothing-readable = I can only read text so far, and there was none in this message.
refusal-too-long = That is longer than I can take at once: { $length } characters, and my limit is { $limit }.
too-late-in-private = Sorry, I was too slow to answer a command here in private. Please give it again.
not-accepted = Sorry, I could not take that in. Please repeat it.
owner-welcome = Welcome. You are the owner of this bot now.

# What was said while the bot was away

missed-one = I was away and missed what you said here. If it still matters, please say it again.
missed-some = I was away and missed { $count } messages here. If one of them still matters, please say it again.
missed-many = I was away and missed messages here, at least { $count }. If one of them still matters, please say it again.

# The stand-in model

echo-answer = You said: { $text }
echo-notice = (I am only a stand-in that repeats you. For a real model set OPENAI_API_KEY, or configure [model.providers.main]; see the README.)
