//! The emulators are held to what they emulate.

mod slack;
