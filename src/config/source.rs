//! Where a value came from.

use std::fmt;
use std::path::PathBuf;

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// `config/default.toml`.
    Default,
    /// The file given by `--config`.
    File(PathBuf),
    /// A variable of the environment.
    Variable(String),
    /// A file in systemd's `$CREDENTIALS_DIRECTORY`.
    Credential(PathBuf),
    /// A file that a `KEY_file` names.
    SecretFile { path: PathBuf, named_by: Box<Source> },
}

impl Source {
    /// Which of two sources wins: the one with the higher rank.
    pub(super) fn rank(&self) -> u8 {
        match self {
            Self::Default => 0,
            Self::Credential(_) => 1,
            Self::File(_) => 2,
            Self::Variable(_) => 3,
            Self::SecretFile { named_by, .. } => named_by.rank(),
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path) => path.display().fmt(f),
            Self::Variable(name) => write!(f, "variable {name}"),
            Self::Credential(path) => write!(f, "credential {}", path.display()),
            Self::SecretFile { path, named_by } => write!(f, "{}, named in {named_by}", path.display()),
        }
    }
}
