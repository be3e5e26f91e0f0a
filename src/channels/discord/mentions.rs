//! Mentions in what people write: ours are taken out, others become names.

use serenity::model::id::UserId;
use serenity::model::user::User;

/// The text as it reads on the screen, without the mentions of `bot`.
pub(super) fn readable(content: &str, bot: UserId, mentioned: &[User]) -> String {
    let mut result = String::with_capacity(content.len());
    let mut rest = content;
    while let Some((before, after)) = rest.split_once('<') {
        result.push_str(before);
        match after.split_once('>').and_then(|(inside, behind)| Some((token(inside)?, behind))) {
            Some((Token::Person(id), behind)) if id == bot.get() => {
                let is_spaced = result.is_empty() || result.ends_with(char::is_whitespace);
                rest = behind.strip_prefix(' ').filter(|_| is_spaced).unwrap_or(behind);
                continue;
            }
            Some((Token::Person(id), behind)) => {
                match mentioned.iter().find(|user| user.id.get() == id) {
                    Some(user) => {
                        result.push('@');
                        result.push_str(name(user));
                    }
                    None => result.push_str(&format!("<@{id}>")),
                }
                rest = behind;
            }
            Some((Token::Emoji(name), behind)) => {
                result.push_str(&format!(":{name}:"));
                rest = behind;
            }
            None => {
                result.push('<');
                rest = after;
            }
        }
    }
    result.push_str(rest);
    result.trim().to_owned()
}

/// How a person wants to be called, as far as a user tells.
pub(super) fn name(user: &User) -> &str {
    let nick = user.member.as_ref().and_then(|member| member.nick.as_deref());
    nick.or(user.global_name.as_deref()).unwrap_or(&user.name)
}

enum Token<'a> {
    Person(u64),
    Emoji(&'a str),
}

/// Reads what is between `<` and `>`: `@1`, `@!1`, `:name:1`, `a:name:1`.
fn token(inside: &str) -> Option<Token<'_>> {
    if let Some(person) = inside.strip_prefix('@') {
        return person.strip_prefix('!').unwrap_or(person).parse().ok().map(Token::Person);
    }
    let emoji = inside.strip_prefix('a').unwrap_or(inside).strip_prefix(':')?;
    let (name, id) = emoji.split_once(':')?;
    id.parse::<u64>().ok().map(|_| Token::Emoji(name))
}

#[cfg(test)]
mod tests {
    use super::readable;
    use serenity::model::id::UserId;
    use serenity::model::user::User;

    #[test]
    fn our_mention_goes_and_others_become_names() {
        let mut ann = User::default();
        ann.id = UserId::new(7);
        ann.name = "ann_1".to_owned();
        ann.global_name = Some("Ann".to_owned());
        let table = [
            ("<@1> hello", "hello"),
            ("<@!1> hello", "hello"),
            ("hello <@1>", "hello"),
            ("hey <@1> you", "hey you"),
            ("hey<@1>you", "heyyou"),
            ("<@1>", ""),
            ("<@7> and <@8>", "@Ann and <@8>"),
            ("a < b <@7", "a < b <@7"),
            ("<:smile:5> <a:dance:6> <#9>", ":smile: :dance: <#9>"),
            ("<<@1>>", "<>"),
            ("nul\0byte", "nul\0byte"),
            ("", ""),
        ];
        for (given, shown) in table {
            assert_eq!(readable(given, UserId::new(1), std::slice::from_ref(&ann)), shown, "{given}");
        }
    }
}
