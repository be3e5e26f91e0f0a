//! Tests of the model emulator, over plain HTTP and through the real client.

mod answers;
mod asking;
mod checks;
mod client;
mod faults;
mod looking;

use crate::support::models as emulated;
