//! Settings as the program takes them: all problems at once, and the right exit code.

use super::{echo, went_well};
use crate::support::program::Setup;

#[tokio::test]
async fn unknown_keys_are_all_listed_and_nothing_is_started() {
    let home = Setup::empty();
    let file = home.write("mine.toml", "[log]\nfiltre = \"info\"\n[chanels.telegram]\ntoken = \"1\"\n");

    let ran = home.run(&["--config", file.to_str().unwrap()]).await;
    assert_eq!((ran.code, ran.out.as_str()), (Some(78), ""));
    let problems: Vec<&str> = ran.err.lines().collect();
    assert_eq!(problems.len(), 2, "{}", ran.err);
    for (key, meant) in [("chanels", "channels"), ("filtre", "filter")] {
        let is_told = |line: &&&str| line.contains(key) && line.contains(&format!("did you mean `{meant}`?"));
        assert_eq!(problems.iter().filter(is_told).count(), 1, "{}", ran.err);
    }
    assert!(!home.path("data").exists());
}

#[tokio::test]
async fn problems_of_several_sources_are_told_together() {
    let home = Setup::empty().with("[access]\ndirect = \"paring\"");
    let ran = home.env("SWITCHBOARD__LIMITS__MESSAGE_CHARS", "-1").run(&["chat"]).await;
    assert_eq!(ran.code, Some(78));
    assert!(ran.err.contains("`access.direct`") && ran.err.contains("`limits.message_chars`"), "{}", ran.err);
}

#[tokio::test]
async fn a_file_that_is_not_there_is_a_wrong_setting() {
    let ran = Setup::empty().run(&["--config", "absent.toml"]).await;
    assert_eq!((ran.code, ran.out.as_str()), (Some(78), ""));
    assert!(ran.err.contains("absent.toml") && ran.err.lines().count() == 1, "{}", ran.err);
}

#[tokio::test]
async fn a_database_that_cannot_be_used_is_a_wrong_setting_in_a_sentence() {
    let home = Setup::empty();
    home.write("notes.txt", &"Buy milk.\n".repeat(1_000));
    let cases = [
        ("sqlite://notes.txt", "cannot open the database `notes.txt`: "),
        ("sqlite://notes.txt/x.db", "cannot use the directory `notes.txt` for the database: "),
    ];
    for (url, words) in cases {
        let ran = home.clone().env("SWITCHBOARD__DATABASE__URL", url).run(&["chat"]).await;
        assert_eq!((ran.code, ran.out.as_str()), (Some(78), ""), "{url}");
        assert!(ran.err.starts_with(&format!("switchboard: {words}")), "{}", ran.err);
        assert_eq!(ran.err.lines().count(), 1, "{}", ran.err);
    }
}

#[tokio::test]
async fn wrong_usage_has_a_code_of_its_own() {
    let home = Setup::empty();
    for wrong in [&["chta"][..], &["--no-such-thing"], &["chat", "more"]] {
        assert_eq!(home.run(wrong).await.code, Some(2), "{wrong:?}");
    }
    went_well(&home.pipe("still here").await, &echo("still here"));
}
