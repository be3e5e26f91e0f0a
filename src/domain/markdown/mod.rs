//! Markdown as models write it, read once for all platforms.
//!
//! [`parse()`] takes any text: CommonMark with the tables, struck words and task lists of
//! GitHub, the spoilers of Discord, footnotes and formulas. What comes out knows
//! no mark-up any more: blocks of spans, each with its marks, as flat as platforms
//! are. Nothing that could be read gets lost; HTML, formulas and links to places that
//! nobody should be sent to are text like any other.
//!
//! [`split()`] cuts a text where the least is torn, [`heal()`] ends what has only begun.

mod block;
mod formula;
mod heal;
mod link;
mod literal;
mod parse;
mod plain;
mod span;
mod split;
mod spoiler;
mod table;

pub use block::{Block, Cell, List, Table};
pub use heal::heal;
pub use literal::literal;
pub use parse::parse;
pub use plain::{RULE, plain};
pub use span::{Mark, Marks, Span};
pub use split::split;
