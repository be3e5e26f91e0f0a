//! Configuration from files and the environment, good and bad.

mod problems;
mod secrets;
mod shown;
mod sources;
mod webhooks;

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use switchboard::config::{ConfigProblems, Effective, Settings};
use tempfile::TempDir;

/// An operator's machine: files in a folder of their own, and an environment.
struct Machine {
    folder: TempDir,
    file: Option<PathBuf>,
    environment: BTreeMap<String, String>,
}

impl Machine {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), file: None, environment: BTreeMap::new() }
    }

    /// Writes `switchboard.toml`; `FOLDER` in it stands for the folder.
    fn with_file(mut self, text: &str) -> Self {
        let text = text.replace("FOLDER", &self.folder.path().display().to_string());
        self.file = Some(self.write("switchboard.toml", &text));
        self
    }

    fn with_variable(mut self, name: &str, text: &str) -> Self {
        let text = text.replace("FOLDER", &self.folder.path().display().to_string());
        self.environment.insert(name.to_owned(), text);
        self
    }

    fn with_secret(self, name: &str, text: &str) -> Self {
        self.write(name, text);
        self
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::write(&path, text).unwrap();
        path
    }

    fn effective(&self) -> Effective {
        Effective::read(self.file.as_deref(), &self.environment)
    }

    fn settings(&self) -> Settings {
        Settings::load(self.file.as_deref(), &self.environment)
            .unwrap_or_else(|problems| panic!("{problems}"))
    }

    fn problems(&self) -> ConfigProblems {
        Settings::load(self.file.as_deref(), &self.environment).unwrap_err()
    }

    /// The problems as text, with the folder's name left out.
    fn complaints(&self) -> String {
        self.problems().to_string().replace(&format!("{}/", self.folder.path().display()), "")
    }
}
