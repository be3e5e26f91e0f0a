//! What emulators note that no correct client does.

/// Fails whoever ends an emulator whose problems nobody has taken, unless
/// something else has failed before.
pub fn are_taken(emulator: &str, problems: &[String]) {
    let is_failing = std::thread::panicking();
    assert!(problems.is_empty() || is_failing, "problems of {emulator} that nobody took: {problems:#?}");
}
