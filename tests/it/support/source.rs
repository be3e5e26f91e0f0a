//! The program's own text, for tests about the house itself.

use std::fs;
use std::path::{Path, PathBuf};

/// A file of Rust.
#[derive(Debug, Clone)]
pub struct Source {
    /// The path from the top of the repository, with `/`.
    pub path: String,
    pub text: String,
    /// The text with comments and the insides of literals blanked; every line stays where it was.
    pub code: String,
    /// What stood in string literals, with the offset of its first byte.
    pub literals: Vec<(usize, String)>,
}

impl Source {
    pub fn new(path: &str, text: &str) -> Self {
        let mut reader = Reader { bytes: text.as_bytes(), at: 0, code: Vec::new(), literals: Vec::new() };
        reader.read();
        let Reader { code, literals, .. } = reader;
        let code = String::from_utf8(code).expect("blanking keeps characters whole");
        Self { path: path.to_owned(), text: text.to_owned(), code, literals }
    }

    /// The file without its inline tests.
    pub fn program(&self) -> Self {
        Self::new(&self.path, &self.program_lines().join("\n"))
    }

    /// The text without inline tests, which do not count as program code.
    pub fn program_lines(&self) -> Vec<&str> {
        let mut lines = Vec::new();
        let mut rest = self.text.lines().zip(self.code.lines()).peekable();
        while let Some((line, code)) = rest.next() {
            let opens_tests =
                rest.peek().is_some_and(|(_, code)| code.starts_with("mod ") && code.ends_with('{'));
            if code.starts_with("#[cfg(test)]") && opens_tests {
                // What rustfmt closes at the margin is the module.
                rest.by_ref().find(|(_, code)| *code == "}");
            } else {
                lines.push(line);
            }
        }
        lines
    }
}

/// The top of the repository.
pub fn top() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every Rust file below a folder of the repository, in order.
pub fn below(folder: &str) -> Vec<Source> {
    let mut found = Vec::new();
    collect(&top().join(folder), &mut found);
    found.sort_by(|a: &Source, b: &Source| a.path.cmp(&b.path));
    assert!(!found.is_empty(), "there is no Rust in {folder}");
    found
}

fn collect(folder: &Path, found: &mut Vec<Source>) {
    for entry in fs::read_dir(folder).expect("a folder of the repository") {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            let name = path.strip_prefix(top()).unwrap().to_string_lossy().replace('\\', "/");
            found.push(Source::new(&name, &text));
        }
    }
}

/// Tells code from comments and literals, as far as the tests need it.
struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    code: Vec<u8>,
    literals: Vec<(usize, String)>,
}

impl Reader<'_> {
    fn read(&mut self) {
        while self.at < self.bytes.len() {
            let rest = &self.bytes[self.at..];
            if rest.starts_with(b"//") {
                let end = rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
                self.blank(end);
            } else if rest.starts_with(b"/*") {
                let end = find(rest, b"*/").map_or(rest.len(), |at| at + 2);
                self.blank(end);
            } else if let Some(hashes) = self.raw_string() {
                self.keep(2 + hashes);
                let closing = format!("\"{}", "#".repeat(hashes));
                let end = find(&self.bytes[self.at..], closing.as_bytes()).expect("a raw string has an end");
                self.literal(end);
                self.keep(closing.len());
            } else if rest[0] == b'"' {
                self.keep(1);
                let end = end_of_string(&self.bytes[self.at..]);
                self.literal(end);
                self.keep(1);
            } else if let Some(end) = character(rest) {
                self.blank(end);
            } else {
                self.keep(1);
            }
        }
    }

    /// The number of hashes, if a raw string begins here.
    fn raw_string(&self) -> Option<usize> {
        let is_in_word = self.at > 0 && is_word(self.bytes[self.at - 1]) && self.bytes[self.at - 1] != b'b';
        let rest = self.bytes[self.at..].strip_prefix(b"r").filter(|_| !is_in_word)?;
        let hashes = rest.iter().take_while(|byte| **byte == b'#').count();
        (rest.get(hashes) == Some(&b'"')).then_some(hashes)
    }

    fn keep(&mut self, count: usize) {
        self.code.extend_from_slice(&self.bytes[self.at..self.at + count]);
        self.at += count;
    }

    fn blank(&mut self, count: usize) {
        let blanked = self.bytes[self.at..self.at + count].iter();
        self.code.extend(blanked.map(|byte| if *byte == b'\n' { b'\n' } else { b' ' }));
        self.at += count;
    }

    fn literal(&mut self, length: usize) {
        let text = String::from_utf8_lossy(&self.bytes[self.at..self.at + length]).into_owned();
        self.literals.push((self.at, text));
        self.blank(length);
    }
}

fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    text.windows(wanted.len()).position(|window| window == wanted)
}

fn end_of_string(text: &[u8]) -> usize {
    let mut at = 0;
    while text[at] != b'"' {
        at += if text[at] == b'\\' { 2 } else { 1 };
    }
    at
}

/// The length of a character literal, if one begins here; a lifetime is none.
fn character(text: &[u8]) -> Option<usize> {
    let inside = text.strip_prefix(b"'")?;
    if inside.first() == Some(&b'\\') {
        return inside.iter().skip(2).position(|byte| *byte == b'\'').map(|at| at + 4);
    }
    let first = std::str::from_utf8(&inside[..inside.len().min(4)]);
    let first = first.or_else(|error| std::str::from_utf8(&inside[..error.valid_up_to()]));
    let length = first.ok()?.chars().next()?.len_utf8();
    (inside.get(length) == Some(&b'\'')).then_some(length + 2)
}

/// Whether a byte can be part of a name.
pub fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}
