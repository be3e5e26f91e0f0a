//! What an answer costs.

use crate::config::PriceSettings;

/// Prices are configured per million tokens.
const TOKENS: u128 = 1_000_000;

/// The cost of an answer in millionths of the configured currency, rounded to the nearest.
///
/// A price that is no number or negative counts as nothing; a sum too large to
/// hold becomes the largest that can be held.
#[must_use]
pub fn cost_micros(price: &PriceSettings, prompt_tokens: u32, completion_tokens: u32) -> u64 {
    let prompt = u128::from(prompt_tokens) * per_million(price.prompt_per_million);
    let completion = u128::from(completion_tokens) * per_million(price.completion_per_million);
    u64::try_from((prompt + completion + TOKENS / 2) / TOKENS).unwrap_or(u64::MAX)
}

/// A price in whole millionths, so that everything after it is exact.
fn per_million(price: f64) -> u128 {
    // `as` saturates, and turns what is no number into 0.
    u128::from((price * 1_000_000.0).round() as u64)
}

#[cfg(test)]
mod tests {
    use super::cost_micros;
    use crate::config::PriceSettings;

    #[test]
    fn costs_are_exact_and_saturate() {
        let table = [
            (0.0, 0.0, 1_000, 1_000, 0),
            (2.5, 10.0, 1_000, 1_000, 12_500),
            (0.15, 0.6, 7, 3, 3),
            (0.1, 0.2, 3, 0, 0),
            (0.1, 0.2, 5, 0, 1),
            (0.1, 0.2, 1_000_000, 1_000_000, 300_000),
            (-3.0, 1.0, 10, 10, 10),
            (f64::NAN, 1.0, 10, 10, 10),
            (f64::INFINITY, f64::INFINITY, u32::MAX, u32::MAX, u64::MAX),
        ];
        for (prompt_per_million, completion_per_million, prompt, completion, expected) in table {
            let price = PriceSettings { prompt_per_million, completion_per_million };
            assert_eq!(cost_micros(&price, prompt, completion), expected, "{price:?} {prompt} {completion}");
        }
    }
}
