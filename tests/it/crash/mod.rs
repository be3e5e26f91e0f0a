//! The real program, ended by SIGKILL at chosen places and at random times,
//! between emulators of Telegram, Discord, Slack and the model; and an oracle
//! that looks at what people see, at the tables, and at what the model was asked.
//!
//! - `question.rs`: questions and their answers, which follow from them
//! - `seats.rs`, `world.rs`: who talks where, and all that is around the program
//! - `lives.rs`: one life of the program after the other, each with its end
//! - `books.rs`, `oracle.rs`: the tables, and what has to be true in the end
//! - `points.rs`, `random.rs`, `hours.rs`: every place, twenty times, and for hours
//! - `redelivery.rs`, `updates.rs`, `stops.rs`, `poison.rs`, `conservation.rs`: platforms that
//!   repeat themselves, orderly ends, messages that end the process, and a bad day for all
//!
//! Only with the feature `kill-points`, as `make test` has it.

mod books;
mod conservation;
mod deeds;
mod dice;
mod doubles;
mod hands;
mod hours;
mod judgement;
mod lives;
mod oracle;
mod points;
mod poison;
mod question;
mod random;
mod redelivery;
mod said;
mod same_words;
mod screen;
mod seats;
mod stops;
mod updates;
mod world;
