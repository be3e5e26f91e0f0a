//! Lists that cannot forget anything.

/// One or more of each kind of `Self`, an enum: a kind without a row does not compile.
///
/// ```text
/// every! { Self::Status(_) => [Self::Status(401), Self::Status(500)], Self::Hang => [Self::Hang] }
/// ```
macro_rules! every {
    ($($kind:pat => [$($one:expr),+ $(,)?]),+ $(,)?) => {{
        let kinds = |one: &Self| match one { $($kind => ()),+ };
        let mut all = Vec::new();
        $($({
            let one = $one;
            assert!(matches!(one, $kind), "{one:?} stands in the row of another kind");
            all.push(one);
        })+)+
        all.iter().for_each(kinds);
        all
    }};
}

pub(super) use every;
